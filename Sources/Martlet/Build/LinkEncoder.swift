/// Makes the codes of links follow the links: those of the rows that a change has written, or of all
/// if the vectors have other codes than before.
final class LinkEncoder {
    private let edit: LinkTableEdit?
    private let graph: Graph
    private let codes: CodeView?
    private var changed: [UInt32] = []
    /// A table that is given up as a whole.
    private var outdated: RetiredPages?

    /// - Parameters:
    ///   - old: The graph before the change.
    ///   - new: The graph after it, but for the codes.
    ///   - codes: The vectors' codes; nil if they have none, and then links have none.
    ///   - keepsCodes: Whether these are the codes that the links of `old` were encoded by.
    ///   - unlinked: Nodes that nothing may lead to any more.
    ///   - width: Words per row.
    init(
        from old: Graph, to new: Graph, _ codes: CodeView?, keepsCodes: Bool,
        unlinked: [UInt32], width: Int, _ pool: PagePool
    ) throws(MartletError) {
        (graph, self.codes) = (new, codes)
        let kept = keepsCodes && codes != nil ? old.linkCodes?.table : nil
        if kept == nil { outdated = old.linkCodes?.table.retired(to: pool) }
        guard codes != nil else {
            edit = nil
            return
        }
        let table = kept ?? LinkTable(width: width, pageBits: LinkCodes.pageBits)
        edit = try LinkTableEdit(
            of: table, newRows: new.base.rowCount - table.rowCount, pool: pool)
        try listChanged(old, first: table.rowCount, unlinked)
    }

    /// Encodes what has changed.
    /// - Throws: `cancelled`.
    func encode(
        _ team: WorkerTeam, _ workers: [BuildWorker], _ control: Control?
    ) throws(MartletError) {
        guard let edit, let codes else { return }
        for slot in changed { try edit.own(Int(slot)) }
        let (layer, linkCodes) = (graph.layer(0), LinkCodes(edit.table, links: graph.base.width))
        let isDone = changed.withUnsafeBufferPointer { changed in
            team.forEach(changed.count, grain: 16, control: control) { worker, i in
                linkCodes.write(changed[i], on: layer, codes, workers[worker])
            }
        }
        if !isDone { throw .cancelled }
    }

    /// Ends the edit; hands what the old version alone still needs to `retired`.
    func finish(_ retired: inout RetiredMemory) -> LinkCodes? {
        if let outdated { retired.add(outdated) }
        return edit.map { LinkCodes($0.finish(&retired), links: graph.base.width) }
    }

    /// Lists the rows from `first` on, which have no codes yet, and of those before the ones whose
    /// links have changed or that lead to a node that is gone.
    private func listChanged(
        _ old: Graph, first: Int, _ unlinked: [UInt32]
    ) throws(MartletError) {
        let (before, after) = (old.base, graph.base)
        let listed = try Bitmap(count: after.rowCount)
        defer { listed.free() }
        for row in first..<after.rowCount { listed.insert(UInt32(row)) }
        after.forEachRow(notSharedWith: before) { row in
            if row < first, !after.hasEqualRow(row, before) { listed.insert(UInt32(row)) }
        }
        if first > 0, !unlinked.isEmpty {
            let gone = try Bitmap(count: after.rowCount)
            defer { gone.free() }
            for slot in unlinked { gone.insert(slot) }
            let codes = LinkCodes(edit!.table, links: after.width)
            for slot in 0..<UInt32(first) where codes.leads(from: slot, into: gone) {
                listed.insert(slot)
            }
        }
        changed = try listed.list()
    }
}

extension LinkTable {
    fileprivate func hasEqualRow(_ row: Int, _ other: LinkTable) -> Bool {
        let (links, others) = (self.row(row), other.row(row))
        return (0..<width).allSatisfy { links[$0] == others[$0] }
    }
}

extension LinkCodes {
    fileprivate func leads(from slot: UInt32, into nodes: Bitmap) -> Bool {
        (0..<blockCount).contains { block in
            let links = links(block, of: slot)
            return (0..<Self.linksPerBlock).contains {
                links[$0] != LinkTable.none && nodes.contains(links[$0])
            }
        }
    }

    /// Writes the row of `slot`, which must be the writer's own: its links on layer 0, then the
    /// nearest of those that its neighbors lead to.
    fileprivate func write(
        _ slot: UInt32, on layer: Layer, _ codes: CodeView, _ worker: BuildWorker
    ) {
        let room = Self.linksPerBlock * blockCount
        let links = layer.links(of: slot)
        let count = layer.count(of: slot)
        let list = worker.scratch.slots
        list.update(from: links, count: count)
        var filled = count
        if count > 0, count < room { filled += worker.fill(slot, count, room, layer, codes) }
        for block in 0..<blockCount {
            let first = block * Self.linksPerBlock
            let here = max(0, min(filled - first, Self.linksPerBlock))
            let row = self.links(block, of: slot)
            row.update(repeating: LinkTable.none, count: Self.linksPerBlock)
            if here > 0 { row.update(from: list + first, count: here) }
            codes.quantizer.reader.kernels.encode_links(
                codes.row(slot), codes.codes, UInt64(codes.stride), row, UInt64(here),
                self.codes(block, of: slot))
        }
    }
}

extension BuildWorker {
    /// Appends to the `count` links of `slot` in the list the nearest of the nodes that the nearest of
    /// them lead to; returns how many, at most up to `room` links in all.
    fileprivate func fill(
        _ slot: UInt32, _ count: Int, _ room: Int, _ layer: Layer, _ codes: CodeView
    ) -> Int {
        let list = scratch.slots
        scratch.visited.removeAll()
        _ = scratch.visited.insert(slot)
        for i in 0..<count { _ = scratch.visited.insert(list[i]) }
        var end = count
        for i in 0..<min(count, Self.neighborsAsked) {
            let links = layer.links(of: list[i])
            for place in 0..<min(layer.width, Self.linksTaken) where links[place] != LinkTable.none
            {
                list[end] = links[place]
                end += scratch.visited.insert(links[place])
            }
        }
        let found = end - count
        Scorer(slot, codes).score(list + count, found, scratch.distances)
        candidates.removeAll(capacity: room - count)
        for i in 0..<found { candidates.insert(list[count + i], scratch.distances[i]) }
        for place in 0..<candidates.count { list[count + place] = candidates.slot(place) }
        return candidates.count
    }

    private static let neighborsAsked = 8
    private static let linksTaken = 8
}
