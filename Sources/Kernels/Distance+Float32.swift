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

/// Scores four rows at a time, which share each load of the query, while the rows behind them are
/// on their way from memory.
@inline(__always)
private func score(
    _ term: Term, _ query: UnsafeRawPointer, _ rows: RowList, _ out: UnsafeMutablePointer<Float>
) {
    if rows.count >= 4 { rows.prefetchGroup(from: 0) }
    var i = 0
    while i &+ 4 <= rows.count {
        if i &+ 4 < rows.count { rows.prefetchGroup(from: i &+ 4) }
        let scores = groupScores(term, query, rows.group(from: i), rows.bytes)
        UnsafeMutableRawPointer(out + i).storeBytes(of: scores, as: SIMD4<Float>.self)
        i &+= 4
    }
    scoreRest(term, query, rows, from: i, out)
}

/// Scores the last one, two or three rows. Two are scored as three, the last one twice; that costs
/// less than one after the other.
@inline(__always)
private func scoreRest(
    _ term: Term, _ query: UnsafeRawPointer, _ rows: RowList, from i: Int,
    _ out: UnsafeMutablePointer<Float>
) {
    let last = rows.count &- 1
    if i == last {
        out[i] = loneScore(term, query, rows[i], rows.bytes)
    } else if i < last {
        let group = RowGroup(a: rows[i], b: rows[i &+ 1], c: rows[last], d: rows[last])
        let scores = groupScores(term, query, group, rows.bytes)
        out[i] = scores.x
        out[i &+ 1] = scores.y
        out[last] = scores.z
    }
}

@inline(__always)
private func groupScores(
    _ term: Term, _ query: UnsafeRawPointer, _ rows: RowGroup, _ bytes: Int
) -> SIMD4<Float> {
    var even = GroupSums()
    var odd = GroupSums()
    var offset = 0
    while offset &+ 64 <= bytes {
        even.add(term, query, rows, offset)
        odd.add(term, query, rows, offset &+ 32)
        offset &+= 64
    }
    if offset < bytes { even.add(term, query, rows, offset) }
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

extension RowList {
    /// Asks for the beginnings of up to four rows from place `first` on: four cache lines of each.
    /// Behind those the processor reads ahead by itself; asking for all of a row of 384 floats was
    /// measured to be slower.
    @inline(__always)
    fileprivate func prefetchGroup(from first: Int) {
        let last = count &- 1
        prefetch(self[first])
        prefetch(self[min(first &+ 1, last)])
        prefetch(self[min(first &+ 2, last)])
        prefetch(self[min(first &+ 3, last)])
    }

    @inline(__always)
    private func prefetch(_ row: UnsafeRawPointer) {
        let end = bytes &- 32
        intrinsics_prefetch(row)
        intrinsics_prefetch(row + min(64, end))
        intrinsics_prefetch(row + min(128, end))
        intrinsics_prefetch(row + min(192, end))
    }
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
