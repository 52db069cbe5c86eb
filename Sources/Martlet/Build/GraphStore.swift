/// The writer's side of the graph: its current version and what is needed to make the next.
final class GraphStore {
    private(set) var graph: Graph
    /// Changed by the builder.
    var backbone: Backbone
    let pools: GraphPools
    let levels: LevelSampler
    /// Slot to first upper row, for nodes above level 0.
    private var upperRows = AppendArray<UInt32>()
    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
        graph = Graph(M: configuration.M)
        backbone = Backbone(M: configuration.M)
        pools = GraphPools(M: configuration.M)
        levels = LevelSampler(seed: configuration.seed, M: UInt64(configuration.M))
    }

    deinit {
        backbone.free()
        upperRows.free()
        graph.base.freeTable()
        graph.upper.freeTable()
    }

    /// Bytes in use besides the links.
    func otherBytes(count: Int) -> Int { backbone.bytes(count: count) + count * 4 }

    /// Inserts the nodes of `batch`, which must follow those that are there. If it throws, the graph
    /// is what it was.
    /// - Returns: The number of distances computed.
    func insert(
        _ batch: Range<Int>, _ vectors: VectorView, _ team: WorkerTeam, _ control: Control?,
        _ retired: inout RetiredMemory
    ) throws(MartletError) -> Int {
        let newUpperRows = try placeUpperRows(batch, &retired)
        try backbone.begin(batch)
        let builder: GraphBuilder
        do throws(MartletError) {
            builder = try GraphBuilder(
                self, batch, newUpperRows: newUpperRows, vectors, configuration, team, control)
            try builder.run()
        } catch {
            backbone.rollBack()
            throw error
        }
        graph = builder.finish(&retired)
        return builder.distanceCount
    }

    /// Gives the nodes of `batch` that have levels above 0 their rows there; returns how many rows.
    private func placeUpperRows(
        _ batch: Range<Int>, _ retired: inout RetiredMemory
    ) throws(MartletError) -> Int {
        retired.add(try upperRows.reserve(batch.upperBound, keeping: batch.lowerBound))
        graph.upperRows = upperRows.base
        var row = graph.upper.rowCount
        for slot in batch {
            upperRows[slot] = UInt32(row)
            row += levels.level(of: slot)
        }
        return row - graph.upper.rowCount
    }
}

/// The pools from which all versions of a graph take their pages.
struct GraphPools {
    let base: PagePool
    let upper: PagePool

    init(M: Int) {
        base = LinkTable.pool(width: 2 * M)
        upper = LinkTable.pool(width: M)
    }
}
