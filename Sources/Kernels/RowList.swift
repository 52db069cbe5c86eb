// The rows that a kernel scores in one call.
// Invariant: no address is made but that of a listed row.
//
// Safety: rows, slots and sizes come from the engine, as kernels.h states.

/// The listed rows, in the list's order. Never empty.
struct RowList {
    let base: UnsafeRawPointer
    let bytes: Int
    let slots: UnsafePointer<UInt32>
    let count: Int

    @inline(__always)
    init?(
        _ base: UnsafeRawPointer?, _ stride: UInt64, _ slots: UnsafePointer<UInt32>?,
        _ count: UInt64
    ) {
        guard count > 0, let base, let slots else { return nil }
        self.base = base
        self.bytes = Int(truncatingIfNeeded: stride)
        self.slots = slots
        self.count = Int(truncatingIfNeeded: count)
    }

    @inline(__always)
    subscript(_ i: Int) -> UnsafeRawPointer { base + Int(slots[i]) &* bytes }

    @inline(__always)
    func group(from i: Int) -> RowGroup {
        RowGroup(a: self[i], b: self[i &+ 1], c: self[i &+ 2], d: self[i &+ 3])
    }
}

/// Four rows, which are scored together.
struct RowGroup {
    let a, b, c, d: UnsafeRawPointer
}
