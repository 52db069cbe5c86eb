import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct VisitedSetTests {
    private static let capacity = 100

    @Test func behavesLikeASet() throws {
        var set = try VisitedSet(capacity: Self.capacity)
        defer { set.free() }
        var generator = SeededGenerator(0)
        for search in 0..<2000 {
            set.removeAll()
            try check(set, &generator, "search \(search)")
        }
    }

    /// The number of the search has 32 bits in the set's words.
    @Test func searchNumbersMayWrapAround() throws {
        var set = try VisitedSet(capacity: Self.capacity)
        defer { set.free() }
        var generator = SeededGenerator(1)
        let searches = 12_345
        for _ in 0..<searches { set.removeAll() }
        for slot in 0..<Self.capacity { _ = set.insert(UInt32(slot)) }
        withUnsafeMutableBytes(of: &set) { bytes in
            let words = bytes.bindMemory(to: UInt64.self)
            let number = words.firstIndex(of: UInt64(searches))!
            words[number] = UInt64(UInt32.max) - 3
        }
        for search in 0..<8 {
            set.removeAll()
            try check(set, &generator, "search \(search) around the wrap")
        }
        for search in 8..<searches + 8 {
            set.removeAll()
            #expect(set.insert(0) == 1, "search \(search) after the wrap")
        }
    }

    private func check(
        _ set: VisitedSet, _ generator: inout SeededGenerator, _ search: Comment
    ) throws {
        var model: Set<UInt32> = []
        for _ in 0..<Int.random(in: 0..<60, using: &generator) {
            let slot = UInt32.random(in: 0..<UInt32(Self.capacity), using: &generator)
            try #require(set.insert(slot) == (model.insert(slot).inserted ? 1 : 0), search)
        }
    }
}
