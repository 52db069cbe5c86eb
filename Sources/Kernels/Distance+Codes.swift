// Distances between 7-bit codes: one query against a list of slots.
// Invariant: sums of integers, so a result is the same in any order of adding, on every
// instruction set.
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.
// Only the listed rows are read, and prefetches stay inside them.

import CIntrinsics

/// Scores by the sum of squared differences of codes. See `kernels_score`.
///
/// Four rows at a time share each load of the query and the adding up at the end. While they are
/// scored, the rows two groups on are asked for, line by line: measured to be faster than asking for
/// whole rows at once, and than looking only one group ahead.
let codeDistances: kernels_score = { query, rows, stride, slots, count, out in
    guard let query, let rows = RowList(rows, stride, slots, count), let out else { return }
    if rows.count >= 4 { rows.prefetchFirstGroups() }
    var i = 0
    while i &+ 8 < rows.count {
        let ahead = rows.groupAhead(from: i &+ 8)
        let distances = groupDistances(query, rows.group(from: i), rows.bytes, prefetching: ahead)
        UnsafeMutableRawPointer(out + i).storeBytes(of: distances, as: SIMD4<Float>.self)
        i &+= 4
    }
    while i &+ 4 <= rows.count {
        let distances = groupDistances(query, rows.group(from: i), rows.bytes, prefetching: nil)
        UnsafeMutableRawPointer(out + i).storeBytes(of: distances, as: SIMD4<Float>.self)
        i &+= 4
    }
    while i < rows.count {
        out[i] = loneDistance(query, rows[i], rows.bytes)
        i &+= 1
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

extension RowList {
    /// Asks for the rows that nothing asks for ahead: the first eight, at most 512 bytes of each.
    @inline(__always)
    fileprivate func prefetchFirstGroups() {
        let end = min(bytes, 512)
        var i = 0
        while i < min(8, count) {
            let row = self[i]
            var offset = 0
            while offset < end {
                intrinsics_prefetch(row + offset)
                offset &+= 64
            }
            i &+= 1
        }
    }

    /// Behind the list's end, the last row stands in.
    @inline(__always)
    fileprivate func groupAhead(from i: Int) -> RowGroup {
        let last = count &- 1
        return RowGroup(
            a: self[i], b: self[min(i &+ 1, last)], c: self[min(i &+ 2, last)],
            d: self[min(i &+ 3, last)])
    }
}

extension RowGroup {
    @inline(__always)
    fileprivate func prefetch(_ offset: Int) {
        intrinsics_prefetch(a + offset)
        intrinsics_prefetch(b + offset)
        intrinsics_prefetch(c + offset)
        intrinsics_prefetch(d + offset)
    }
}
