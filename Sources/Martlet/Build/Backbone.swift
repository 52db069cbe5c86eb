/// A tree over all nodes whose edges are links in both directions on layer 0 and are never pruned.
///
/// So every node reaches every other on layer 0, by construction and after every change, whatever
/// selection drops: pruning alone strands nodes (nmslib/hnswlib#352, apache/lucene#12627). The parent
/// of a node is the nearest neighbor it selected, among nodes inserted before it, that has room for
/// a child. Copies of one vector hang below each other, so that a search that finds one finds all:
/// selection gives them no links between them. Only the writer looks at the tree, and files have it.
///
/// A value is the tree's next version in the making: a row per node, in pages that are copied before
/// their first change, as those of links are.
struct Backbone {
    static let none = LinkTable.none

    /// Children per node. Leaves half of a layer-0 row to links chosen for diversity.
    private let maxChildren: Int
    private let edit: LinkTableEdit
    private let table: LinkTable

    /// A row of the table.
    struct Node: BitwiseCopyable {
        var parent = Backbone.none
        /// Where to look for room further down.
        var below = Backbone.none
        /// Likewise, for a copy of this node: always a copy itself.
        var copyBelow = Backbone.none
        var children: UInt16 = 0
        /// 1 if it was hung below its parent as a copy of it.
        var isCopy: UInt8 = 0
        var zero: UInt8 = 0
    }

    /// Starts from `old` with new nodes, which follow those that are there.
    init(of old: LinkTable, newNodes: Int, M: Int, pool: PagePool) throws(MartletError) {
        maxChildren = M
        edit = try LinkTableEdit(of: old, newRows: newNodes, pool: pool)
        table = edit.table
        for row in old.rowCount..<table.rowCount { table.node(UInt32(row)).pointee = Node() }
    }

    /// Ends the edit; hands what the old version alone still needs to `retired`.
    func finish(_ retired: inout RetiredMemory) -> LinkTable { edit.finish(&retired) }

    /// Whether the tree has an edge between the two.
    @inline(__always)
    func joins(_ a: UInt32, _ b: UInt32) -> Bool { parent(of: a) == b || parent(of: b) == a }

    /// The edges of one node, each to be met once: most nodes have so few that a search for them
    /// ends soon.
    struct Edges {
        private var backbone: LinkTable?
        private var node = LinkTable.none
        private var parent = LinkTable.none
        private var children = 0

        /// None.
        init() {}

        fileprivate init(of slot: UInt32, in table: LinkTable) {
            (backbone, node) = (table, slot)
            let row = table.node(slot).pointee
            (parent, children) = (row.parent, Int(row.children))
        }

        /// Whether an edge leads to `slot`.
        @inline(__always)
        mutating func contains(_ slot: UInt32) -> Bool {
            if slot == parent { return true }
            guard children > 0, backbone!.node(slot).pointee.parent == node else { return false }
            children -= 1
            return true
        }
    }

    func edges(of slot: UInt32) -> Edges { Edges(of: slot, in: table) }

    @inline(__always)
    func parent(of slot: UInt32) -> UInt32 { table.node(slot).pointee.parent }

    /// The last place is kept for a copy, so that a node without room for one has one below it.
    func hasRoom(_ slot: UInt32, forCopy isCopy: Bool = false) -> Bool {
        Int(table.node(slot).pointee.children) < (isCopy ? maxChildren : maxChildren - 1)
    }

    /// Finds a node with room for a copy of `slot`, or, for any node, one in its neighborhood:
    /// downward from `slot`, which remembers it.
    func nodeWithRoom(below slot: UInt32, forCopy isCopy: Bool) throws(MartletError) -> UInt32 {
        guard !hasRoom(slot, forCopy: isCopy) else { return slot }
        var node = slot
        while !hasRoom(node, forCopy: isCopy) {
            let last = table.node(node).pointee
            node = isCopy ? last.copyBelow : last.below
        }
        try change(slot) { if isCopy { $0.copyBelow = node } else { $0.below = node } }
        return node
    }

    /// Hangs `child` below `parent`.
    func attach(
        _ child: UInt32, to parent: UInt32, asCopy isCopy: Bool
    ) throws(MartletError) {
        try change(parent) {
            $0.children += 1
            $0.below = child
            if isCopy { $0.copyBelow = child }
        }
        try change(child) {
            $0.parent = parent
            $0.isCopy = isCopy ? 1 : 0
        }
    }

    // MARK: - Repair

    /// The root of the part of the tree that a node belongs to.
    func root(of slot: UInt32) -> UInt32 {
        var node = slot
        while parent(of: node) != Self.none { node = parent(of: node) }
        return node
    }

    /// Takes nodes out, whose children become roots.
    /// - Parameter count: Nodes that the tree had before the batch.
    func cut(_ removed: Bitmap, count: Int) throws(MartletError) {
        for slot in 0..<UInt32(count) {
            let parent = parent(of: slot)
            let isRoot =
                removed.contains(slot) || parent == Self.none || removed.contains(parent)
            try change(slot) {
                $0 = Node(parent: isRoot ? Self.none : parent, isCopy: isRoot ? 0 : $0.isCopy)
            }
        }
        // Where there is room below a node is told anew, since what was below it may have moved.
        for slot in 0..<UInt32(count) where parent(of: slot) != Self.none {
            let child = table.node(slot).pointee
            try change(child.parent) {
                $0.children += 1
                $0.below = slot
                if child.isCopy == 1 { $0.copyBelow = slot }
            }
        }
    }

    private func change(
        _ slot: UInt32, _ body: (inout Node) -> Void
    ) throws(MartletError) {
        try edit.own(Int(slot))
        body(&table.node(slot).pointee)
    }
}

extension LinkTable {
    /// The empty table of a backbone.
    static var backbone: LinkTable {
        LinkTable(width: MemoryLayout<Backbone.Node>.size / MemoryLayout<UInt32>.size)
    }

    /// A node of a backbone.
    @inline(__always)
    func node(_ slot: UInt32) -> UnsafeMutablePointer<Backbone.Node> {
        UnsafeMutableRawPointer(row(Int(slot))).assumingMemoryBound(to: Backbone.Node.self)
    }

    /// Copies a node of a backbone, whose slots have moved.
    func copyNode(_ slot: UInt32, to row: UnsafeMutablePointer<UInt32>, _ moves: SlotMoves) {
        let moved = { (slot: UInt32) in slot == Self.none ? slot : moves.target(of: slot) }
        var node = node(slot).pointee
        node.parent = moved(node.parent)
        (node.below, node.copyBelow) = (moved(node.below), moved(node.copyBelow))
        UnsafeMutableRawPointer(row).storeBytes(of: node, as: Backbone.Node.self)
    }
}

extension Graph {
    /// A node's parent in the backbone; `LinkTable.none` for its root.
    func parent(of slot: UInt32) -> UInt32 { backbone.node(slot).pointee.parent }
}
