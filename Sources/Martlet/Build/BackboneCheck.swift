import Glibc

/// Checks a backbone that has been read from a file: whoever follows it, up or down, must find an end,
/// and room where there should be some.
struct BackboneCheck {
    private let file: SectionReader
    private let backbone: LinkTable
    private let slots: Int
    private let M: Int
    /// Those slots that are nodes of the graph; nil if all are.
    private let nodes: Bitmap?
    /// Per node: how many have it as their parent, M + 1 standing for more; and `hasCopy`.
    private let children: UnsafeMutablePointer<UInt16>
    private let hasCopy: UInt16 = 1 << 15
    /// Per node: the walk that came by first, or 0.
    private let walks: UnsafeMutablePointer<UInt32>

    init(
        _ graph: Graph, slots: Int, nodes: Bitmap?, _ file: SectionReader
    ) throws(MartletError) {
        (self.file, self.slots, self.nodes) = (file, slots, nodes)
        (backbone, M) = (graph.backbone, graph.upper.width)
        children = try Memory.allocate(UInt16.self, slots)
        do throws(MartletError) {
            walks = try Memory.allocate(UInt32.self, slots)
        } catch {
            Glibc.free(children)
            throw error
        }
    }

    func free() {
        Glibc.free(children)
        Glibc.free(walks)
    }

    /// - Throws: `badFormat`.
    func run() throws(MartletError) {
        children.initialize(repeating: 0, count: slots)
        for slot in 0..<UInt32(slots) { try countChild(slot) }
        for slot in 0..<UInt32(slots) { try checkChildren(of: slot) }
        let isFinite =
            ends { $0.parent } && ends { Int($0.children) < M - 1 ? Backbone.none : $0.below }
            && ends { Int($0.children) < M ? Backbone.none : $0.copyBelow }
        try file.check(isFinite, .backbone, "there must be no cycle")
    }

    private func countChild(_ slot: UInt32) throws(MartletError) {
        let node = backbone.node(slot).pointee
        try file.check(
            isNode(node.parent) && isNode(node.below) && isNode(node.copyBelow)
                && node.isCopy <= 1 && node.zero == 0,
            .backbone, "row \(slot) must lead to nodes")
        guard node.parent != Backbone.none else { return }
        let parent = children + Int(node.parent)
        if Int(parent.pointee & ~hasCopy) <= M { parent.pointee += 1 }
        if node.isCopy == 1 { parent.pointee |= hasCopy }
    }

    /// Whether a link leads to a node, if anywhere.
    private func isNode(_ link: UInt32) -> Bool {
        link == Backbone.none || Int(link) < slots && nodes?.contains(link) != false
    }

    /// A node that has no room must know one below, and one of its children must be a copy if there is
    /// not even room for a copy: see `Backbone.hasRoom`.
    private func checkChildren(of slot: UInt32) throws(MartletError) {
        let (node, found) = (backbone.node(slot).pointee, children[Int(slot)])
        let count = Int(node.children)
        try file.check(
            count <= M && count == Int(found & ~hasCopy)
                && (count < M - 1 || node.below != Backbone.none)
                && (count < M || node.copyBelow != Backbone.none && found & hasCopy != 0),
            .backbone, "row \(slot) must be right about its children")
    }

    /// Whether whoever goes on from node to node comes to an end, from wherever.
    @inline(__always)
    private func ends(_ next: (Backbone.Node) -> UInt32) -> Bool {
        walks.initialize(repeating: 0, count: slots)
        for start in 0..<UInt32(slots) where next(backbone.node(start).pointee) != Backbone.none {
            var slot = start
            while slot != Backbone.none && walks[Int(slot)] == 0 {
                walks[Int(slot)] = start + 1
                slot = next(backbone.node(slot).pointee)
            }
            if slot != Backbone.none && walks[Int(slot)] == start + 1 { return false }
        }
        return true
    }
}
