/// Steps 2 and 3: the backbone and the links' reverses.
extension Chunk {
    func linkBack(_ builder: GraphBuilder) throws(MartletError) {
        for i in 0..<count { try joinBackbone(i, builder) }
        let backLinks = try builder.backLinks.fill(from: self, builder.graph)
        let groups = try builder.backLinks.groups { backLink throws(MartletError) in
            try builder.own(backLink.target, on: backLink.layer)
        }
        builder.team.forEach(groups.count - 1, grain: 16) { worker, group in
            add(
                UnsafeBufferPointer(rebasing: backLinks[groups[group]..<groups[group + 1]]),
                builder, builder.workers[worker])
        }
    }

    /// Hangs node `i` below its parent, which then is a link, too: below a copy if there is one, else
    /// below the nearest neighbor that came before it and has room, else somewhere near.
    private func joinBackbone(_ i: Int, _ builder: GraphBuilder) throws(MartletError) {
        guard let anchor = anchors[i] else { return }
        var row = builder.graph.layer(0).linkRow(of: slots[i])
        if !anchor.isCopy,
            let parent = (0..<row.count).lazy.map({ row.links[$0] }).first(where: {
                builder.order.isInserted($0, before: self.firstRank + i)
                    && builder.backbone.hasRoom($0)
            })
        {
            return try builder.backbone.attach(slots[i], to: parent, asCopy: false)
        }
        let parent = try builder.backbone.nodeWithRoom(
            below: anchor.slot, forCopy: anchor.isCopy)
        try builder.backbone.attach(slots[i], to: parent, asCopy: anchor.isCopy)
        if row.contains(parent) { return }
        if row.count < row.width { row.append(parent) } else { row.links[row.width - 1] = parent }
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
        builder.prune(&row, of: backLinks[0].target, on: layer, row.width + overflow, worker)
    }
}
