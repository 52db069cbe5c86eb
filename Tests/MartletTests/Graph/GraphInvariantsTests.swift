import MartletTestSupport
import Testing

@testable import Martlet

/// The checker finds every kind of damage.
@Suite struct GraphInvariantsTests {
    @Test func soundGraphsPass() throws {
        let damaged = try Damaged()
        #expect(try damaged.complaint() == nil)
    }

    @Test func links() throws {
        try expect("links to itself") { $0.base(5)[0] = 5 }
        try expect("twice") { $0.base(5)[1] = $0.base(5)[0] }
        try expect("no node of that layer") { $0.base(5)[0] = 400 }
        try expect("behind the end") { $0.base($0.withShortRow)[7] = 9 }
        try expect("no node of that layer") { damaged in
            damaged.graph.layer(1).links(of: damaged.slot(ofLevel: 1))[0] = damaged.slot(ofLevel: 0)
        }
    }

    @Test func entryPoint() throws {
        try expect("no entry point") { $0.graph.entry = nil }
        try expect("entry point 400") { $0.graph.entry!.slot = 400 }
        try expect("is no node of level") { $0.graph.entry!.level += 1 }
        try expect("the entry point has level 0") { damaged in
            damaged.graph.entry = .init(slot: damaged.slot(ofLevel: 0), level: 0)
        }
    }

    @Test func shape() throws {
        try expect("rows on layer 0") { $0.count -= 1 }
        try expect("upper row") { $0.graph.upperRows![Int($0.slot(ofLevel: 1))] += 1 }
        try expect("wide") { $0.graph.base = LinkTable(width: 6) }
        try expect("upper rows") { $0.graph.upper = LinkTable(width: 4) }
    }

    @Test func tree() throws {
        try expect("are not linked") { damaged in
            let parent = damaged.parents[9]
            for i in 0..<8 where damaged.base(9)[i] == parent {
                damaged.base(9)[i] = (0..<400).first { slot in
                    slot != 9 && !(0..<8).contains { damaged.base(9)[$0] == slot }
                }!
            }
        }
        try expect("which is no node") { $0.parents[9] = 400 }
        try expect("no root") { damaged in
            let root = damaged.parents.firstIndex(of: LinkTable.none)!
            damaged.parents[root] = UInt32(damaged.parents.firstIndex(of: UInt32(root))!)
        }
        try expect("joins") { damaged in
            damaged.parents[damaged.parents.firstIndex { $0 != LinkTable.none }!] = LinkTable.none
        }
    }

    private func expect(
        _ words: String, _ damage: (Damaged) -> Void,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let damaged = try Damaged()
        damage(damaged)
        let complaint = try damaged.complaint() ?? "nothing"
        #expect(complaint.contains(words), sourceLocation: location)
    }
}

/// A sound graph of 400 nodes, M = 4, to be damaged.
private final class Damaged {
    private let index: Index
    var graph: Graph
    var parents: [UInt32]
    var count = 400

    init() throws {
        let data = Dataset(.uniform, count: count, dim: 4, seed: 2)
        index = try Index(Configuration(dim: 4, M: 4, efConstruction: 20))
        try index.addRows(data.vectors)
        graph = index.contents.graphStore.graph
        let graph = graph
        parents = (0..<400).map { graph.parent(of: $0) }
    }

    /// What the checker has to say.
    func complaint() throws -> String? {
        do throws(BrokenInvariant) {
            try graph.checkInvariants(count: count) { parents[Int($0)] }
            return nil
        } catch {
            return error.description
        }
    }

    func base(_ slot: UInt32) -> UnsafeMutablePointer<UInt32> { graph.layer(0).links(of: slot) }

    func slot(ofLevel level: Int) -> UInt32 {
        (0..<400).first { index.contents.graphStore.graph.level(of: $0) == level }!
    }

    var withShortRow: UInt32 { (0..<400).first { graph.layer(0).count(of: $0) < 6 }! }
}
