/// The writer's side of the graph: its current version and what is needed to make the next.
final class GraphStore {
    private(set) var graph: Graph
    private(set) var pools: GraphPools
    let sampler: LevelSampler
    /// Slot to first upper row, for nodes above level 0.
    private var upperRows = AppendArray<UInt32>()
    /// Slot to level.
    private var levels = AppendArray<UInt8>()
    private let configuration: Configuration
    /// The table of the quantizer behind the codes of links.
    private var linkQuantizer: UnsafeMutablePointer<Float>?

    init(_ configuration: Configuration) {
        self.configuration = configuration
        graph = Graph(M: configuration.M)
        pools = GraphPools(configuration)
        sampler = LevelSampler(seed: configuration.seed, M: UInt64(configuration.M))
    }

    deinit {
        upperRows.free()
        levels.free()
        graph.base.freeTable()
        graph.upper.freeTable()
        graph.backbone.freeTable()
        graph.linkCodes?.table.freeTable()
    }

    /// Bytes in use besides the links.
    static func otherBytes(count: Int) -> Int {
        count * (MemoryLayout<Backbone.Node>.size + MemoryLayout<UInt32>.size + 1)
    }

    /// Makes the graph's next version. If it throws, the graph is what it was.
    /// - Parameter confirm: Called when nothing else can go wrong.
    /// - Returns: The number of distances computed.
    func change(
        _ change: GraphChange, _ vectors: VectorView, _ team: WorkerTeam, _ control: Control?,
        _ retired: inout RetiredMemory, confirm: () throws(MartletError) -> Void
    ) throws(MartletError) -> Int {
        let batch = change.inserted
        let newUpperRows = try placeUpperRows(batch, &retired)
        let builder = try GraphBuilder(
            self, batch, newUpperRows: newUpperRows, vectors, configuration, team, control)
        try builder.unlink(change)
        try builder.insert()
        let codes = change.memory == .fast ? vectors.codes : nil
        let quantizer = codes?.quantizer.table
        let encoder = try LinkEncoder(
            from: graph, to: builder.graph, codes, keepsCodes: quantizer == linkQuantizer,
            unlinked: change.unlinked, width: LinkCodes.width(configuration), pools.linkCodes)
        try encoder.encode(team, builder.workers, control)
        try confirm()
        let hadCodes = graph.linkCodes != nil
        graph = builder.finish(&retired)
        graph.linkCodes = encoder.finish(&retired)
        linkQuantizer = quantizer
        // Their memory goes with the last version that has them.
        if hadCodes, codes == nil { pools.linkCodes = LinkCodes.pool(configuration) }
        return builder.distanceCount
    }

    /// Becomes what a file holds.
    func read(
        _ file: SectionReader, _ parameters: Parameters, _ quantizer: Quantizer?
    ) throws(MartletError) {
        let (slots, M) = (parameters.slots, configuration.M)
        levels = try file.table(.levels, UInt8.self, count: slots)
        upperRows = try file.table(.upperRows, UInt32.self, count: slots)
        (graph.levels, graph.upperRows) = (levels.base, upperRows.base)
        graph.base = try LinkTable(
            width: 2 * M, rows: slots, .baseLinks, file, pool: pools.base)
        graph.upper = try LinkTable(
            width: M, rows: parameters.upperRows, .upperLinks, file, pool: pools.upper)
        graph.backbone = try LinkTable(
            width: LinkTable.backbone.width, rows: slots, .backbone, file, pool: pools.backbone)
        graph.entry = parameters.entry.map {
            Graph.EntryPoint(slot: UInt32($0.slot), level: $0.level)
        }
        graph.insertedCount = parameters.added
        try readLinkCodes(file, parameters, quantizer)
    }

    private func readLinkCodes(
        _ file: SectionReader, _ parameters: Parameters, _ quantizer: Quantizer?
    ) throws(MartletError) {
        guard parameters.hasLinkCodes else { return }
        try file.check(quantizer != nil, .parameters, "links must not have codes without vectors'")
        let table = try LinkTable(
            width: LinkCodes.width(configuration), pageBits: LinkCodes.pageBits,
            rows: parameters.slots, .linkCodes, file, pool: pools.linkCodes)
        graph.linkCodes = LinkCodes(table, links: graph.base.width)
        linkQuantizer = quantizer?.table
    }

    /// Becomes a copy of another store's graph, with the nodes that stay, to which alone its links lead.
    /// - Parameter quantizer: the copy's.
    func copy(
        _ other: GraphStore, _ moves: SlotMoves, _ quantizer: Quantizer?
    ) throws(MartletError) {
        let old = other.graph
        graph.insertedCount = old.insertedCount
        graph.entry = old.entry.map {
            Graph.EntryPoint(slot: moves.target(of: $0.slot), level: $0.level)
        }
        try copyLevels(old, moves)
        graph.base = try LinkTable(
            width: old.base.width, rows: moves.kept.count, pool: pools.base
        ) { row, links in old.base.copy(Int(moves.kept[row]), to: links, moves) }
        var sources: [Int] = []
        try Memory.expect(Int.self, old.upper.rowCount)
        sources.reserveCapacity(old.upper.rowCount)
        for slot in moves.kept {
            let layers = 0..<old.level(of: slot)
            sources += layers.map { Int(old.upperRows![Int(slot)]) + $0 }
        }
        graph.upper = try LinkTable(
            width: old.upper.width, rows: sources.count, pool: pools.upper
        ) { row, links in old.upper.copy(sources[row], to: links, moves) }
        graph.backbone = try LinkTable(
            width: old.backbone.width, rows: moves.kept.count, pool: pools.backbone
        ) { row, node in old.backbone.copyNode(moves.kept[row], to: node, moves) }
        // Without vectors, there is no quantizer left.
        guard let codes = old.linkCodes, let quantizer else { return }
        let table = try LinkTable(
            width: codes.table.width, pageBits: LinkCodes.pageBits, rows: moves.kept.count,
            pool: pools.linkCodes
        ) { row, words in codes.copy(moves.kept[row], to: words, moves) }
        graph.linkCodes = LinkCodes(table, links: graph.base.width)
        linkQuantizer = quantizer.table
    }

    private func copyLevels(_ old: Graph, _ moves: SlotMoves) throws(MartletError) {
        upperRows = try AppendArray(room: moves.kept.count)
        levels = try AppendArray(room: moves.kept.count)
        (graph.upperRows, graph.levels) = (upperRows.base, levels.base)
        var row = 0
        for (target, slot) in moves.kept.enumerated() {
            (upperRows[target], levels[target]) = (UInt32(row), UInt8(old.level(of: slot)))
            row += old.level(of: slot)
        }
    }

    /// Gives the nodes of `batch` their levels, and those above level 0 their rows there; returns how
    /// many rows.
    private func placeUpperRows(
        _ batch: Range<Int>, _ retired: inout RetiredMemory
    ) throws(MartletError) -> Int {
        retired.add(try upperRows.reserve(batch.upperBound, keeping: batch.lowerBound))
        graph.upperRows = upperRows.base
        retired.add(try levels.reserve(batch.upperBound, keeping: batch.lowerBound))
        graph.levels = levels.base
        var row = graph.upper.rowCount
        for (place, slot) in batch.enumerated() {
            let level = sampler.level(ofNode: graph.insertedCount + place)
            levels[slot] = UInt8(level)
            upperRows[slot] = UInt32(row)
            row += level
        }
        return row - graph.upper.rowCount
    }
}

/// What one version of a graph is to have more, and less, than the one before.
struct GraphChange {
    /// New nodes, which follow those that are there.
    let inserted: Range<Int>
    /// Nodes that no link may lead to any more.
    let unlinked: [UInt32]
    /// Which slots hold rows; nil if all do.
    let live: LiveSlots?
    /// Whether links are to have codes.
    let memory: MemoryForm
}

extension LinkTable {
    /// Copies a row, to slots' new places.
    fileprivate func copy(
        _ row: Int, to links: UnsafeMutablePointer<UInt32>, _ moves: SlotMoves
    ) {
        for place in 0..<count(row) { links[place] = moves.target(of: self.row(row)[place]) }
    }
}

extension LinkCodes {
    /// Copies the row of `slot`, to slots' new places.
    fileprivate func copy(
        _ slot: UInt32, to row: UnsafeMutablePointer<UInt32>, _ moves: SlotMoves
    ) {
        row.update(from: table.row(Int(slot)), count: table.width)
        for block in 0..<blockCount {
            let links = row + block * blockSize
            for place in 0..<Self.linksPerBlock where links[place] != LinkTable.none {
                links[place] = moves.target(of: links[place])
            }
        }
    }
}

/// The pools from which all versions of a graph take their pages.
struct GraphPools {
    let base: PagePool
    let upper: PagePool
    let backbone: PagePool
    var linkCodes: PagePool

    init(_ configuration: Configuration) {
        base = LinkTable.pool(width: 2 * configuration.M)
        upper = LinkTable.pool(width: configuration.M)
        linkCodes = LinkCodes.pool(configuration)
        backbone = LinkTable.pool(width: LinkTable.backbone.width)
    }
}

extension LinkCodes {
    static func pool(_ configuration: Configuration) -> PagePool {
        LinkTable.pool(width: width(configuration), pageBits: pageBits)
    }

    /// Words per row.
    static func width(_ configuration: Configuration) -> Int {
        width(
            links: configuration.maxLinks(layer: 0),
            codeStride: VectorReader.codeStride(configuration.dim))
    }
}
