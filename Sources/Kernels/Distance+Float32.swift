// Distances between float32 rows: one query against a list of slots.
// Invariant: a result is a pure function of (query, row), the same bits at every place of every
// list, and keeps its bits when query and row change places. So a row's terms are added in one
// order, whether the row is scored in a group or alone.
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.
// Only the listed rows are read, and prefetches stay inside them.

import CIntrinsics

/// Scores by the sum of squared differences. See `kernels_score`.
let squaredDistances: kernels_score = { query, rows, stride, slots, count, out in
    guard let query, let list = RowList(rows, stride, slots, count), let out else { return }
    score(.squaredDifference, query, list, out)
}

/// Scores by the sum of products. See `kernels_score`.
let dotProducts: kernels_score = { query, rows, stride, slots, count, out in
    guard let query, let list = RowList(rows, stride, slots, count), let out else { return }
    score(.product, query, list, out)
}

/// What two components add to a score. Always a constant, so that the choice costs nothing.
private enum Term {
    case squaredDifference, product
}

@inline(__always)
private func score(
    _ term: Term, _ query: UnsafeRawPointer, _ rows: RowList, _ out: UnsafeMutablePointer<Float>
) {
    rows.score(to: out) { group, ahead in
        groupScores(term, query, group, rows.bytes, prefetching: ahead)
    } lone: { row in
        loneScore(term, query, row, rows.bytes)
    }
}

@inline(__always)
private func groupScores(
    _ term: Term, _ query: UnsafeRawPointer, _ rows: RowGroup, _ bytes: Int,
    prefetching ahead: RowGroup?
) -> SIMD4<Float> {
    var even = GroupSums()
    var odd = GroupSums()
    var offset = 0
    while offset &+ 64 <= bytes {
        ahead?.prefetch(offset)
        even.add(term, query, rows, offset)
        odd.add(term, query, rows, offset &+ 32)
        offset &+= 64
    }
    if offset < bytes {
        ahead?.prefetch(offset)
        even.add(term, query, rows, offset)
    }
    return SIMD4(
        laneSum(even.a + odd.a), laneSum(even.b + odd.b),
        laneSum(even.c + odd.c), laneSum(even.d + odd.d))
}

@inline(__always)
private func loneScore(
    _ term: Term, _ query: UnsafeRawPointer, _ row: UnsafeRawPointer, _ bytes: Int
) -> Float {
    var even = SIMD8<Float>.zero
    var odd = SIMD8<Float>.zero
    var offset = 0
    while offset &+ 64 <= bytes {
        even = adding(term, load(query, offset), load(row, offset), to: even)
        odd = adding(term, load(query, offset &+ 32), load(row, offset &+ 32), to: odd)
        offset &+= 64
    }
    if offset < bytes { even = adding(term, load(query, offset), load(row, offset), to: even) }
    return laneSum(even + odd)
}

private struct GroupSums {
    var a = SIMD8<Float>.zero
    var b = SIMD8<Float>.zero
    var c = SIMD8<Float>.zero
    var d = SIMD8<Float>.zero

    @inline(__always)
    mutating func add(_ term: Term, _ query: UnsafeRawPointer, _ rows: RowGroup, _ offset: Int) {
        let components = load(query, offset)
        a = adding(term, components, load(rows.a, offset), to: a)
        b = adding(term, components, load(rows.b, offset), to: b)
        c = adding(term, components, load(rows.c, offset), to: c)
        d = adding(term, components, load(rows.d, offset), to: d)
    }
}

@inline(__always)
private func load(_ address: UnsafeRawPointer, _ offset: Int) -> SIMD8<Float> {
    address.load(fromByteOffset: offset, as: SIMD8<Float>.self)
}

@inline(__always)
private func adding(
    _ term: Term, _ a: SIMD8<Float>, _ b: SIMD8<Float>, to sum: SIMD8<Float>
) -> SIMD8<Float> {
    switch term {
    case .squaredDifference:
        let difference = a - b
        return intrinsics_multiply_add(difference, difference, sum)
    case .product:
        return intrinsics_multiply_add(a, b, sum)
    }
}

@inline(__always)
private func laneSum(_ eight: SIMD8<Float>) -> Float {
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
}
