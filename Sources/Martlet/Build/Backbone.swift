import Glibc

/// A tree over all nodes whose edges are links in both directions on layer 0 and are never pruned.
///
/// So every node reaches every other on layer 0, by construction and after every change, whatever
/// selection drops: pruning alone strands nodes (nmslib/hnswlib#352, apache/lucene#12627). The parent
/// of a node is the nearest neighbor it selected, among nodes inserted before it, that has room for
/// a child. Copies of one vector hang below each other, so that a search that finds one finds all:
/// selection gives them no links between them. Only the writer looks at the tree.
struct Backbone {
    static let none = UInt32.max

    /// Children per node. Leaves half of a layer-0 row to links chosen for diversity.
    let maxChildren: Int
    private var nodes = AppendArray<Node>()
    private var batchStart = 0
    /// What the current batch changed in nodes of earlier batches, to be taken back if it fails.
    private var changed: [(slot: UInt32, before: Node)] = []
    /// All nodes as they were, if the current batch repairs the tree.
    private var before: AppendArray<Node>?

    private struct Node: BitwiseCopyable {
        var parent = Backbone.none
        /// Where to look for room further down.
        var below = Backbone.none
        /// Likewise, for a copy of this node: always a copy itself.
        var copyBelow = Backbone.none
        var children: UInt16 = 0
        /// Whether it was hung below its parent as a copy of it.
        var isCopy = false
    }

    init(M: Int) { maxChildren = M }

    func free() {
        nodes.free()
        before?.free()
    }

    /// Becomes a copy of another tree, with the nodes that stay.
    mutating func copy(_ other: Backbone, _ moves: SlotMoves) throws(MartletError) {
        let moved = { (slot: UInt32) in slot == Self.none ? slot : moves.target(of: slot) }
        nodes = try AppendArray(room: moves.kept.count)
        for (target, slot) in moves.kept.enumerated() {
            var node = other.nodes[Int(slot)]
            node.parent = moved(node.parent)
            (node.below, node.copyBelow) = (moved(node.below), moved(node.copyBelow))
            nodes[target] = node
        }
    }

    static func bytes(count: Int) -> Int { count * MemoryLayout<Node>.stride }

    /// Makes room for the nodes of a batch, which follow those that are there, and prepares to repair
    /// the tree if the batch does that.
    mutating func begin(_ batch: Range<Int>, isRepaired: Bool) throws(MartletError) {
        before?.free()
        before = nil
        if isRepaired { before = try nodes.copy(batch.lowerBound, room: batch.lowerBound) }
        // Only the writer reads the tree, so an outgrown table can go at once.
        Glibc.free(try nodes.reserve(batch.upperBound, keeping: batch.lowerBound))
        for slot in batch { nodes[slot] = Node() }
        batchStart = batch.lowerBound
        changed.removeAll()
    }

    /// Whether the tree has an edge between the two.
    @inline(__always)
    func joins(_ a: UInt32, _ b: UInt32) -> Bool {
        nodes[Int(a)].parent == b || nodes[Int(b)].parent == a
    }

    func parent(of slot: UInt32) -> UInt32 { nodes[Int(slot)].parent }

    /// The last place is kept for a copy, so that a node without room for one has one below it.
    func hasRoom(_ slot: UInt32, forCopy isCopy: Bool = false) -> Bool {
        Int(nodes[Int(slot)].children) < (isCopy ? maxChildren : maxChildren - 1)
    }

    /// Finds a node with room for a copy of `slot`, or, for any node, one in its neighborhood:
    /// downward from `slot`, which remembers it.
    mutating func nodeWithRoom(below slot: UInt32, forCopy isCopy: Bool) -> UInt32 {
        guard !hasRoom(slot, forCopy: isCopy) else { return slot }
        var node = slot
        while !hasRoom(node, forCopy: isCopy) {
            node = isCopy ? nodes[Int(node)].copyBelow : nodes[Int(node)].below
        }
        change(slot) { if isCopy { $0.copyBelow = node } else { $0.below = node } }
        return node
    }

    /// Hangs `child` below `parent`.
    mutating func attach(_ child: UInt32, to parent: UInt32, asCopy isCopy: Bool) {
        change(parent) {
            $0.children += 1
            $0.below = child
            if isCopy { $0.copyBelow = child }
        }
        change(child) {
            $0.parent = parent
            $0.isCopy = isCopy
        }
    }

    /// Takes back what the failed batch changed.
    mutating func rollBack() {
        if let before {
            nodes.free()
            (nodes, self.before) = (before, nil)
        }
        for (slot, before) in changed.reversed() { nodes[Int(slot)] = before }
        changed.removeAll()
    }

    // MARK: - Repair

    /// The root of the part of the tree that a node belongs to.
    func root(of slot: UInt32) -> UInt32 {
        var node = slot
        while nodes[Int(node)].parent != Self.none { node = nodes[Int(node)].parent }
        return node
    }

    /// Takes nodes out, whose children become roots.
    /// - Parameter count: Nodes that the tree had before the batch.
    mutating func cut(_ removed: Bitmap, count: Int) {
        for slot in 0..<count {
            let isRemoved = removed.contains(UInt32(slot))
            let parent = nodes[slot].parent
            let isRoot = isRemoved || parent == Self.none || removed.contains(parent)
            let isCopy = nodes[slot].isCopy && !isRoot
            nodes[slot] = Node(parent: isRoot ? Self.none : parent, isCopy: isCopy)
        }
        // Where there is room below a node is told anew, since what was below it may have moved.
        for slot in 0..<count where nodes[slot].parent != Self.none {
            let parent = Int(nodes[slot].parent)
            nodes[parent].children += 1
            nodes[parent].below = UInt32(slot)
            if nodes[slot].isCopy { nodes[parent].copyBelow = UInt32(slot) }
        }
    }

    private mutating func change(_ slot: UInt32, _ body: (inout Node) -> Void) {
        var node = nodes[Int(slot)]
        if Int(slot) < batchStart && before == nil { changed.append((slot, node)) }
        body(&node)
        nodes[Int(slot)] = node
    }
}
