import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct BackboneTests {
    @Test func newNodesStandAlone() throws {
        let tree = try Tree(M: 2, nodes: 5)
        #expect((0..<5).allSatisfy { tree.backbone.parent(of: $0) == Backbone.none })
        #expect((0..<5).allSatisfy { tree.backbone.hasRoom($0) })
    }

    @Test func edgesJoinBothWays() throws {
        let tree = try Tree(M: 3, nodes: 5)
        try tree.attach(1, to: 0)
        try tree.attach(2, to: 1)
        #expect(tree.backbone.parent(of: 2) == 1)
        #expect(tree.backbone.joins(1, 2) && tree.backbone.joins(2, 1))
        #expect(!tree.backbone.joins(0, 2) && !tree.backbone.joins(3, 4))
    }

    @Test(arguments: [2, 3, 16])
    func oneOfMPlacesIsKeptForACopy(M: Int) throws {
        let tree = try Tree(M: M, nodes: 40)
        for child in 1..<M {
            #expect(tree.backbone.hasRoom(0))
            try tree.attach(UInt32(child), to: 0)
        }
        #expect(!tree.backbone.hasRoom(0) && tree.backbone.hasRoom(0, forCopy: true))
        try tree.attach(UInt32(M), to: 0, asCopy: true)
        #expect(!tree.backbone.hasRoom(0, forCopy: true))
    }

    /// Whatever is attached where, room is found among the descendants.
    @Test func roomIsFoundBelow() throws {
        try withEvery("seed", in: UInt64(0)..<100) { seed in
            var generator = SeededGenerator(seed)
            let tree = try Tree(M: Int.random(in: 2...5, using: &generator), nodes: 300)
            for child in UInt32(1)..<300 {
                let start = UInt32.random(in: 0..<child, using: &generator)
                let isCopy = Bool.random(using: &generator)
                let node = try tree.backbone.nodeWithRoom(below: start, forCopy: isCopy)
                try #require(tree.backbone.hasRoom(node, forCopy: isCopy))
                try #require(tree.path(from: node).contains(start))
                try tree.attach(child, to: node, asCopy: isCopy)
            }
        }
    }

    /// Copies of a node form one subtree, whatever else is attached in between.
    @Test func copiesHangBelowCopies() throws {
        try withEvery("seed", in: UInt64(0)..<100) { seed in
            var generator = SeededGenerator(seed)
            let tree = try Tree(M: Int.random(in: 2...5, using: &generator), nodes: 300)
            var copies: Set<UInt32> = [0]
            for child in UInt32(1)..<300 {
                let isCopy = Bool.random(using: &generator)
                let start =
                    isCopy
                    ? copies.sorted().randomElement(using: &generator)!
                    : UInt32.random(in: 0..<child, using: &generator)
                let node = try tree.backbone.nodeWithRoom(below: start, forCopy: isCopy)
                if isCopy {
                    try #require(copies.contains(node), "copy \(child) hangs below \(node)")
                    copies.insert(child)
                }
                try tree.attach(child, to: node, asCopy: isCopy)
            }
        }
    }

    @Test func aFailedBatchLeavesNoTrace() throws {
        let tree = try Tree(M: 4, nodes: 4)
        for child in 1...2 as ClosedRange<UInt32> { try tree.attach(child, to: 0) }
        try tree.attach(3, to: 2, asCopy: true)
        let before = tree.digest
        try tree.begin(newNodes: 6)
        try tree.attach(4, to: 0, asCopy: true)
        for child in 5...6 as ClosedRange<UInt32> { try tree.attach(child, to: 2) }
        try tree.attach(7, to: 4)
        _ = try tree.backbone.nodeWithRoom(below: 2, forCopy: false)
        try tree.takeBack()
        #expect(tree.digest == before)

        try tree.begin(newNodes: 2)
        #expect([4, 5].allSatisfy { tree.backbone.parent(of: $0) == Backbone.none })
        #expect([4, 5].allSatisfy { tree.backbone.hasRoom($0) })
        try tree.attach(4, to: 0)
        #expect(!tree.backbone.hasRoom(0) && tree.backbone.hasRoom(0, forCopy: true))
        #expect(try tree.backbone.nodeWithRoom(below: 0, forCopy: false) == 4)
    }

    @Test func aFinishedBatchIsNotTakenBackByTheNext() throws {
        let tree = try Tree(M: 3, nodes: 2)
        try tree.attach(1, to: 0)
        try tree.begin(newNodes: 1)
        try tree.attach(2, to: 0)
        try tree.begin(newNodes: 1)
        try tree.takeBack()
        #expect(!tree.backbone.hasRoom(0))
        #expect(tree.backbone.parent(of: 2) == 0)
    }
}

private final class Tree {
    private(set) var backbone: Backbone
    private var table = LinkTable.backbone
    private var retired = RetiredMemory()
    private let M: Int
    private let pool = LinkTable.pool(width: LinkTable.backbone.width)

    init(M: Int, nodes: Int) throws {
        self.M = M
        backbone = try Backbone(of: table, newNodes: nodes, M: M, pool: pool)
    }

    deinit {
        backbone.finish(&retired).freeTable()
        retired.free()
    }

    /// Ends the batch, and begins another with new nodes.
    func begin(newNodes: Int) throws {
        table = backbone.finish(&retired)
        backbone = try Backbone(of: table, newNodes: newNodes, M: M, pool: pool)
    }

    /// Takes back the batch under way.
    func takeBack() throws {
        backbone = try Backbone(of: table, newNodes: 0, M: M, pool: pool)
    }

    func attach(_ child: UInt32, to parent: UInt32, asCopy isCopy: Bool = false) throws {
        try backbone.attach(child, to: parent, asCopy: isCopy)
    }

    /// The node, its parent, and so on.
    func path(from node: UInt32) -> [UInt32] {
        let above = backbone.parent(of: node)
        return [node] + (above == Backbone.none ? [] : path(from: above))
    }

    /// Parents of nodes 0 to 3, and how much room they have.
    var digest: [UInt32] {
        (0..<4).flatMap { slot -> [UInt32] in
            [
                backbone.parent(of: slot), backbone.hasRoom(slot) ? 1 : 0,
                backbone.hasRoom(slot, forCopy: true) ? 1 : 0,
            ]
        }
    }
}
