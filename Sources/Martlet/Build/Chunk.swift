/// The nodes that are inserted together, and what the steps hand on to each other.
final class Chunk {
    let slots: UnsafeBufferPointer<UInt32>
    let levels: [Int]
    /// The place of the chunk's first node in the order of insertion.
    let firstRank: Int
    /// Per layer, the nodes of the chunk that reach it.
    let members: [[UInt32]]
    /// Per node, the nearest that was inserted before it; nil for the graph's first.
    private(set) var anchors: [Anchor?]
    /// All nodes of the graph and then of the chunk, if they are few enough to be compared.
    private let scanned: UnsafeBufferPointer<UInt32>?

    struct Anchor {
        let slot: UInt32
        let isCopy: Bool
    }

    var count: Int { slots.count }

    init(_ builder: GraphBuilder, from first: Int) {
        let end = min(first + GraphBuilder.chunkSize, builder.order.count)
        let slots = builder.order[first..<end]
        let levels = slots.map { builder.graph.level(of: $0) }
        scanned = end <= builder.mostScanned ? builder.order[0..<end] : nil
        members = (0...levels.max()!).map { layer in
            slots.indices.filter { levels[$0] >= layer }.map { slots[$0] }
        }
        anchors = Array(repeating: nil, count: slots.count)
        (self.slots, self.levels, firstRank) = (slots, levels, first)
    }
}

/// Step 1: search and select.
extension Chunk {
    /// Fills the link rows of the chunk's nodes on all their layers, and `anchors`.
    /// - Throws: `cancelled`.
    func selectLinks(_ builder: GraphBuilder, _ control: Control?) throws(MartletError) {
        let graph = builder.graph
        let isDone = anchors.withUnsafeMutableBufferPointer { anchors in
            let anchors = anchors.baseAddress!
            return builder.team.forEach(count, control: control) { worker, i in
                anchors[i] = selectLinks(of: i, graph, builder, builder.workers[worker])
            }
        }
        if !isDone { throw .cancelled }
    }

    /// Returns the node's anchor.
    private func selectLinks(
        of i: Int, _ graph: Graph, _ builder: GraphBuilder, _ worker: BuildWorker
    ) -> Anchor? {
        let slot = slots[i]
        let top = graph.entry?.level ?? -1
        if let entry = graph.entry, levels[i] > 0 || scanned == nil {
            let scorer = Scorer(slot, in: .searched, of: builder.vectors)
            worker.scratch.descend(to: min(levels[i], top), of: graph, from: entry, scorer)
        }
        var vectors = builder.vectors
        for layer in stride(from: levels[i], through: 0, by: -1) {
            var row = graph.layer(layer).linkRow(of: slot)
            for space in builder.spaces {
                vectors = findReadableCandidates(
                    for: slot, on: layer, layer <= top ? graph : nil, space, builder, worker)
                worker.selection.select(
                    from: worker.candidates, in: space, of: vectors, to: &row,
                    limit: space.limit(row.width, builder.configuration.metric))
            }
        }
        return anchor(of: i, graph, vectors, builder, worker)
    }

    /// Gathers candidates by their codes or, if those cannot tell the nearest apart, by the vectors
    /// themselves; returns the view that has decided.
    private func findReadableCandidates(
        for slot: UInt32, on layer: Int, _ graph: Graph?, _ space: Space, _ builder: GraphBuilder,
        _ worker: BuildWorker
    ) -> VectorView {
        let vectors = builder.vectors
        let byCode = Scorer(slot, in: space, of: vectors)
        findCandidates(for: slot, on: layer, graph, byCode, builder, worker)
        let width = builder.configuration.maxLinks(layer: layer)
        guard vectors.isBlurred(worker.candidates, at: width) else { return vectors }
        let byVector = Scorer(slot, in: space, of: vectors.exact)
        findCandidates(for: slot, on: layer, graph, byVector, builder, worker)
        return vectors.exact
    }

    /// Gathers the nearest nodes on `layer`: of the graph, if it has that layer, and of the chunk.
    private func findCandidates(
        for slot: UInt32, on layer: Int, _ graph: Graph?, _ scorer: Scorer, _ builder: GraphBuilder,
        _ worker: BuildWorker
    ) {
        let width = builder.configuration.efConstruction
        if layer == 0, let all = scanned {
            return worker.scan(all.baseAddress!, all.count, but: slot, width: width, scorer)
        }
        worker.candidates.removeAll(capacity: width)
        if let graph {
            worker.scratch.search(graph.layer(layer), width: width, scorer)
            worker.candidates.fill(from: worker.scratch.beam)
        }
        members[layer].withUnsafeBufferPointer { members in
            let distances = worker.scratch.distances
            scorer.score(members.baseAddress!, members.count, distances)
            worker.scratch.distanceCount += members.count
            for i in members.indices where members[i] != slot {
                worker.candidates.insert(members[i], distances[i])
            }
        }
    }

    /// The nearest node inserted before node `i`. Reads what the search of layer 0, the last one, has
    /// left.
    private func anchor(
        of i: Int, _ graph: Graph, _ vectors: VectorView, _ builder: GraphBuilder,
        _ worker: BuildWorker
    ) -> Anchor? {
        var (nearest, slot) = (Float.infinity, LinkTable.none)
        if graph.entry != nil, scanned == nil {
            (nearest, slot) = (worker.scratch.beam.distance(0), worker.scratch.beam.slot(0))
        }
        let compared = scanned ?? slots
        for earlier in 0..<compared.count - count + i
        where worker.scratch.distances[earlier] < nearest {
            (nearest, slot) = (worker.scratch.distances[earlier], compared[earlier])
        }
        guard slot != LinkTable.none else { return nil }
        let copyDistance = Scorer(slot, in: builder.spaces.last!, of: vectors).copyDistance
        return Anchor(slot: slot, isCopy: nearest <= copyDistance)
    }
}
