// What the kernel tests share: the tables that this processor can run, repeatable random numbers,
// and memory between pages that nobody may read.
// Invariant: a kernel that reads or writes outside of what it was given ends the test run.

import CIntrinsics
import Glibc
import Kernels
import KernelsV3
import Testing

/// The kernels of one instruction set.
struct KernelSet: CustomTestStringConvertible {
    let table: kernels_table

    static let baseline = KernelSet(table: Kernels.makeKernelTable())
    static let x86V3 = KernelSet(table: KernelsV3.makeKernelTable())
    /// Those that this processor can run.
    static let all = intrinsics_has_x86_64_v3() ? [baseline, x86V3] : [baseline]

    var testDescription: String { String(cString: table.name) }
}

/// Runs a scoring kernel, into memory that ends where the scores end. `stride` is in bytes.
func scores(
    _ kernel: kernels_score, _ query: UnsafeRawPointer, _ rows: UnsafeRawPointer, stride: Int,
    _ slots: [UInt32]
) -> [Float] {
    let memory = GuardedMemory(bytes: slots.count * 4)
    let out = memory.start.bindMemory(to: Float.self, capacity: slots.count)
    kernel(query, rows, UInt64(stride), slots, UInt64(slots.count), out)
    return Array(UnsafeBufferPointer(start: out, count: slots.count))
}

func randomSlots(_ length: Int, of count: Int, seed: Int) -> [UInt32] {
    var generator = SeededGenerator(UInt64(seed + length))
    return (0..<length).map { _ in UInt32.random(in: 0..<UInt32(count), using: &generator) }
}

/// SplitMix64 (Steele, Lea & Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Zeroed memory with a page that cannot be read directly before or directly behind it.
final class GuardedMemory {
    enum Edge: CaseIterable {
        case before, behind
    }

    let start: UnsafeMutableRawPointer
    private let mapping: UnsafeMutableRawPointer
    private let mappingSize: Int

    init(bytes: Int, guarded edge: Edge = .behind) {
        let page = Int(getpagesize())
        let usable = (bytes + page - 1) / page * page
        mappingSize = usable + 2 * page
        mapping = mmap(nil, mappingSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        // An emulator, unlike Linux, may refuse to change the protection of no pages.
        let opened = usable == 0 || mprotect(mapping + page, usable, PROT_READ | PROT_WRITE) == 0
        precondition(opened)
        start = mapping + page + (edge == .before ? 0 : usable - bytes)
    }

    deinit { munmap(mapping, mappingSize) }
}

/// `values` in memory of their own.
func guarded<Value: BitwiseCopyable>(
    _ values: [Value], _ edge: GuardedMemory.Edge
) -> GuardedMemory {
    let memory = GuardedMemory(bytes: values.count * MemoryLayout<Value>.size, guarded: edge)
    memory.start.initializeMemory(as: Value.self, from: values, count: values.count)
    return memory
}
