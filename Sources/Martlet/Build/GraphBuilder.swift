/// Inserts one batch of nodes into the graph (Malkov & Yashunin 2018, Algorithm 1), in parallel and
/// yet deterministically.
///
/// The batch is inserted in a seeded random order, so that the order it was given in (often
/// clustered) does not shape the graph, and in chunks (after ParlayANN, Manohar et al., PPoPP 2024):
///
/// 1. Each node of a chunk searches the graph as it stood before the chunk, compares itself with
///    all others of the chunk, and selects its links. (in parallel, by node) While the graph is small,
///    it compares itself with all nodes of layer 0 instead.
/// 2. Each node gets its place in the backbone. (on one thread)
/// 3. The links' reverses are sorted by target and added there; a row that overflows is pruned.
///    (in parallel, by target)
/// 4. The entry point moves if a node of the chunk is higher: last, when that node has its links.
///
/// No step depends on how many threads share it, so neither does the graph. The builder works on
/// edits of the link tables, which readers do not see.
final class GraphBuilder {
    /// Nodes per chunk: enough to keep threads busy, few enough to compare all with all.
    static let chunkSize = 256

    /// How many nodes there may be, per place in the beam, for a new one to be compared with all instead
    /// of a walk to the nearest: that meets fewer, each at many times the cost.
    private static let scannedPerPlace = 16

    let configuration: Configuration
    let vectors: VectorView
    let spaces: [Space]
    let team: WorkerTeam
    let store: GraphStore
    let order: InsertionOrder
    let workers: [BuildWorker]
    let backLinks = BackLinks()
    let base: LinkTableEdit
    let upper: LinkTableEdit
    let backbone: Backbone
    /// The graph under construction; its tables are those of the edits.
    var graph: Graph
    let control: Control?
    /// How many nodes there may be to be compared with all; 0 if not all nodes are of this batch.
    let mostScanned: Int

    init(
        _ store: GraphStore, _ batch: Range<Int>, newUpperRows: Int, _ vectors: VectorView,
        _ configuration: Configuration, _ team: WorkerTeam, _ control: Control?
    ) throws(MartletError) {
        (self.store, self.vectors, self.configuration) = (store, vectors, configuration)
        spaces = Space.all(for: configuration.metric)
        (self.team, self.control) = (team, control)
        graph = store.graph
        base = try LinkTableEdit(of: graph.base, newRows: batch.count, pool: store.pools.base)
        upper = try LinkTableEdit(of: graph.upper, newRows: newUpperRows, pool: store.pools.upper)
        backbone = try Backbone(
            of: graph.backbone, newNodes: batch.count, M: configuration.M,
            pool: store.pools.backbone)
        mostScanned =
            graph.entry == nil
            ? min(Self.scannedPerPlace * configuration.efConstruction, batch.count) : 0
        (graph.base, graph.upper) = (base.table, upper.table)
        var workers: [BuildWorker] = []
        for _ in 0..<team.count {
            workers.append(
                try BuildWorker(nodes: batch.upperBound, scanned: mostScanned, configuration))
        }
        self.workers = workers
        order = try InsertionOrder(batch, seed: configuration.seed)
    }

    /// - Throws: `cancelled`, `outOfMemory`; the builder is of no more use then.
    func insert() throws(MartletError) {
        var first = 0
        while first < order.count {
            let chunk = Chunk(self, from: first)
            try chunk.selectLinks(self, control)
            try chunk.linkBack(self)
            raiseEntry(chunk)
            first += chunk.count
            control?.advance(by: chunk.count)
        }
    }

    /// Makes the row of `slot` on `layer` writable.
    func own(_ slot: UInt32, on layer: Int) throws(MartletError) {
        try (layer == 0 ? base : upper).own(graph.layer(layer).row(of: slot))
    }

    /// Ends the build; hands what only earlier versions of the graph need to `retired`.
    func finish(_ retired: inout RetiredMemory) -> Graph {
        (graph.base, graph.upper) = (base.finish(&retired), upper.finish(&retired))
        graph.backbone = backbone.finish(&retired)
        graph.insertedCount += order.count
        return graph
    }

    var distanceCount: Int { workers.reduce(0) { $0 + $1.distanceCount } }

    /// Step 4.
    private func raiseEntry(_ chunk: Chunk) {
        for i in 0..<chunk.count where chunk.levels[i] > graph.entry?.level ?? -1 {
            graph.entry = Graph.EntryPoint(slot: chunk.slots[i], level: chunk.levels[i])
        }
    }
}
