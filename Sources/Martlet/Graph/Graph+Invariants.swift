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
    ///   - count: Nodes; their slots are 0 ..< count.
    ///   - levels: Where the nodes' levels come from.
    ///   - parent: A node's parent in the tree; `LinkTable.none` for the root.
    /// - Throws: The first rule found broken.
    /// - Complexity: O(n * M^2).
    func checkInvariants(
        count: Int, _ levels: LevelSampler, parent: (UInt32) -> UInt32
    ) throws(BrokenInvariant) {
        let levelBySlot = (0..<count).map { levels.level(of: $0) }
        try checkShape(levelBySlot, M: Int(levels.M))
        try checkEntry(levelBySlot)
        for slot in levelBySlot.indices {
            for layer in 0...levelBySlot[slot] {
                try checkLinks(of: UInt32(slot), on: layer, levelBySlot)
            }
        }
        try checkTree((0..<count).map { parent(UInt32($0)) }, maxChildren: Int(levels.M))
    }

    /// Rows: one per node on layer 0; above, as many as the node's level, in the order of slots.
    private func checkShape(_ levels: [Int], M: Int) throws(BrokenInvariant) {
        guard base.width == 2 * M, upper.width == M else {
            throw BrokenInvariant("rows are \(base.width) and \(upper.width) wide, but M is \(M)")
        }
        guard base.rowCount == levels.count else {
            throw BrokenInvariant("\(levels.count) nodes have \(base.rowCount) rows on layer 0")
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

    private func checkEntry(_ levels: [Int]) throws(BrokenInvariant) {
        guard let highest = levels.max() else {
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
        of slot: UInt32, on layer: Int, _ levels: [Int]
    ) throws(BrokenInvariant) {
        let place = "node \(slot) on layer \(layer)"
        let links = links(of: slot, on: layer)
        for (i, link) in links.enumerated() {
            guard Int(link) < levels.count, levels[Int(link)] >= layer else {
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
    private func checkTree(_ parents: [UInt32], maxChildren: Int) throws(BrokenInvariant) {
        var children = [[UInt32]](repeating: [], count: parents.count)
        for (slot, parent) in parents.enumerated() where parent != LinkTable.none {
            guard Int(parent) < parents.count else {
                throw BrokenInvariant("the parent of node \(slot) is \(parent), which is no node")
            }
            guard links(of: UInt32(slot), on: 0).contains(parent),
                links(of: parent, on: 0).contains(UInt32(slot))
            else { throw BrokenInvariant("node \(slot) and its parent \(parent) are not linked") }
            children[Int(parent)].append(UInt32(slot))
        }
        for (slot, children) in children.enumerated() where children.count > maxChildren {
            throw BrokenInvariant("node \(slot) has \(children.count) children")
        }
        guard let root = parents.firstIndex(of: LinkTable.none) else {
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
    private static func reachable(from start: Int, along edges: [[UInt32]]) -> Int {
        var met = [Bool](repeating: false, count: edges.count)
        met[start] = true
        var open = [start]
        var reached = 0
        while let node = open.popLast() {
            reached += 1
            for next in edges[node] where !met[Int(next)] {
                met[Int(next)] = true
                open.append(Int(next))
            }
        }
        return reached
    }
}
