/// A link to be reversed, as one word that sorts by layer, target, and the source's place in the
/// chunk.
struct BackLink: Comparable {
    private let word: UInt64

    init(layer: Int, target: UInt32, source: Int) {
        word = UInt64(layer) << 48 | UInt64(target) << 16 | UInt64(source)
    }

    var layer: Int { Int(word >> 48) }
    var target: UInt32 { UInt32(truncatingIfNeeded: word >> 16) }
    /// Place in the chunk.
    var source: Int { Int(word & 0xFFFF) }

    func hasTarget(of other: BackLink) -> Bool { word >> 16 == other.word >> 16 }

    static func < (a: BackLink, b: BackLink) -> Bool { a.word < b.word }
}

/// Steps 2 and 3: the backbone and the links' reverses.
extension Chunk {
    func linkBack(_ builder: GraphBuilder) throws(MartletError) {
        for i in 0..<count { joinBackbone(i, builder) }
        let backLinks = reversedLinks(builder.graph)
        let groups = try groupByTarget(backLinks, builder)
        backLinks.withUnsafeBufferPointer { backLinks in
            groups.withUnsafeBufferPointer { groups in
                builder.team.forEach(groups.count - 1, grain: 16) { worker, group in
                    add(
                        UnsafeBufferPointer(rebasing: backLinks[groups[group]..<groups[group + 1]]),
                        builder, builder.workers[worker])
                }
            }
        }
    }

    /// Hangs node `i` below the nearest neighbor it selected that came before it and has room, or
    /// else near its anchor; that neighbor is then a link, too.
    private func joinBackbone(_ i: Int, _ builder: GraphBuilder) {
        guard anchors[i] != LinkTable.none else { return }
        var row = builder.graph.layer(0).linkRow(of: slots[i])
        for place in 0..<row.count
        where builder.order.isInserted(row.links[place], before: firstRank + i)
            && builder.store.backbone.hasRoom(row.links[place])
        {
            return builder.store.backbone.attach(slots[i], to: row.links[place])
        }
        let parent = builder.store.backbone.nodeWithRoom(below: anchors[i])
        builder.store.backbone.attach(slots[i], to: parent)
        if row.count < row.width { row.append(parent) } else { row.links[row.width - 1] = parent }
    }

    /// The reverses of all links of the chunk's nodes, sorted.
    private func reversedLinks(_ graph: Graph) -> [BackLink] {
        var reversed: [BackLink] = []
        reversed.reserveCapacity(count * graph.layer(0).width)
        for i in 0..<count {
            for layer in 0...levels[i] {
                let links = graph.layer(layer).links(of: slots[i])
                for link in 0..<graph.layer(layer).count(of: slots[i]) {
                    reversed.append(BackLink(layer: layer, target: links[link], source: i))
                }
            }
        }
        reversed.sort()
        return reversed
    }

    /// Returns the bounds of the runs of equal targets, and makes the targets' rows writable.
    private func groupByTarget(
        _ backLinks: [BackLink], _ builder: GraphBuilder
    ) throws(MartletError) -> [Int] {
        var bounds: [Int] = []
        for i in backLinks.indices where i == 0 || !backLinks[i].hasTarget(of: backLinks[i - 1]) {
            bounds.append(i)
            try builder.own(backLinks[i].target, on: backLinks[i].layer)
        }
        return bounds + [backLinks.count]
    }

    /// Adds reversed links of one target to its row, and prunes the row if it overflows.
    private func add(
        _ backLinks: UnsafeBufferPointer<BackLink>, _ builder: GraphBuilder, _ worker: BuildWorker
    ) {
        let layer = backLinks[0].layer
        var row = builder.graph.layer(layer).linkRow(of: backLinks[0].target)
        var overflow = 0
        for backLink in backLinks where !row.contains(slots[backLink.source]) {
            if row.count < row.width {
                row.append(slots[backLink.source])
            } else {
                worker.scratch.slots[row.width + overflow] = slots[backLink.source]
                overflow += 1
            }
        }
        guard overflow > 0 else { return }
        worker.scratch.slots.update(from: row.links, count: row.width)
        prune(&row, of: backLinks[0].target, on: layer, row.width + overflow, builder, worker)
    }

    /// Selects a row anew from the first `count` slots of the worker's list.
    private func prune(
        _ row: inout LinkRow, of target: UInt32, on layer: Int, _ count: Int,
        _ builder: GraphBuilder, _ worker: BuildWorker
    ) {
        row.removeAll()
        let backbone = builder.store.backbone
        for space in builder.spaces {
            let (slots, distances) = (worker.scratch.slots, worker.scratch.distances)
            Scorer(target, in: space, of: builder.vectors).score(slots, count, distances)
            worker.scratch.distanceCount += count
            worker.candidates.removeAll(capacity: count)
            for i in 0..<count { worker.candidates.insert(slots[i], distances[i]) }
            worker.selection.select(
                from: worker.candidates, in: space, of: builder.vectors, to: &row,
                limit: space.limit(row.width, builder.configuration.metric)
            ) { layer == 0 && backbone.joins(target, $0) }
        }
    }
}
