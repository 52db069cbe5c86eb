import CIntrinsics
import Glibc

/// Chooses diverse neighbors (Malkov & Yashunin 2018, Algorithm 4).
///
/// A candidate is kept unless it is nearer to a neighbor chosen before it than to the node itself.
/// Deviations from the paper: a candidate at no distance from a chosen neighbor is dropped too,
/// so that copies of one vector do not fill each other's rows; some candidates may be pinned; and
/// discarded candidates do not come back to fill the row.
///
/// Each chosen neighbor is scored against all candidates left of a window, in one call: lists that the
/// kernels can prefetch, instead of one distance after the other. Candidates behind the window wait:
/// most are not needed where rows are full early.
struct NeighborSelection {
    private static let windowSize = 64

    /// Candidates, nearest first.
    private let slots: UnsafeMutablePointer<UInt32>
    /// Per candidate: how far it must be from a chosen one, at least; 0 for pinned ones.
    private let thresholds: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private(set) var distanceCount = 0

    init(capacity: Int) throws(MartletError) {
        slots = try Memory.allocate(UInt32.self, 3 * capacity)
        let floats = UnsafeMutableRawPointer(slots + capacity).bindMemory(
            to: Float.self, capacity: 2 * capacity)
        (thresholds, scores) = (floats, floats + capacity)
    }

    func free() { Glibc.free(slots) }

    /// Appends diverse nodes of `candidates` to `row`, nearest first, until it has `limit` links.
    /// `isPinned` ones are always chosen; there must be no more of them than fit. It is asked once per
    /// candidate.
    @inline(__always)
    mutating func select(
        from candidates: Beam, in space: Space, of vectors: VectorView, to row: inout LinkRow,
        limit: Int, isPinned: (UInt32) -> Bool = { _ in false }
    ) {
        let (count, pinned) = load(candidates, but: row, in: space, of: vectors, isPinned)
        choose(count, pinned, to: &row, limit: limit, diverseFrom: row.count, space, vectors)
    }

    /// Appends diverse nodes of `candidates` to `row`, nearest first, until it has `limit` links: diverse
    /// from those that it has, too.
    mutating func extend(
        _ row: inout LinkRow, from candidates: Beam, in space: Space, of vectors: VectorView,
        limit: Int
    ) {
        let (count, _) = load(candidates, but: row, in: space, of: vectors) { _ in false }
        choose(count, 0, to: &row, limit: limit, diverseFrom: 0, space, vectors)
    }

    /// Takes the nodes that are not in the row; returns how many, and how many are pinned.
    @inline(__always)
    private func load(
        _ candidates: Beam, but row: LinkRow, in space: Space, of vectors: VectorView,
        _ isPinned: (UInt32) -> Bool
    ) -> (count: Int, pinned: Int) {
        guard candidates.count > 0 else { return (0, 0) }
        let copyDistance = Scorer(candidates.slot(0), in: space, of: vectors).copyDistance
        var (count, pinned) = (0, 0)
        for place in 0..<candidates.count where !row.contains(candidates.slot(place)) {
            let slot = candidates.slot(place)
            slots[count] = slot
            thresholds[count] = max(candidates.distance(place), copyDistance.nextUp)
            if isPinned(slot) {
                thresholds[count] = 0
                pinned += 1
            }
            count += 1
        }
        return (count, pinned)
    }

    /// Chooses from the first `count` candidates, `pinned` of which are. The row's links from `start` on
    /// count as chosen before.
    private mutating func choose(
        _ count: Int, _ pinned: Int, to row: inout LinkRow, limit: Int, diverseFrom start: Int,
        _ space: Space, _ vectors: VectorView
    ) {
        var (pinned, window) = (pinned, 0)
        while window < count && row.count < limit {
            var (first, left) = (window, min(window + Self.windowSize, count))
            window = left
            for place in start..<row.count {
                let chosen = Scorer(row.links[place], in: space, of: vectors)
                left = dropRedundant(from: first, to: left, near: chosen)
            }
            while first < left && row.count < limit {
                let slot = slots[first]
                let isPinned = thresholds[first] == 0
                first += 1
                if isPinned { pinned -= 1 } else if row.count + pinned >= limit { continue }
                row.append(slot)
                let chosen = Scorer(slot, in: space, of: vectors)
                left = dropRedundant(from: first, to: left, near: chosen)
            }
        }
    }

    /// Drops the candidates from `start` on that are nearer to a chosen one than to the node, or copies
    /// of it; returns the new end.
    @inline(__always)
    private mutating func dropRedundant(
        from start: Int, to end: Int, near chosen: Scorer
    ) -> Int {
        guard start < end else { return end }
        chosen.score(slots + start, end - start, scores)
        distanceCount += end - start
        // Without branches, which would be mispredicted often.
        var kept = start
        for i in start..<end {
            let (slot, threshold) = (slots[i], thresholds[i])
            (slots[kept], thresholds[kept]) = (slot, threshold)
            // Neither is negative, so that their bits order as they do.
            let isNear = intrinsics_less(
                UInt64(scores[i &- start].bitPattern), UInt64(threshold.bitPattern))
            kept &+= 1 &+ isNear
        }
        return kept
    }
}
