// Distances between a vector of floats and 7-bit codes: one query against a list of slots.
// Invariant: a result is a pure function of (query, row), the same bits at every place of every list.
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.
// Only the listed rows are read, and prefetches stay inside them.

import CIntrinsics

/// Scores by the sum of squared differences, the query being of floats. See `kernels_score`.
let mixedDistances: kernels_score = { query, rows, stride, slots, count, out in
    guard let query, let rows = RowList(rows, stride, slots, count), let out else { return }
    var i = 0
    while i < rows.count {
        if i &+ 4 < rows.count { rows.prefetch(i &+ 4) }
        out[i] = mixedDistance(query, rows[i], rows.bytes)
        i &+= 1
    }
}

@inline(__always)
private func mixedDistance(
    _ query: UnsafeRawPointer, _ row: UnsafeRawPointer, _ bytes: Int
) -> Float {
    var (a, b) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    var (c, d) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    var offset = 0
    while offset < bytes {
        a = adding(query, row, offset, to: a)
        b = adding(query, row, offset &+ 8, to: b)
        c = adding(query, row, offset &+ 16, to: c)
        d = adding(query, row, offset &+ 24, to: d)
        offset &+= 32
    }
    let eight = (a + b) + (c + d)
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
}

@inline(__always)
private func adding(
    _ query: UnsafeRawPointer, _ row: UnsafeRawPointer, _ place: Int, to sum: SIMD8<Float>
) -> SIMD8<Float> {
    let codes = row.load(fromByteOffset: place, as: SIMD8<UInt8>.self)
    // A whole number in the low bits of 2^23, minus that.
    let bits = SIMD8<UInt32>(truncatingIfNeeded: codes) | 0x4b00_0000
    let values = unsafeBitCast(bits, to: SIMD8<Float>.self) - 8_388_608
    let difference = query.load(fromByteOffset: place &* 4, as: SIMD8<Float>.self) - values
    return intrinsics_multiply_add(difference, difference, sum)
}

extension RowList {
    @inline(__always)
    fileprivate func prefetch(_ i: Int) {
        let row = self[i]
        var offset = 0
        while offset < min(bytes, 512) {
            intrinsics_prefetch(row + offset)
            offset &+= 64
        }
    }
}
