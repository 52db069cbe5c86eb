/// What an index consists of, and where its latest add spent its time.
public struct Statistics: Sendable {
    public var count = 0
    /// Places of removed vectors that `compact` would give back.
    public var removed = 0
    public var memory = MemoryForm.balanced
    /// nil as long as there has been no vector.
    public var idKind: IdKind?
    /// Columns of metadata.
    public var columns = 0
    /// Bytes in use.
    public var vectorBytes = 0
    /// 0 if searches walk on the vectors themselves.
    public var codeBytes = 0
    public var linkBytes = 0
    public var idBytes = 0
    public var metadataBytes = 0
    public var otherBytes = 0
    public var graph = GraphStatistics()
    public var lastAdd = AddReport()
}

/// The shape of a graph.
public struct GraphStatistics: Sendable, Equatable {
    /// Nodes by level.
    public var levels = [Int](repeating: 0, count: LevelSampler.maxLevel + 1)
    /// Links on layer 0, in all and at most of one node.
    public var links = 0
    public var maxLinks = 0
    /// Vectors that a walk on layer 0 from the entry point can reach, itself included.
    public var reachable = 0
}

extension Index {
    /// Takes stock of the newest version. A running add is not part of the picture.
    /// - Complexity: O(*n* * `M`).
    public func statistics() throws(MartletError) -> Statistics {
        try versions.read { snapshot throws(MartletError) in
            var statistics = Statistics()
            let slots = snapshot.slotCount
            (statistics.count, statistics.removed) = (snapshot.count, slots - snapshot.count)
            statistics.memory = snapshot.configuration.memory
            statistics.vectorBytes = snapshot.vectors?.bytes(count: slots) ?? 0
            statistics.codeBytes = (snapshot.vectors?.codes?.stride ?? 0) * slots
            statistics.linkBytes = snapshot.graph.bytes
            statistics.idKind = snapshot.idKind
            statistics.idBytes = snapshot.contents.ids.bytes(of: snapshot)
            statistics.columns = snapshot.metadata.columns.count
            statistics.metadataBytes = snapshot.metadata.bytes
            statistics.otherBytes =
                GraphStore.otherBytes(count: slots) + (snapshot.live?.bytes ?? 0)
            statistics.graph = try snapshot.graph.statistics(of: snapshot)
            statistics.lastAdd = lastAdd.value
            return statistics
        }
    }
}

extension Graph {
    /// Bytes of links in use.
    var bytes: Int {
        [base, upper, linkCodes?.table].reduce(0) {
            $0 + ($1?.rowCount ?? 0) * ($1?.width ?? 0) * 4
        }
    }

    func statistics(of snapshot: Snapshot) throws(MartletError) -> GraphStatistics {
        var statistics = GraphStatistics()
        let layer = layer(0)
        for slot in 0..<snapshot.slotCount where snapshot.isLive(UInt32(slot)) {
            statistics.levels[level(of: UInt32(slot))] += 1
            let links = layer.count(of: UInt32(slot))
            statistics.links += links
            statistics.maxLinks = max(statistics.maxLinks, links)
        }
        statistics.reachable = try reachable(in: snapshot)
        return statistics
    }

    /// The number of rows on layer 0 that can be reached from the entry point.
    private func reachable(in snapshot: Snapshot) throws(MartletError) -> Int {
        guard let entry else { return 0 }
        var met = try VisitedSet(capacity: snapshot.slotCount)
        defer { met.free() }
        met.removeAll()
        let layer = layer(0)
        var open = [entry.slot]
        var reached = 0
        _ = met.insert(entry.slot)
        while let node = open.popLast() {
            if snapshot.isLive(node) { reached += 1 }
            let links = layer.links(of: node)
            for i in 0..<layer.count(of: node) where met.insert(links[i]) == 1 {
                open.append(links[i])
            }
        }
        return reached
    }
}
