// Distances between 7-bit codes: one query against a list of slots.
// Invariant: sums of integers, so a result is the same in any order of adding, on every
// instruction set.
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.
// Only the listed rows are read, and prefetches stay inside them.

import CIntrinsics

/// Scores by the sum of squared differences of codes. See `kernels_score`.
let codeDistances: kernels_score = { query, rows, stride, slots, count, out in
    guard let query, let rows = RowList(rows, stride, slots, count), let out else { return }
    rows.score(to: out) { group, ahead in
        groupDistances(query, group, rows.bytes, prefetching: ahead)
    } lone: { row in
        loneDistance(query, row, rows.bytes)
    }
}

@inline(__always)
private func groupDistances(
    _ query: UnsafeRawPointer, _ rows: RowGroup, _ bytes: Int, prefetching ahead: RowGroup?
) -> SIMD4<Float> {
    var sums = GroupSums()
    var offset = 0
    while offset &+ 64 <= bytes {
        ahead?.prefetch(offset)
        sums.add(query, rows, offset)
        sums.add(query, rows, offset &+ 32)
        offset &+= 64
    }
    if offset < bytes {
        ahead?.prefetch(offset)
        sums.add(query, rows, offset)
    }
    return intrinsics_lane_sums(sums.a, sums.b, sums.c, sums.d)
}

@inline(__always)
private func loneDistance(
    _ query: UnsafeRawPointer, _ row: UnsafeRawPointer, _ bytes: Int
) -> Float {
    var sums = SIMD8<Int32>.zero
    var offset = 0
    while offset < bytes {
        sums = intrinsics_add_squared_differences(sums, query + offset, row + offset)
        offset &+= 32
    }
    return Float(sums.wrappedSum())
}

private struct GroupSums {
    var a = SIMD8<Int32>.zero
    var b = SIMD8<Int32>.zero
    var c = SIMD8<Int32>.zero
    var d = SIMD8<Int32>.zero

    @inline(__always)
    mutating func add(_ query: UnsafeRawPointer, _ rows: RowGroup, _ offset: Int) {
        a = intrinsics_add_squared_differences(a, query + offset, rows.a + offset)
        b = intrinsics_add_squared_differences(b, query + offset, rows.b + offset)
        c = intrinsics_add_squared_differences(c, query + offset, rows.c + offset)
        d = intrinsics_add_squared_differences(d, query + offset, rows.d + offset)
    }
}
