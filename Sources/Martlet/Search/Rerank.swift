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
            moves += insert(i, before: min(i, kept))
            guard moves <= 64 * count else { return sort(first: min(i + 1, kept), i + 1..<count) }
        }
    }

    /// Puts one entry where it belongs among the first `end`, which are in order; returns how many it
    /// goes before.
    @inline(__always)
    private func insert(_ i: Int, before end: Int) -> Int {
        let entry = entry(i)
        var place = end
        while place > 0 && self.entry(place - 1) > entry {
            (distances[place], slots[place]) = self.entry(place - 1)
            place -= 1
        }
        (distances[place], slots[place]) = entry
        return end - place
    }

    /// Orders what stands in the first places and in the given ones; what is elsewhere is not kept.
    private func sort(first: Int, _ others: Range<Int>) {
        for (place, other) in others.enumerated() {
            (distances[first + place], slots[first + place]) = entry(other)
        }
        let count = first + others.count
        partition(0..<count)
        for i in 1..<max(count, 1) { _ = insert(i, before: i) }
    }

    /// The part of a quicksort that insertion finishes. It allocates nothing, as the library's sort
    /// does.
    private func partition(_ places: Range<Int>) {
        var places = places
        while places.count > 16 {
            let pivot = entry(places.lowerBound + places.count / 2)
            var (low, high) = (places.lowerBound, places.upperBound - 1)
            while low <= high {
                while entry(low) < pivot { low += 1 }
                while pivot < entry(high) { high -= 1 }
                guard low <= high else { break }
                let (a, b) = (entry(low), entry(high))
                ((distances[low], slots[low]), (distances[high], slots[high])) = (b, a)
                (low, high) = (low + 1, high - 1)
            }
            let (left, right) = (places.lowerBound..<high + 1, low..<places.upperBound)
            partition(left.count < right.count ? left : right)
            places = left.count < right.count ? right : left
        }
    }

    @inline(__always)
    private func entry(_ place: Int) -> (Float, UInt32) { (distances[place], slots[place]) }
}

/// What is left of a list of nodes.
struct TrimmedList {
    let count: Int
    /// The distance that those left out exceed.
    var limit = Float.infinity
    /// Who gave the distances; nil if nothing was left out.
    var scorer: Scorer?
}
