/// A sentence that says which rule a data structure breaks, and where: a defect of the engine.
struct BrokenInvariant: Error, CustomStringConvertible {
    let description: String

    init(_ sentence: String) { description = sentence }
}

extension Graph {
    /// Checks everything that holds for a graph at all times, whatever was added to it: its shape,
    /// its links, and that a tree of links joins all nodes on layer 0, so that each reaches every
    /// other.
    ///
    /// - Parameters:
    ///   - count: Slots.
    ///   - isNode: Whether there is a node in a slot; others must have no links.
    ///   - parent: A node's parent in the tree; `LinkTable.none` for the root.
    /// - Throws: The first rule found broken.
    /// - Complexity: O(n * M^2).
    func checkInvariants(
        count: Int, isNode: (UInt32) -> Bool = { _ in true }, parent: (UInt32) -> UInt32
    ) throws(BrokenInvariant) {
        let levels = (0..<UInt32(count)).map { level(of: $0) }
        try checkShape(levels)
        // By slot; nil where there is no node.
        let nodes = (0..<UInt32(count)).map { isNode($0) ? levels[Int($0)] : nil }
        try checkEntry(nodes)
        for slot in nodes.indices {
            for layer in 0...levels[slot] { try checkLinks(of: UInt32(slot), on: layer, nodes) }
        }
        let slots = nodes.indices.filter { nodes[$0] != nil }
        try checkTree(
            Dictionary(uniqueKeysWithValues: slots.map { ($0, parent(UInt32($0))) }),
            maxChildren: base.width / 2)
    }

    /// Rows: one per node on layer 0; above, as many as the node's level, in the order of slots.
    private func checkShape(_ levels: [Int]) throws(BrokenInvariant) {
        guard base.width == 2 * upper.width else {
            throw BrokenInvariant("rows are \(base.width) and \(upper.width) wide")
        }
        guard base.rowCount == levels.count else {
            throw BrokenInvariant("\(levels.count) slots have \(base.rowCount) rows on layer 0")
        }
        var row = 0
        for slot in levels.indices {
            guard levels[slot] == 0 || Int(upperRows![slot]) == row else {
                throw BrokenInvariant("node \(slot) has upper row \(upperRows![slot]), not \(row)")
            }
            row += levels[slot]
        }
        guard upper.rowCount == row else {
            throw BrokenInvariant("the levels need \(row) upper rows, but \(upper.rowCount) exist")
        }
    }

    private func checkEntry(_ levels: [Int?]) throws(BrokenInvariant) {
        guard let highest = levels.compactMap(\.self).max() else {
            guard entry == nil else { throw BrokenInvariant("an empty graph has an entry point") }
            return
        }
        guard let entry else { throw BrokenInvariant("there are nodes, but no entry point") }
        guard Int(entry.slot) < levels.count, levels[Int(entry.slot)] == entry.level else {
            throw BrokenInvariant("entry point \(entry.slot) is no node of level \(entry.level)")
        }
        guard entry.level == highest else {
            throw BrokenInvariant("the entry point has level \(entry.level), a node \(highest)")
        }
    }

    /// Links lead to other nodes of the layer, to each once, and stand before all `none`.
    private func checkLinks(
        of slot: UInt32, on layer: Int, _ levels: [Int?]
    ) throws(BrokenInvariant) {
        let place = "node \(slot) on layer \(layer)"
        let links = links(of: slot, on: layer)
        guard levels[Int(slot)] != nil || links.isEmpty else {
            throw BrokenInvariant("\(place) is no node, but has links")
        }
        for (i, link) in links.enumerated() {
            guard Int(link) < levels.count, levels[Int(link)] ?? -1 >= layer else {
                throw BrokenInvariant("\(place) links to \(link), which is no node of that layer")
            }
            guard link != slot else { throw BrokenInvariant("\(place) links to itself") }
            guard !links[..<i].contains(link) else {
                throw BrokenInvariant("\(place) links to \(link) twice")
            }
        }
        let row = self.layer(layer).links(of: slot)
        for i in links.count..<self.layer(layer).width where row[i] != LinkTable.none {
            throw BrokenInvariant("\(place) has a link behind the end of its row")
        }
    }

    /// One tree over all nodes, of few children each, whose edges are links both ways on layer 0.
    private func checkTree(
        _ parents: [Int: UInt32], maxChildren: Int
    ) throws(BrokenInvariant) {
        var children: [Int: [Int]] = [:]
        for (slot, parent) in parents where parent != LinkTable.none {
            guard parents[Int(parent)] != nil else {
                throw BrokenInvariant("the parent of node \(slot) is \(parent), which is no node")
            }
            guard links(of: UInt32(slot), on: 0).contains(parent),
                links(of: parent, on: 0).contains(UInt32(slot))
            else { throw BrokenInvariant("node \(slot) and its parent \(parent) are not linked") }
            children[Int(parent), default: []].append(slot)
        }
        for (slot, children) in children where children.count > maxChildren {
            throw BrokenInvariant("node \(slot) has \(children.count) children")
        }
        guard let root = parents.first(where: { $0.value == LinkTable.none })?.key else {
            guard parents.isEmpty else { throw BrokenInvariant("the tree has no root") }
            return
        }
        let reached = Self.reachable(from: root, along: children)
        guard reached == parents.count else {
            throw BrokenInvariant("the tree joins \(reached) of \(parents.count) nodes")
        }
    }

    private func links(of slot: UInt32, on layer: Int) -> UnsafeBufferPointer<UInt32> {
        let layer = self.layer(layer)
        return UnsafeBufferPointer(start: layer.links(of: slot), count: layer.count(of: slot))
    }

    /// The number of nodes on all paths from `start`, itself included.
    private static func reachable(from start: Int, along edges: [Int: [Int]]) -> Int {
        var met: Set = [start]
        var open = [start]
        while let node = open.popLast() {
            for next in edges[node] ?? [] where met.insert(next).inserted { open.append(next) }
        }
        return met.count
    }
}
