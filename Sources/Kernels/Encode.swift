// Quantises float32 rows to 7-bit codes.
// Invariant: the same code for the same component on every instruction set (no fused operations).

import CIntrinsics

/// See `kernels_encode`.
let encode: kernels_encode = { row, factor, offsets, count, out in
    guard let row = UnsafeRawPointer(row), let offsets = UnsafeRawPointer(offsets), let out else {
        return 0
    }
    var clamped = SIMD8<Int32>.zero
    for first in stride(from: 0, to: Int(truncatingIfNeeded: count), by: 8) {
        let values = row.load(fromByteOffset: first &* 4, as: SIMD8<Float>.self)
        let scaled = values * factor - offsets.load(fromByteOffset: first &* 4, as: SIMD8<Float>.self)
        let inside = scaled.clamped(lowerBound: .zero, upperBound: SIMD8(repeating: 127))
        clamped &-= unsafeBitCast(inside .!= scaled, to: SIMD8<Int32>.self)
        // Adding 2^23 rounds to a whole number and leaves it in the low bits.
        let rounded = unsafeBitCast(inside + 8_388_608, to: SIMD8<UInt32>.self)
        let codes = SIMD8<UInt8>(truncatingIfNeeded: rounded)
        UnsafeMutableRawPointer(out).storeBytes(of: codes, toByteOffset: first, as: SIMD8<UInt8>.self)
    }
    return UInt64(truncatingIfNeeded: clamped.wrappedSum())
}
