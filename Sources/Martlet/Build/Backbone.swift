import Glibc

/// A tree over all nodes whose edges are links in both directions on layer 0 and are never pruned.
///
/// So every node reaches every other on layer 0, by construction and after every change, whatever
/// selection drops: pruning alone strands nodes (nmslib/hnswlib#352, apache/lucene#12627), above all
/// copies of one vector. The parent of a node is the nearest neighbor it selected, among nodes
/// inserted before it, that has room for a child. Only the writer looks at the tree.
struct Backbone {
    static let none = UInt32.max

    /// Children per node. Leaves half of a layer-0 row to links chosen for diversity.
    let maxChildren: Int
    private var nodes = AppendArray<Node>()
    /// What the current batch changed in nodes of earlier batches, to be taken back if it fails.
    private var batchStart = 0
    private var changed: [(slot: UInt32, before: Node)] = []

    struct Node: BitwiseCopyable {
        var parent = Backbone.none
        var latestChild = Backbone.none
        var children: UInt32 = 0
    }

    init(M: Int) { maxChildren = M }

    func free() { nodes.free() }

    func bytes(count: Int) -> Int { count * MemoryLayout<Node>.stride }

    /// Makes room for the nodes of a batch, which follow those that are there.
    mutating func begin(_ batch: Range<Int>) throws(MartletError) {
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

    func hasRoom(_ slot: UInt32) -> Bool { nodes[Int(slot)].children < maxChildren }

    /// A node with room, found downward from `slot` along the latest children.
    func nodeWithRoom(below slot: UInt32) -> UInt32 {
        var slot = slot
        while !hasRoom(slot) { slot = nodes[Int(slot)].latestChild }
        return slot
    }

    /// Hangs `child` below `parent`.
    mutating func attach(_ child: UInt32, to parent: UInt32) {
        var node = nodes[Int(parent)]
        if Int(parent) < batchStart { changed.append((parent, node)) }
        node.children += 1
        node.latestChild = child
        nodes[Int(parent)] = node
        nodes[Int(child)].parent = parent
    }

    /// Takes back what the failed batch changed.
    mutating func rollBack() {
        for (slot, before) in changed.reversed() { nodes[Int(slot)] = before }
        changed.removeAll()
    }
}
