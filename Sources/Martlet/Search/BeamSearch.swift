import CIntrinsics

/// The search algorithms of the paper (Malkov & Yashunin 2018), shared by build and search.
extension SearchScratch {
    /// Algorithm 5, lines 4-6, and Algorithm 1, lines 5-7: from the entry point, walks greedily to
    /// the nearest node of each layer above `layer`, and leaves it in the beam, alone.
    mutating func descend(to layer: Int, of graph: Graph, from entry: Graph.EntryPoint, _ scorer: Scorer) {
        visited.removeAll()
        beam.removeAll(capacity: 1)
        slots[0] = entry.slot
        meet(1, scorer)
        var above = entry.level
        while above > layer {
            expandBeam(on: graph.layer(above), scorer)
            startLayer(with: 1, capacity: 1, distance: beam.distance(0))
            above -= 1
        }
    }

    /// Algorithm 2: widens the beam to the `width` nearest nodes of a layer, starting from the one
    /// that it holds.
    mutating func search(_ layer: Layer, width: Int, _ scorer: Scorer) {
        startLayer(with: 1, capacity: width, distance: beam.distance(0))
        expandBeam(on: layer, scorer)
    }

    /// Empties the beam but for its nearest, to be expanded again, and forgets whom the search met.
    private mutating func startLayer(with count: Int, capacity: Int, distance: Float) {
        let nearest = beam.slot(0)
        visited.removeAll()
        _ = visited.insert(nearest)
        beam.removeAll(capacity: capacity)
        beam.insert(nearest, distance)
    }

    /// Expands the nearest unexpanded node until there is none: until all neighbors of all nodes in
    /// the beam have been met.
    private mutating func expandBeam(on layer: Layer, _ scorer: Scorer) {
        let width = layer.width
        while let node = beam.expandNext() {
            let links = layer.links(of: node)
            var count = 0
            for i in 0..<width {
                let link = links[i]
                if link == LinkTable.none { break }
                slots[count] = link
                count &+= visited.insert(link)
            }
            meet(count, scorer)
            if let next = beam.nextToExpand { intrinsics_prefetch(layer.links(of: next)) }
        }
    }

    /// Scores the first `count` slots of the list and offers them to the beam.
    @inline(__always)
    private mutating func meet(_ count: Int, _ scorer: Scorer) {
        scorer.score(slots, count, distances)
        distanceCount &+= count
        for i in 0..<count { beam.insert(slots[i], distances[i]) }
    }
}
