// Rotates vectors at random, so that all components carry alike.
// Invariant: the same result on every instruction set (sums, differences, one product: no fused
// operations).
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.

import CIntrinsics

/// See `kernels_rotate`.
///
/// A round flips signs and passes the vector through Hadamard's matrix, which takes n log n steps
/// (Ailon & Chazelle, SIAM J. Comput. 2009, section 2). Where the length is no power of two, the
/// matrix takes the vector's front and then its end, which overlap.
let rotate: kernels_rotate = { values, count, signs, rounds in
    guard let values, let signs else { return }
    let count = Int(truncatingIfNeeded: count)
    let size = 1 &<< (Int.bitWidth &- 1 &- count.leadingZeroBitCount)
    let scale = 1 / Float(size).squareRoot()
    var round = 0
    while round < Int(truncatingIfNeeded: rounds) {
        multiply(values, by: signs + round &* count, count)
        transform(values, size, scale)
        if size < count { transform(values + (count &- size), size, scale) }
        round &+= 1
    }
}

/// The same backwards. Hadamard's matrix and the signs undo themselves.
let unrotate: kernels_rotate = { values, count, signs, rounds in
    guard let values, let signs else { return }
    let count = Int(truncatingIfNeeded: count)
    let size = 1 &<< (Int.bitWidth &- 1 &- count.leadingZeroBitCount)
    let scale = 1 / Float(size).squareRoot()
    var round = Int(truncatingIfNeeded: rounds)
    while round > 0 {
        round &-= 1
        if size < count { transform(values + (count &- size), size, scale) }
        transform(values, size, scale)
        multiply(values, by: signs + round &* count, count)
    }
}

@inline(__always)
private func multiply(
    _ values: UnsafeMutablePointer<Float>, by factors: UnsafePointer<Float>, _ count: Int
) {
    let (values, factors) = (UnsafeMutableRawPointer(values), UnsafeRawPointer(factors))
    var offset = 0
    while offset < count &* 4 {
        let product =
            values.load(fromByteOffset: offset, as: SIMD8<Float>.self)
            * factors.load(fromByteOffset: offset, as: SIMD8<Float>.self)
        values.storeBytes(of: product, toByteOffset: offset, as: SIMD8<Float>.self)
        offset &+= 32
    }
}

/// Hadamard's matrix times a vector whose length is a power of two, 32 or more.
@inline(__always)
private func transform(_ values: UnsafeMutablePointer<Float>, _ size: Int, _ scale: Float) {
    let values = UnsafeMutableRawPointer(values)
    let bytes = size &* 4
    var offset = 0
    while offset < bytes {
        let eight = values.load(fromByteOffset: offset, as: SIMD8<Float>.self)
        values.storeBytes(
            of: intrinsics_hadamard8(eight) * scale, toByteOffset: offset, as: SIMD8<Float>.self)
        offset &+= 32
    }
    var half = 32
    while half < bytes {
        var block = 0
        while block < bytes {
            addAndSubtract(values + block, half)
            block &+= 2 &* half
        }
        half &*= 2
    }
}

/// Replaces two neighboring pieces of `bytes` bytes by their sum and difference.
@inline(__always)
private func addAndSubtract(_ values: UnsafeMutableRawPointer, _ bytes: Int) {
    var offset = 0
    while offset < bytes {
        let a = values.load(fromByteOffset: offset, as: SIMD8<Float>.self)
        let b = values.load(fromByteOffset: offset &+ bytes, as: SIMD8<Float>.self)
        values.storeBytes(of: a + b, toByteOffset: offset, as: SIMD8<Float>.self)
        values.storeBytes(of: a - b, toByteOffset: offset &+ bytes, as: SIMD8<Float>.self)
        offset &+= 32
    }
}
