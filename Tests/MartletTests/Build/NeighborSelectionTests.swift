import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

/// Node 0 selects among the others.
@Suite struct NeighborSelectionTests {
    /// (2, 0) is nearer to (1, 0) than to the origin; no other two are that near to each other.
    private static let plane: [[Float]] = [[0, 0], [1, 0], [0, -1.5], [2, 0], [0, 3]]

    @Test func candidatesNearerToAChosenOneAreDropped() throws {
        #expect(try select(4, in: Self.plane) == [1, 2, 4])
    }

    @Test func noMoreThanTheLimitAreChosen() throws {
        #expect(try select(2, in: Self.plane) == [1, 2])
        #expect(try select(1, in: Self.plane) == [1])
    }

    @Test func equallyNearIsNotNearer() throws {
        #expect(try select(4, in: [[0, 0], [2, 0], [1, 2], [1.5, 3]]) == [1, 2])
        #expect(try select(4, in: [[0, 0], [2, 0], [1, 2]]) == [1, 2])
    }

    @Test func pinnedCandidatesAreAlwaysChosen() throws {
        #expect(try select(4, in: Self.plane, pinned: [3]) == [1, 2, 3, 4])
        #expect(try select(2, in: Self.plane, pinned: [4]) == [1, 4])
        #expect(try select(2, in: Self.plane, pinned: [3, 4]) == [3, 4])
        #expect(try select(1, in: Self.plane, pinned: [3]) == [3])
    }

    @Test func copiesOfAChosenOneAreDropped() throws {
        #expect(try select(4, in: [[0, 0], [1, 0], [1, 0], [0, 2], [0, 2]]) == [1, 3])
        #expect(try select(4, in: [[0, 0], [1, 0], [1, 0]], pinned: [2]) == [1, 2])
    }

    @Test func aCopyOfTheNodeCrowdsOutOnlyCopies() throws {
        #expect(try select(4, in: [[0, 0], [0, 0], [0, 0], [1, 0], [0, 2]]) == [1, 3, 4])
    }

    /// Nodes 1 and 2 have one direction, and so have 3 and 4; rounding must not hide it.
    @Test func underCosineDirectionsAreCopies() throws {
        let vectors: [[Float]] = [[3, 3], [5, 0.7], [15, 2.1], [0.1, 0.7], [0.7, 4.9]]
        let chosen = try select(4, in: vectors, .cosine)
        #expect(chosen.count == 2)
        #expect(chosen.count { $0 <= 2 } == 1)
    }

    /// Lifted onto the sphere of radius 5: (3, 0, 4), (0, 3, 4), (0, -1, 4.9), (0, 0, 5), (5, 0, 0).
    /// Node 3, the shortest, is the nearest, and nodes 1 and 2 are nearer to it than to node 0.
    @Test func underInnerProductVectorsAreLifted() throws {
        let vectors: [[Float]] = [[3, 0], [0, 3], [0, -1], [0, 0], [5, 0]]
        #expect(try select(4, in: vectors, .ip, .lifted) == [3, 4])
    }

    /// Products with node 0 are 12, 9, 0 and 15; node 4, the first chosen, is nearer to 1 and 2.
    @Test func underInnerProductTheLargestProductsWin() throws {
        let vectors: [[Float]] = [[3, 0], [4, 1], [3, -1], [0, 2], [5, 0]]
        #expect(try select(4, in: vectors, .ip) == [4, 3])
    }

    @Test func whatIsInTheRowStays() throws {
        #expect(try select(4, in: Self.plane, after: [2]) == [2, 1, 4])
        #expect(try select(2, in: Self.plane, after: [3]) == [3, 1])
        #expect(try select(1, in: Self.plane, after: [3]) == [3])
    }

    @Test func nothingToChooseFrom() throws {
        #expect(try select(4, in: [[1, 1]]) == [])
    }

    /// Small integers, whose distances are exact, against Algorithm 4 word by word.
    @Test func isAlgorithm4() throws {
        try withEvery("seed", in: UInt64(0)..<300) { seed in
            var generator = SeededGenerator(seed)
            let vectors = (0..<40).map { _ in
                (0..<2).map { _ in Float(Int.random(in: -5...5, using: &generator)) }
            }
            let limit = Int.random(in: 4...12, using: &generator)
            let pinned = Set((1..<UInt32(40)).shuffled(using: &generator).prefix(Int(seed % 5)))
            let expected = reference(limit, Oracle(.l2, vectors), pinned)
            try #require(try select(limit, in: vectors, pinned: pinned) == expected)
        }
    }

    private func select(
        _ limit: Int, in vectors: [[Float]], _ metric: Metric = .l2, _ space: Space = .searched,
        pinned: Set<UInt32> = [], after links: [UInt32] = []
    ) throws -> [UInt32] {
        let stored = try StoredVectors(metric, vectors)
        let others = Array(1..<UInt32(vectors.count))
        var distances = [Float](repeating: 0, count: others.count)
        Scorer(0, in: space, of: stored.view).score(others, others.count, &distances)
        let entries = try Memory.allocate(UInt64.self, others.count + 1)
        defer { free(entries) }
        var beam = Beam(entries: entries)
        beam.removeAll(capacity: others.count)
        for (slot, distance) in zip(others, distances) { beam.insert(slot, distance) }
        var selection = try NeighborSelection(capacity: others.count)
        defer { selection.free() }
        var memory = links + [UInt32](repeating: LinkTable.none, count: limit)
        return memory.withUnsafeMutableBufferPointer { memory in
            var row = LinkRow(links: memory.baseAddress!, width: limit, count: links.count)
            selection.select(from: beam, in: space, of: stored.view, to: &row, limit: limit) {
                pinned.contains($0)
            }
            return Array(memory[..<row.count])
        }
    }

    private func reference(_ limit: Int, _ oracle: Oracle, _ pinned: Set<UInt32>) -> [UInt32] {
        var (chosen, pinnedLeft) = ([UInt32](), pinned.count)
        let candidates = oracle.nearest(to: oracle.vectors[0], k: 40).filter { $0.row != 0 }
        for candidate in candidates {
            let slot = UInt32(candidate.row)
            if pinned.contains(slot) {
                pinnedLeft -= 1
            } else {
                guard chosen.count + pinnedLeft < limit else { continue }
                let isRedundant = chosen.contains {
                    let between = oracle.distance(oracle.vectors[candidate.row], Int($0))
                    return between < candidate.distance || between == 0
                }
                if isRedundant { continue }
            }
            chosen.append(slot)
        }
        return chosen
    }
}
