// Quantises float32 rows to 7-bit codes.
// Invariant: the same code for the same component on every instruction set (no fused operations).
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.

import CIntrinsics

/// See `kernels_encode`.
let encode: kernels_encode = { row, factor, offsets, count, out in
    guard let row = UnsafeRawPointer(row), let offsets = UnsafeRawPointer(offsets),
        let out = UnsafeMutableRawPointer(out)
    else { return 0 }
    let count = Int(truncatingIfNeeded: count)
    var clamped = SIMD8<Int32>.zero
    var i = 0
    while i < count {
        let values = row.load(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
        let offset = offsets.load(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
        let scaled = values * factor - offset
        let inside = intrinsics_clamp(scaled, 0, 127)
        clamped &-= unsafeBitCast(inside .!= scaled, to: SIMD8<Int32>.self)
        // Adding 2^23 rounds to a whole number and leaves it in the low bits.
        let rounded = unsafeBitCast(inside + 8_388_608, to: SIMD8<UInt32>.self)
        let codes = SIMD8<UInt8>(truncatingIfNeeded: rounded)
        out.storeBytes(of: codes, toByteOffset: i, as: SIMD8<UInt8>.self)
        i &+= 8
    }
    return UInt64(truncatingIfNeeded: clamped.wrappedSum())
}
