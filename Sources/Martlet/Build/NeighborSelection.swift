import Glibc

/// Chooses diverse neighbors (Malkov & Yashunin 2018, Algorithm 4).
///
/// A candidate is kept unless it is nearer to a neighbor chosen before it than to the node itself.
/// Deviations from the paper: a candidate at no distance from a chosen neighbor is dropped too,
/// so that copies of one vector do not fill each other's rows; some candidates may be pinned; and
/// discarded candidates do not come back to fill the row.
///
/// Each chosen neighbor is scored against all candidates left, in one call: lists that the kernels
/// can prefetch, instead of one distance after the other.
struct NeighborSelection {
    /// Candidates, nearest first, with their distances from the node.
    private let slots: UnsafeMutablePointer<UInt32>
    private let distances: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private(set) var distanceCount = 0

    init(capacity: Int) throws(MartletError) {
        slots = try Memory.allocate(UInt32.self, 3 * capacity)
        let floats = UnsafeMutableRawPointer(slots + capacity).bindMemory(
            to: Float.self, capacity: 2 * capacity)
        (distances, scores) = (floats, floats + capacity)
    }

    func free() { Glibc.free(slots) }

    /// Appends diverse nodes of `candidates` to `row`, nearest first, until it has `limit` links.
    /// `isPinned` ones are always chosen; there must be no more of them than fit.
    @inline(__always)
    mutating func select(
        from candidates: Beam, in space: Space, of vectors: VectorView, to row: inout LinkRow,
        limit: Int, isPinned: (UInt32) -> Bool = { _ in false }
    ) {
        var (left, pinned) = load(candidates, but: row, isPinned)
        var first = 0
        while first < left && row.count < limit {
            let slot = slots[first]
            first += 1
            if isPinned(slot) {
                pinned -= 1
            } else if row.count + pinned >= limit {
                continue
            }
            row.append(slot)
            left = dropRedundant(
                from: first, to: left, near: Scorer(slot, in: space, of: vectors), isPinned)
        }
    }

    /// Appends diverse nodes of `candidates` to `row`, nearest first, until it has `limit` links: diverse
    /// from those that it has, too.
    mutating func extend(
        _ row: inout LinkRow, from candidates: Beam, in space: Space, of vectors: VectorView,
        limit: Int
    ) {
        var (left, _) = load(candidates, but: row) { _ in false }
        for place in 0..<row.count where left > 0 {
            let link = Scorer(row.links[place], in: space, of: vectors)
            left = dropRedundant(from: 0, to: left, near: link) { _ in false }
        }
        var first = 0
        while first < left && row.count < limit {
            let slot = slots[first]
            first += 1
            row.append(slot)
            let link = Scorer(slot, in: space, of: vectors)
            left = dropRedundant(from: first, to: left, near: link) { _ in false }
        }
    }

    /// Takes the nodes that are not in the row; returns how many, and how many are pinned.
    private func load(
        _ candidates: Beam, but row: LinkRow, _ isPinned: (UInt32) -> Bool
    ) -> (count: Int, pinned: Int) {
        var (count, pinned) = (0, 0)
        for place in 0..<candidates.count where !row.contains(candidates.slot(place)) {
            slots[count] = candidates.slot(place)
            distances[count] = candidates.distance(place)
            if isPinned(slots[count]) { pinned += 1 }
            count += 1
        }
        return (count, pinned)
    }

    /// Drops the candidates from `start` on that are nearer to a chosen one than to the node;
    /// returns the new end.
    @inline(__always)
    private mutating func dropRedundant(
        from start: Int, to end: Int, near chosen: Scorer, _ isPinned: (UInt32) -> Bool
    ) -> Int {
        chosen.score(slots + start, end - start, scores)
        distanceCount += end - start
        var kept = start
        for i in start..<end {
            let toChosen = scores[i - start]
            let isDiverse = toChosen >= distances[i] && toChosen > chosen.copyDistance
            guard isDiverse || isPinned(slots[i]) else { continue }
            (slots[kept], distances[kept]) = (slots[i], distances[i])
            kept += 1
        }
        return kept
    }
}
