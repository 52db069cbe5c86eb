import Glibc

/// Takes nodes out of the graph, and leads around them.
///
/// On each layer, a node that has links to removed ones selects its links anew: from those that are
/// left and from what the removed ones lead to (after FreshDiskANN, Singh et al. 2021, Algorithm 4),
/// through several of them where whole neighborhoods go. Nodes are repaired in parallel, and each reads
/// only its own row and those of removed nodes, so that the order does not matter. Then the backbone is
/// made whole again, which keeps every node within reach.
extension GraphBuilder {
    /// - Throws: `cancelled`, `outOfMemory`; the builder is of no more use then.
    func unlink(_ change: GraphChange) throws(MartletError) {
        guard !change.unlinked.isEmpty else { return }
        let removed = try Bitmap(count: change.inserted.lowerBound)
        defer { removed.free() }
        for slot in change.unlinked { removed.insert(slot) }
        let orphans = try Orphans(removed, backbone)
        let root = graph.entry.map { backbone.root(of: $0.slot) }
        try backbone.cut(removed, count: removed.count)
        for layer in (0...(graph.entry?.level ?? 0)).reversed() {
            try repair(layer, removed, orphans)
            for slot in change.unlinked where graph.level(of: slot) >= layer {
                try own(slot, on: layer)
                var row = graph.layer(layer).linkRow(of: slot)
                row.removeAll()
            }
        }
        lowerEntry(removed, change.live)
        guard let entry = graph.entry, let root else { return }
        let isRemoved = removed.contains(root)
        try adopt(orphans, root: isRemoved ? backbone.root(of: entry.slot) : root)
    }

    /// Repairs all nodes of a layer that have links to removed ones.
    private func repair(
        _ layer: Int, _ removed: Bitmap, _ orphans: Orphans
    ) throws(MartletError) {
        let damaged = try damagedNodes(on: layer, removed)
        for slot in damaged { try own(slot, on: layer) }
        let isDone = damaged.withUnsafeBufferPointer { damaged in
            team.forEach(damaged.count, grain: 16, control: control) { worker, i in
                let worker = self.workers[worker]
                self.repair(damaged[i], on: layer, removed, worker)
                if layer == 0 { orphans.offer(worker.candidates, to: damaged[i]) }
            }
        }
        if !isDone { throw .cancelled }
    }

    /// The nodes that stay and have links to removed ones, in order.
    private func damagedNodes(on layer: Int, _ removed: Bitmap) throws(MartletError) -> [UInt32] {
        let damaged = try Bitmap(count: removed.count)
        defer { damaged.free() }
        let (graph, links) = (graph, graph.layer(layer))
        team.forEach(damaged.wordCount, grain: 64) { _, word in
            let first = word * Bitmap.bitsPerWord
            for slot in first..<min(first + Bitmap.bitsPerWord, removed.count) {
                let slot = UInt32(slot)
                guard graph.level(of: slot) >= layer, !removed.contains(slot) else { continue }
                if links.leads(from: slot, into: removed) { damaged.insert(slot) }
            }
        }
        return try damaged.list()
    }

    /// Gives the node new links in place of those to removed nodes. Leaves the candidates with the
    /// worker.
    private func repair(
        _ slot: UInt32, on layer: Int, _ removed: Bitmap, _ worker: BuildWorker
    ) {
        let links = graph.layer(layer)
        var row = links.linkRow(of: slot)
        let count = worker.listAround(slot, links, removed)
        let before = row.count
        row.keep { !removed.contains($0) }
        let lost = worker.passedFirst(before - row.count)
        extend(&row, of: slot, count, worker)
        for node in lost where row.count < row.width {
            if let link = worker.substitute(from: slot, row, over: node, links, removed, self) {
                row.append(link)
            }
        }
    }

    /// Moves the entry point to the first node of the highest level, if it was removed.
    private func lowerEntry(_ removed: Bitmap, _ live: LiveSlots?) {
        guard let entry = graph.entry, removed.contains(entry.slot) else { return }
        graph.entry = nil
        for slot in 0..<removed.count where live!.slots.contains(UInt32(slot)) {
            let level = graph.level(of: UInt32(slot))
            if level > graph.entry?.level ?? -1 {
                graph.entry = Graph.EntryPoint(slot: UInt32(slot), level: level)
            }
        }
    }
}

extension Layer {
    fileprivate func leads(from slot: UInt32, into set: Bitmap) -> Bool {
        let links = links(of: slot)
        for i in 0..<width {
            if links[i] == LinkTable.none { return false }
            if set.contains(links[i]) { return true }
        }
        return false
    }
}

extension BuildWorker {
    /// Lists the nodes that `slot` has links to, and those that removed nodes lead to between which and
    /// `slot` there are only removed ones, the nearest in links first, as far as there is room; returns
    /// how many.
    fileprivate func listAround(_ slot: UInt32, _ layer: Layer, _ removed: Bitmap) -> Int {
        let slots = scratch.slots
        // The list grows from its front, the removed nodes to look through from its end.
        var (count, passed, left) = (0, listRoom, listRoom)
        scratch.visited.removeAll()
        _ = scratch.visited.insert(slot)
        var node = slot
        while true {
            let links = layer.links(of: node)
            for i in 0..<layer.width {
                let link = links[i]
                if link == LinkTable.none || count == left { break }
                guard scratch.visited.insert(link) == 1 else { continue }
                if removed.contains(link) {
                    left -= 1
                    slots[left] = link
                } else {
                    slots[count] = link
                    count += 1
                }
            }
            guard passed > left else { return count }
            passed -= 1
            node = slots[passed]
        }
    }

    /// The first removed nodes that `listAround` has listed: those that `slot` had links to.
    fileprivate func passedFirst(_ count: Int) -> ReversedCollection<UnsafeBufferPointer<UInt32>> {
        UnsafeBufferPointer(start: scratch.slots + listRoom - count, count: count).reversed()
    }

    /// The node nearest to `slot` that a removed node has a link to, if the row leads to none of these:
    /// without it, a link that led far away would be lost for good, since nearer ones are preferred.
    fileprivate func substitute(
        from slot: UInt32, _ row: LinkRow, over node: UInt32, _ layer: Layer, _ removed: Bitmap,
        _ builder: GraphBuilder
    ) -> UInt32? {
        let links = layer.linkRow(of: node)
        var count = 0
        for place in 0..<links.count {
            let link = links.links[place]
            guard link != slot, !removed.contains(link) else { continue }
            if row.contains(link) { return nil }
            scratch.slots[count] = link
            count += 1
        }
        let scorer = Scorer(slot, in: builder.spaces[0], of: builder.vectors)
        scorer.score(scratch.slots, count, scratch.distances)
        scratch.distanceCount += count
        return (0..<count).min { scratch.distances[$0] < scratch.distances[$1] }.map {
            scratch.slots[$0]
        }
    }
}
