/// The exact scan: every matching vector is compared with the query.
extension SearchScratch {
    /// Slots that are scored by one kernel call.
    private static let scoredAtOnce = 256
    /// Room for candidates, if not for all.
    private static let minCandidates = 8192

    /// Room for candidates in a scan for the `k` nearest of `matching` nodes.
    static func scanRoom(k: Int, matching: Int) -> Int {
        max(2 * k, min(minCandidates, matching + 1))
    }

    /// Room that the list needs for such a scan.
    static func listRoom(scanRoom: Int) -> Int { scanRoom + scoredAtOnce }

    /// Lists the `k` nearest of the matching nodes, by their public distances; returns how many: fewer if
    /// vectors are no numbers, which those of a mapped file may not be.
    ///
    /// Codes choose candidates up to a limit. They mislead where very many nodes are at about the same
    /// distance, and where vectors lie outside the range that codes cover and so seem nearer than they
    /// are. It shows: by their codes or by their distances, the `k` nearest candidates then lie about
    /// as far away as the limit, or farther. So it is raised; and if that does not help, the vectors
    /// themselves are compared.
    mutating func scan(
        _ matches: UnsafeBufferPointer<UInt32>, k: Int, room: Int, _ query: Query, _ scorer: Scorer,
        _ vectors: VectorView
    ) -> Int {
        var limit: Float = 0
        if scorer.isOnCodes, let quantizer = vectors.codes?.quantizer {
            for _ in 0..<2 {
                guard let count = list(matches, k: k, room: room, limit: limit, scorer), count >= k
                else { break }
                let reached = max(limit, scorer.reach(beam.distance(k - 1)))
                rerank(count, keeping: k, query, vectors)
                let expected = quantizer.codeDistance(at: distances[k - 1])
                let farthest = farthestListed(k, by: scorer)
                if max(expected, scorer.reach(farthest, sigmas: 3)) <= reached { return k }
                limit = scorer.reach(max(expected, farthest))
            }
        }
        let byVector = Scorer(exact: query, in: vectors)
        let count = list(matches, k: k, room: room, limit: 0, byVector)!
        rerank(count, keeping: k, query, vectors)
        return min(count, k)
    }

    /// Lists all matching nodes that may be among the `k` nearest, in no particular order; returns how
    /// many, or nil if codes cannot tell too many of them apart.
    ///
    /// The beam holds the `k` nearest so far. What the scorer cannot tell from the farthest of them is
    /// a candidate, too, and so is whatever is not beyond `limit`.
    private mutating func list(
        _ matches: UnsafeBufferPointer<UInt32>, k: Int, room: Int, limit: Float, _ scorer: Scorer
    ) -> Int? {
        beam.removeAll(capacity: k)
        var candidates = Candidates(slots: slots, distances: distances, room: room)
        let found = distances + room
        for first in stride(from: 0, to: matches.count, by: Self.scoredAtOnce) {
            let scored = matches.baseAddress! + first
            let count = min(Self.scoredAtOnce, matches.count - first)
            scorer.score(scored, count, found)
            distanceCount &+= count
            for i in 0..<count where found[i] <= candidates.limit {
                beam.insert(scored[i], found[i])
                if beam.count == k {
                    candidates.limit = max(limit, scorer.reach(beam.distance(k &- 1)))
                }
                candidates.append(scored[i], found[i])
            }
            if scorer.isOnCodes && candidates.areTooMany { return nil }
        }
        return candidates.areTooMany ? listBeam() : candidates.finish()
    }

    /// Lists the `k` nearest of a few matching nodes, by their public distances; returns how many.
    mutating func compare(
        _ matches: UnsafeBufferPointer<UInt32>, k: Int, _ query: Query, _ vectors: VectorView
    ) -> Int {
        slots.update(from: matches.baseAddress!, count: matches.count)
        rerank(matches.count, keeping: k, query, vectors)
        return k
    }

    /// The largest distance of the first `count` nodes in the list, which must not fill it.
    private func farthestListed(_ count: Int, by scorer: Scorer) -> Float {
        scorer.score(slots, count, distances + count)
        return (0..<count).reduce(0) { max($0, distances[count + $1]) }
    }
}

/// The nodes that a scan has met within a limit that falls as it goes on.
private struct Candidates {
    let slots: UnsafeMutablePointer<UInt32>
    let distances: UnsafeMutablePointer<Float>
    let room: Int
    var limit = Float.infinity
    private(set) var count = 0
    private(set) var areTooMany = false

    init(
        slots: UnsafeMutablePointer<UInt32>, distances: UnsafeMutablePointer<Float>, room: Int
    ) {
        (self.slots, self.distances, self.room) = (slots, distances, room)
    }

    @inline(__always)
    mutating func append(_ slot: UInt32, _ distance: Float) {
        guard distance <= limit, !areTooMany else { return }
        (slots[count], distances[count]) = (slot, distance)
        count &+= 1
        if count == room { thinOut() }
    }

    mutating func finish() -> Int {
        thinOut()
        return count
    }

    /// Drops those that lie beyond the limit by now.
    private mutating func thinOut() {
        var kept = 0
        for i in 0..<count where distances[i] <= limit {
            (slots[kept], distances[kept]) = (slots[i], distances[i])
            kept += 1
        }
        count = kept
        // To go on would mean to thin out over and over.
        areTooMany = kept > room / 4 * 3
    }
}
