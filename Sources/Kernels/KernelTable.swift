// The list of this module's kernels, as the engine receives it.
// Invariant: every entry is compiled for the instruction set that `name` says, and for no other.

import CIntrinsics

/// Returns the kernels of this module's instruction set. The name lives forever.
///
/// - Note: Never inlined: inside another module the code would be compiled for that module's
///   instruction set.
@inline(never)
public func makeKernelTable() -> kernels_table {
    kernels_table(
        name: kernels_instruction_set(),
        squared_distances: squaredDistances,
        dot_products: dotProducts,
        code_distances: codeDistances,
        mixed_distances: mixedDistances,
        convert: convert,
        rotate: rotate,
        unrotate: unrotate,
        encode: encode,
        make_lookup: makeLookup,
        encode_links: encodeLinks,
        estimate: estimate,
        merge: merge,
        select_integers: selectIntegers,
        select_doubles: selectDoubles,
        select_byte: selectByte,
        select_number: selectNumber,
        select_numbers: selectNumbers)
}
