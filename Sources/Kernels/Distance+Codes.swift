// Distances between 7-bit codes: one query against a list of slots.
// Invariant: sums of integers, so a result is the same in any order of adding, on every
// instruction set.
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.
// Only the listed rows are read, and prefetches stay inside them.

import CIntrinsics

/// Scores by the sum of squared differences of codes. See `kernels_score`.
let codeDistances: kernels_score = { query, rows, stride, slots, count, out in
    guard let query, let rows, let slots, let out else { return }
    let bytes = Int(truncatingIfNeeded: stride)
    let count = Int(truncatingIfNeeded: count)
    for ahead in 0..<min(prefetchDistance, count) {
        prefetch(rows + Int(slots[ahead]) &* bytes, bytes)
    }
    for i in 0..<count {
        let ahead = i &+ prefetchDistance
        if ahead < count { prefetch(rows + Int(slots[ahead]) &* bytes, bytes) }
        out[i] = codeDistance(query, rows + Int(slots[i]) &* bytes, bytes)
    }
}

/// Rows on their way from memory while one is scored.
private let prefetchDistance = 6

@inline(__always)
private func codeDistance(
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

@inline(__always)
private func prefetch(_ row: UnsafeRawPointer, _ bytes: Int) {
    var offset = 0
    while offset < min(bytes, 512) {
        intrinsics_prefetch(row + offset)
        offset &+= 64
    }
}
