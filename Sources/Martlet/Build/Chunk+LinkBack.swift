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
        let layer = builder.graph.layer(0)
        let links = layer.links(of: slots[i])
        let count = layer.count(of: slots[i])
        for link in 0..<count
        where builder.order.isInserted(links[link], before: firstRank + i)
            && builder.store.backbone.hasRoom(links[link])
        {
            return builder.store.backbone.attach(slots[i], to: links[link])
        }
        let parent = builder.store.backbone.nodeWithRoom(below: anchors[i])
        builder.store.backbone.attach(slots[i], to: parent)
        links[min(count, layer.width - 1)] = parent
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
        let target = backLinks[0].target
        let layer = builder.graph.layer(backLinks[0].layer)
        let row = UnsafeMutableBufferPointer(start: layer.links(of: target), count: layer.width)
        var count = layer.count(of: target)
        var overflow = 0
        for backLink in backLinks {
            let source = slots[backLink.source]
            if row[..<count].contains(source) { continue }
            if count < row.count {
                row[count] = source
                count += 1
            } else {
                worker.scratch.slots[row.count + overflow] = source
                overflow += 1
            }
        }
        if overflow > 0 { prune(row, of: target, on: backLinks[0].layer, overflow, builder, worker) }
    }

    /// Selects a row anew from its links and those that did not fit, which lie behind `row.count`
    /// in the worker's list.
    private func prune(
        _ row: UnsafeMutableBufferPointer<UInt32>, of target: UInt32, on layer: Int,
        _ overflow: Int, _ builder: GraphBuilder, _ worker: BuildWorker
    ) {
        let slots = worker.scratch.slots
        let count = row.count + overflow
        slots.update(from: row.baseAddress!, count: row.count)
        Scorer(slot: target, in: builder.vectors).score(slots, count, worker.scratch.distances)
        worker.scratch.distanceCount += count
        worker.candidates.removeAll(capacity: count)
        for i in 0..<count { worker.candidates.insert(slots[i], worker.scratch.distances[i]) }
        let backbone = builder.store.backbone
        let chosen = worker.selection.select(
            row.count, of: worker.selection.load(worker.candidates), in: builder.vectors,
            to: row.baseAddress!
        ) { layer == 0 && backbone.joins(target, $0) }
        row[chosen...].update(repeating: LinkTable.none)
    }
}
