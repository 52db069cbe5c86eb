import Glibc

/// Chooses diverse neighbors (Malkov & Yashunin 2018, Algorithm 4).
///
/// A candidate is kept unless it is nearer to a neighbor chosen before it than to the node itself.
/// Deviations from the paper: a candidate at no distance from a chosen neighbor is dropped too,
/// so that copies of one vector do not fill each other's rows; some candidates may be pinned; and
/// discarded candidates do not come back to fill the row.
///
/// Each chosen neighbor is scored against all candidates left, in one call: the same number of
/// distances as candidate by candidate, but in lists that the kernels can prefetch.
struct NeighborSelection {
    /// Candidates, nearest first; used up by `select`.
    let slots: UnsafeMutablePointer<UInt32>
    let distances: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private(set) var distanceCount = 0
    private let memory: UnsafeMutablePointer<UInt32>

    init(capacity: Int) throws(MartletError) {
        memory = try Memory.allocate(UInt32.self, 3 * capacity)
        slots = memory
        distances = UnsafeMutableRawPointer(memory + capacity).bindMemory(to: Float.self, capacity: capacity)
        scores = UnsafeMutableRawPointer(memory + 2 * capacity).bindMemory(to: Float.self, capacity: capacity)
    }

    func free() { Glibc.free(memory) }

    /// Takes the beam's nodes as candidates; returns their number.
    func load(_ beam: Beam) -> Int {
        for place in 0..<beam.count {
            slots[place] = beam.slot(place)
            distances[place] = beam.distance(place)
        }
        return beam.count
    }

    /// Writes at most `limit` of the first `count` candidates to `links`, nearest first; returns
    /// how many. `isPinned` candidates are always chosen; there must be no more than `limit`.
    @inline(__always)
    mutating func select(
        _ limit: Int, of count: Int, in vectors: VectorView, to links: UnsafeMutablePointer<UInt32>,
        isPinned: (UInt32) -> Bool
    ) -> Int {
        var pinned = 0
        for i in 0..<count where isPinned(slots[i]) { pinned += 1 }
        var chosen = 0
        var first = 0
        var left = count
        while first < left {
            let slot = slots[first]
            if isPinned(slot) { pinned -= 1 } else if chosen + pinned >= limit { first += 1; continue }
            links[chosen] = slot
            chosen += 1
            left = dropRedundant(after: first, of: left, nearTo: slot, vectors, isPinned)
            first += 1
        }
        return chosen
    }

    /// Drops the candidates behind `first` that are nearer to `chosen` than to the node.
    @inline(__always)
    private mutating func dropRedundant(
        after first: Int, of count: Int, nearTo chosen: UInt32, _ vectors: VectorView,
        _ isPinned: (UInt32) -> Bool
    ) -> Int {
        let start = first + 1
        let scorer = Scorer(slot: chosen, in: vectors)
        scorer.score(slots + start, count - start, scores)
        distanceCount += count - start
        var kept = start
        for i in start..<count {
            let toChosen = scores[i - start]
            let isDiverse = toChosen >= distances[i] && toChosen > scorer.copyDistance
            guard isDiverse || isPinned(slots[i]) else { continue }
            (slots[kept], distances[kept]) = (slots[i], distances[i])
            kept += 1
        }
        return kept
    }
}
