// New entries into a sorted array that keeps its size.
// Invariant: on every instruction set the same entries.

import CIntrinsics

/// See `kernels_merge`.
let merge: kernels_merge = { entries, count, fresh, freshCount in
    guard let entries, let fresh else { return 0 }
    let (count, freshCount) = (
        Int(truncatingIfNeeded: count), Int(truncatingIfNeeded: freshCount)
    )
    var least = Double.infinity
    for i in 0..<freshCount { least = fresh[i] < least ? fresh[i] : least }
    var first = 0
    while first < count && entries[first &+ 3] < least { first &+= 4 }
    var i = 0
    while i < freshCount {
        mergeFour(fresh + i, into: UnsafeMutableRawPointer(entries), from: first, to: count)
        i &+= 4
    }
    return UInt64(truncatingIfNeeded: first)
}

/// Four steps of insertion at once, each one block of four behind the one before: what a step makes of a
/// block, the next takes.
@inline(__always)
private func mergeFour(
    _ fresh: UnsafePointer<Double>, into entries: UnsafeMutableRawPointer, from first: Int,
    to count: Int
) {
    let (a, b, c, d) = (fresh[0], fresh[1], fresh[2], fresh[3])
    // What the steps have taken of the block before; in front of the first, less than all.
    var (beforeA, beforeB) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    var (beforeC, beforeD) = (beforeA, beforeB)
    var offset = first &* 8
    while offset < count &* 8 {
        let old = entries.load(fromByteOffset: offset, as: SIMD4<Double>.self)
        let withA = intrinsics_insert(old, beforeA, a)
        let withB = intrinsics_insert(withA, beforeB, b)
        let withC = intrinsics_insert(withB, beforeC, c)
        let withD = intrinsics_insert(withC, beforeD, d)
        entries.storeBytes(of: withD, toByteOffset: offset, as: SIMD4<Double>.self)
        (beforeA, beforeB, beforeC, beforeD) = (old, withA, withB, withC)
        offset &+= 32
    }
}
