/// The search algorithms of the paper (Malkov & Yashunin 2018), shared by build and search.
extension SearchScratch {
    /// Algorithm 5, lines 4-6, and Algorithm 1, lines 5-7: from the entry point, walks greedily to
    /// the nearest node of each layer above `layer`, and leaves it in the beam, alone.
    mutating func descend(
        to layer: Int, of graph: Graph, from entry: Graph.EntryPoint, _ scorer: Scorer
    ) {
        startLayer(at: entry.slot, capacity: 1, scorer)
        var above = entry.level
        while above > layer {
            expandBeam(on: graph.layer(above), AllNeighbors(), scorer)
            startLayer(at: beam.slot(0), capacity: 1, scorer)
            above -= 1
        }
    }

    /// Algorithm 2: widens the beam to the `width` nearest nodes of a layer, starting from the
    /// nearest one that it holds.
    mutating func search(_ layer: Layer, width: Int, _ scorer: Scorer) {
        startLayer(at: beam.slot(0), capacity: width, scorer)
        expandBeam(on: layer, AllNeighbors(), scorer)
    }

    private mutating func startLayer(at slot: UInt32, capacity: Int, _ scorer: Scorer) {
        visited.removeAll()
        _ = visited.insert(slot)
        slots[0] = slot
        scorer.score(slots, 1, distances)
        distanceCount += 1
        beam.removeAll(capacity: capacity)
        beam.insert(slot, distances[0])
    }

    /// Expands the nearest unexpanded node until there is none: until all neighbors of all nodes in
    /// the beam have been met.
    ///
    /// While the neighbors of one node are scored, those of the next are on their way from memory. So
    /// which node that is, is decided without them.
    @inline(__always)
    mutating func expandBeam(on layer: Layer, _ neighbors: some Neighbors, _ scorer: Scorer) {
        // Locals, which the compiler can keep in registers.
        let (visited, distances) = (visited, distances)
        var (beam, slots, slotsAhead) = (beam, slots, slotsAhead)
        var (node, count) = (beam.expandNext(), 0)
        while node != nil || count > 0 {
            var countAhead = 0
            if let node {
                countAhead = neighbors.list(of: node, on: layer, visited, to: slotsAhead)
                for i in 0..<countAhead { scorer.prefetch(slotsAhead[i]) }
            }
            if let next = beam.nextToExpand { layer.prefetch(next) }
            scorer.score(slots, count, distances)
            distanceCount &+= count
            for i in 0..<beam.sift(slots, distances, count) {
                if beam.insert(slots[i], distances[i]) { layer.prefetch(slots[i]) }
            }
            (slots, slotsAhead, count) = (slotsAhead, slots, countAhead)
            node = beam.expandNext()
        }
        self.beam = beam
    }
}

/// Which nodes a walk scores when it expands a node.
protocol Neighbors {
    /// Lists unvisited nodes near `node`, which it marks as visited; returns how many.
    func list(
        of node: UInt32, on layer: Layer, _ visited: VisitedSet,
        to slots: UnsafeMutablePointer<UInt32>
    ) -> Int
}

/// All that the node has links to.
struct AllNeighbors: Neighbors {
    @inline(__always)
    func list(
        of node: UInt32, on layer: Layer, _ visited: VisitedSet,
        to slots: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let links = layer.links(of: node)
        var count = 0
        for i in 0..<layer.width {
            let link = links[i]
            if link == LinkTable.none { break }
            slots[count] = link
            count &+= visited.insert(link)
        }
        return count
    }
}
