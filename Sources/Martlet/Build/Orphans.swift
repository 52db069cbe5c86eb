import Glibc

/// The nodes that lose their parent in the backbone, and which nodes might take them.
///
/// Used by several threads at once, each for nodes of its own.
final class Orphans: @unchecked Sendable {
    private static let offers = 16

    /// In order.
    let slots: [UInt32]
    /// Per orphan, the nearest nodes around it, ended early by `none`.
    private let offered: UnsafeMutablePointer<UInt32>

    init(_ removed: Bitmap, _ backbone: Backbone) throws(MartletError) {
        let orphans = try Bitmap(count: removed.count)
        defer { orphans.free() }
        for slot in 0..<UInt32(removed.count) where !removed.contains(slot) {
            let parent = backbone.parent(of: slot)
            if parent != Backbone.none && removed.contains(parent) { orphans.insert(slot) }
        }
        slots = try orphans.list()
        offered = try Memory.allocate(UInt32.self, slots.count * Self.offers)
        offered.initialize(repeating: LinkTable.none, count: slots.count * Self.offers)
    }

    deinit { free(offered) }

    /// Keeps the nearest of the candidates, if `slot` is an orphan.
    func offer(_ candidates: Beam, to slot: UInt32) {
        guard let place = place(of: slot) else { return }
        for i in 0..<min(candidates.count, Self.offers) {
            offered[place * Self.offers + i] = candidates.slot(i)
        }
    }

    /// What was offered to the orphan at `place`.
    func offers(to place: Int) -> [UInt32] {
        let offers = UnsafeBufferPointer(
            start: offered + place * Self.offers, count: Self.offers)
        return Array(offers.prefix { $0 != LinkTable.none })
    }

    /// Binary search.
    private func place(of slot: UInt32) -> Int? {
        var (low, high) = (0, slots.count)
        while low < high {
            let middle = (low + high) / 2
            if slots[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low < slots.count && slots[low] == slot ? low : nil
    }
}

extension GraphBuilder {
    /// Hangs the orphans, and whatever hangs below them, into the backbone again.
    ///
    /// Each goes below a node of another part of the tree, which makes two parts one, so that all are
    /// one in the end.
    /// - Parameter root: That of the whole tree.
    func adopt(_ orphans: Orphans, root: UInt32) throws(MartletError) {
        for (place, orphan) in orphans.slots.enumerated() where orphan != root {
            let near = Scorer(orphan, in: spaces.last!, of: vectors.exact)
            if try adopt(orphan, by: orphans.offers(to: place), near) { continue }
            if try adopt(orphan, by: nodesAround(orphan), near) { continue }
            let parent = try backbone.nodeWithRoom(below: root, forCopy: false)
            try join(orphan, to: parent, asCopy: false)
        }
    }

    /// Hangs an orphan below the first of the nodes that belongs to another part of the tree and has
    /// room; returns whether there is one.
    private func adopt(
        _ orphan: UInt32, by nodes: [UInt32], _ near: Scorer
    ) throws(MartletError) -> Bool {
        for node in nodes where backbone.root(of: node) != orphan {
            let isCopy = near.isCopy(node)
            let parent =
                isCopy ? try backbone.nodeWithRoom(below: node, forCopy: true) : node
            guard backbone.hasRoom(parent, forCopy: isCopy) else { continue }
            try join(orphan, to: parent, asCopy: isCopy)
            return true
        }
        return false
    }

    /// The nodes that a search for the orphan finds, nearest first.
    private func nodesAround(_ orphan: UInt32) -> [UInt32] {
        let worker = workers[0]
        let scorer = Scorer(orphan, in: spaces.last!, of: vectors)
        worker.scratch.descend(to: 0, of: graph, from: graph.entry!, scorer)
        let width = min(configuration.efConstruction, worker.beamWidth)
        worker.scratch.search(graph.layer(0), width: width, scorer)
        return (0..<worker.scratch.beam.count).map { worker.scratch.beam.slot($0) }
    }

    /// Hangs `child` below `parent`, and sees that both have links to each other.
    private func join(
        _ child: UInt32, to parent: UInt32, asCopy isCopy: Bool
    ) throws(MartletError) {
        try backbone.attach(child, to: parent, asCopy: isCopy)
        try link(child, to: parent)
        try link(parent, to: child)
    }

    /// Adds a link on layer 0, in place of the last that is no edge of the backbone if the row is full.
    private func link(_ slot: UInt32, to other: UInt32) throws(MartletError) {
        try own(slot, on: 0)
        var row = graph.layer(0).linkRow(of: slot)
        guard !row.contains(other) else { return }
        guard row.count == row.width else { return row.append(other) }
        var place = row.width - 1
        while place > 0 && backbone.joins(slot, row.links[place]) { place -= 1 }
        row.links[place] = other
    }
}

extension Scorer {
    /// Whether a node is a copy of the vector.
    fileprivate func isCopy(_ slot: UInt32) -> Bool {
        var (slot, distance) = (slot, Float.infinity)
        score(&slot, 1, &distance)
        return distance <= copyDistance
    }
}
