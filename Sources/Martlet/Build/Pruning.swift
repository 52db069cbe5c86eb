/// The links of a node that has more candidates than room.
extension GraphBuilder {
    /// Selects a row anew from the first `count` slots of the worker's list. The edges of the backbone
    /// stay.
    func prune(
        _ row: inout LinkRow, of target: UInt32, on layer: Int, _ count: Int, _ worker: BuildWorker
    ) {
        row.removeAll()
        for space in spaces {
            let vectors = gather(count, around: target, in: space, worker)
            var edges = layer == 0 ? backbone.edges(of: target) : Backbone.Edges()
            worker.selection.select(
                from: worker.candidates, in: space, of: vectors, to: &row,
                limit: space.limit(row.width, configuration.metric),
                isPinned: { edges.contains($0) })
        }
    }

    /// Fills a row up from the first `count` slots of the worker's list, its own links among them.
    func extend(
        _ row: inout LinkRow, of slot: UInt32, _ count: Int, _ worker: BuildWorker
    ) {
        for space in spaces {
            let vectors = gather(count, around: slot, in: space, worker)
            worker.selection.extend(
                &row, from: worker.candidates, in: space, of: vectors,
                limit: space.limit(row.width, configuration.metric))
        }
    }

    /// Makes the first `count` slots of the worker's list its candidates, by their codes or, if those
    /// cannot tell them apart, by the vectors themselves; returns the view that has decided.
    private func gather(
        _ count: Int, around slot: UInt32, in space: Space, _ worker: BuildWorker
    ) -> VectorView {
        score(count, from: slot, in: space, of: vectors, worker)
        guard vectors.isBlurred(worker.candidates, at: count / 4) else { return vectors }
        score(count, from: slot, in: space, of: vectors.exact, worker)
        return vectors.exact
    }

    /// Makes the first `count` slots of the worker's list its candidates.
    private func score(
        _ count: Int, from target: UInt32, in space: Space, of vectors: VectorView,
        _ worker: BuildWorker
    ) {
        worker.scan(
            worker.scratch.slots, count, width: count, Scorer(target, in: space, of: vectors))
    }
}
