/// From nodes found to results: distances by the vectors themselves, and the final order.
extension SearchScratch {
    /// Lists the nodes in the beam that match, nearest first; returns how many they are.
    func listBeam(_ matches: Bitmap? = nil) -> Int {
        var count = 0
        for place in 0..<beam.count {
            slots[count] = beam.slot(place)
            if matches?.contains(slots[count]) != false { count += 1 }
        }
        return count
    }

    /// Of `count` listed nodes of the beam, nearest first, how many may be among the `kept` nearest: by
    /// how much distances err that `scorer` gives.
    func trim(_ count: Int, keeping kept: Int, _ scorer: Scorer) -> TrimmedList {
        guard count > kept, kept > 0 else { return TrimmedList(count: count) }
        var (place, limit) = (0, Float.infinity)
        for i in 0..<count {
            while beam.slot(place) != slots[i] { place += 1 }
            if i == kept - 1 { limit = scorer.reach(beam.distance(place)) }
            if beam.distance(place) > limit {
                return TrimmedList(count: i, limit: limit, scorer: scorer)
            }
        }
        return TrimmedList(count: count)
    }

    /// Puts the `kept` nearest of `count` listed nodes first, ordered by their public distances.
    mutating func rerank(_ count: Int, keeping kept: Int, _ query: Query, _ vectors: VectorView) {
        vectors.distances(query, slots, count, distances)
        distanceCount += count
        sortList(count, keeping: min(kept, count))
    }

    /// Orders the list by distance, then slot, as far as it is kept. It nearly is in order, or little
    /// is kept, which insertion makes use of; where neither holds, it sorts.
    private func sortList(_ count: Int, keeping kept: Int) {
        var moves = 0
        for i in 1..<max(count, 1) {
            let (slot, distance) = (slots[i], distances[i])
            let end = min(i, kept)
            var place = end
            while place > 0 && (distances[place - 1], slots[place - 1]) > (distance, slot) {
                (slots[place], distances[place]) = (slots[place - 1], distances[place - 1])
                place -= 1
            }
            (slots[place], distances[place]) = (slot, distance)
            moves += end - place
            guard moves <= 64 * count else { return sort(first: min(i + 1, kept), i + 1..<count) }
        }
    }

    /// Orders what stands in the first places and in the given ones; what is elsewhere is not kept.
    private func sort(first: Int, _ others: Range<Int>) {
        var list = (0..<first).map { (distances[$0], slots[$0]) }
        list += others.map { (distances[$0], slots[$0]) }
        list.sort { $0 < $1 }
        for i in list.indices { (distances[i], slots[i]) = list[i] }
    }
}

/// What is left of a list of nodes.
struct TrimmedList {
    let count: Int
    /// The distance that those left out exceed.
    var limit = Float.infinity
    /// Who gave the distances; nil if nothing was left out.
    var scorer: Scorer?
}
