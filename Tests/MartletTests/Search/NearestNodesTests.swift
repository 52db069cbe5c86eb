import MartletTestSupport
import Testing

@testable import Martlet

/// Against sorting the whole list.
@Suite struct NearestNodesTests {
    @Test(arguments: [1, 2, 7, 63, 64, 65, 200, 1000])
    func theNearestComeInOrder(_ count: Int) throws {
        var random = SeededGenerator(UInt64(count))
        for wanted in [1, 5, count / 2 + 1, count, count + 3] {
            let distances = (0..<count).map { _ in Float.random(in: 0..<9, using: &random) }
            try check(wanted, distances)
        }
    }

    /// All at one distance, two, one of them 0, or as far apart as floats can be.
    @Test func equalAndExtremeDistances() throws {
        let numbers: [Float] = (0..<300).map { Float($0) }
        let tiny: [Float] = numbers.map { $0 * Float.leastNonzeroMagnitude }
        let huge = [Float](repeating: .greatestFiniteMagnitude, count: 50)
        let copies = [Float](repeating: 0, count: 150)
        let equal = [Float](repeating: 3, count: 150)
        for distances in [
            copies + copies, equal + equal, equal + copies, tiny + huge, huge + numbers,
        ] {
            for wanted in [1, 100, 260] { try check(wanted, distances) }
        }
    }

    private func check(_ wanted: Int, _ distances: [Float]) throws {
        let slots = distances.indices.map { UInt32($0 * 3) }
        let excluded = slots[slots.count / 2]
        let expected = distances.indices.filter { slots[$0] != excluded }
            .sorted { (distances[$0], slots[$0]) < (distances[$1], slots[$1]) }
            .prefix(wanted).map { slots[$0] }
        var nearest = try NearestNodes(capacity: slots.count)
        defer { nearest.free() }
        nearest.find(wanted, of: slots, distances, count: slots.count, but: excluded)
        let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: wanted + 1)
        defer { entries.deallocate() }
        var beam = Beam(entries: entries)
        beam.removeAll(capacity: wanted)
        beam.fill(from: nearest)
        try #require((0..<beam.count).map { beam.slot($0) } == expected)
    }
}
