import MartletTestSupport
import Testing

@testable import Martlet

/// The same data, seed and parameters give the same index, byte for byte.
@Suite struct DeterminismTests {
    /// Enough vectors for codes, chosen anew in the last batch.
    @Test(arguments: Metric.all, [Dataset.Kind.uniform, .clustered, .duplicates])
    func threadsLeaveNoTrace(metric: Metric, kind: Dataset.Kind) throws {
        let data = Dataset(kind, count: 2100, dim: 6, seed: 21)
        let alone = try digest(metric, data.vectors) { _ in 1 }
        for threads in [2, 3, 8] {
            #expect(
                try digest(metric, data.vectors) { _ in threads } == alone, "\(threads) threads")
        }
        #expect(try digest(metric, data.vectors) { [3, 1, 5, 2][$0 % 4] } == alone, "mixed")
    }

    /// The same with codes of links, made anew in the last batch, filled up or not.
    @Test(arguments: [Metric.l2, .cosine], [2, 5, 20])
    func threadsLeaveNoTraceInCodesOfLinks(metric: Metric, M: Int) throws {
        let data = LooseClusters(count: 2100, dim: 12, seed: 21)
        let configuration = try Configuration(
            dim: 12, metric: metric, M: M, efConstruction: 20, seed: 1, memory: .fast)
        let alone = try digest(configuration, data.vectors) { _ in 1 }
        let balanced = try digest(configuration.with(.balanced), data.vectors) { _ in 1 }
        #expect(alone.linkCodes != balanced.linkCodes)
        for threads in [2, 3, 8] {
            #expect(
                try digest(configuration, data.vectors) { _ in threads } == alone,
                "\(threads) threads")
        }
        #expect(try digest(configuration, data.vectors) { [3, 1, 5, 2][$0 % 4] } == alone, "mixed")
        var rest = alone
        rest.linkCodes = balanced.linkCodes
        #expect(rest == balanced)
    }

    /// The same where codes are all that there is: made coarser and anew in the last batches.
    @Test(arguments: [Metric.l2, .cosine])
    func threadsLeaveNoTraceInTheCompactForm(metric: Metric) throws {
        var data = LooseClusters(count: 2100, dim: 12, seed: 21).vectors
        for row in 1100..<2100 { data[row][0] *= 2 }
        let configuration = try Configuration(
            dim: 12, metric: metric, M: 5, efConstruction: 20, seed: 1, memory: .compact)
        let alone = try digest(configuration, data) { _ in 1 }
        #expect(alone.vectors == Checksum())
        for threads in [2, 3, 8] {
            #expect(
                try digest(configuration, data) { _ in threads } == alone, "\(threads) threads")
        }
    }

    /// Whole numbers from 0 to 127, which every element type holds.
    @Test(arguments: Metric.all)
    func elementTypesLeaveNoTrace(metric: Metric) throws {
        var generator = SeededGenerator(5)
        let numbers = (0..<1200).map { _ in
            (0..<6).map { _ in Int.random(in: 1...127, using: &generator) }
        }
        let floats = try digest(metric, numbers.map { $0.map { Float($0) } }) { _ in 2 }
        #expect(try digest(metric, numbers.map { $0.map { Double($0) } }) { _ in 1 } == floats)
        #expect(try digest(metric, numbers.map { $0.map { Int8($0) } }) { _ in 3 } == floats)
        #expect(try digest(metric, numbers.map { $0.map { UInt8($0) } }) { _ in 2 } == floats)
    }

    @Test func seedDataAndBatchesMatter() throws {
        let data = Dataset(.uniform, count: 1200, dim: 6, seed: 21)
        let digest = try digest(.l2, data.vectors) { _ in 1 }
        let otherSeed = try self.digest(.l2, data.vectors, seed: 2) { _ in 1 }
        #expect(otherSeed.links != digest.links && otherSeed.upperLinks != digest.upperLinks)
        let otherOrder = try self.digest(.l2, data.vectors.reversed()) { _ in 1 }
        #expect(otherOrder.vectors != digest.vectors && otherOrder.links != digest.links)
    }

    /// Searches and failed lookups in between change nothing either.
    @Test func readingLeavesNoTrace() throws {
        let data = Dataset(.clustered, count: 600, dim: 6, queries: 5, seed: 22)
        let (quiet, busy) = try (makeIndex(.ip), makeIndex(.ip))
        for start in [0, 200, 400] {
            let batch = Array(data.vectors[start..<start + 200])
            try quiet.addRows(batch)
            try busy.addRows(batch)
            _ = try busy.nearest(to: data.queries, k: 30, threads: 2)
            _ = try busy.holds([3, 4000])
            _ = try? busy.rows([4000])
            _ = try busy.statistics()
        }
        #expect(busy.digest == quiet.digest)
    }

    /// Adds the vectors in four batches, on as many threads as `threads` says for each.
    private func digest<C: Component>(
        _ metric: Metric, _ vectors: [[C]], seed: UInt64 = 1, threads: (Int) -> Int
    ) throws -> Digest {
        try digest(makeIndex(metric, seed: seed).configuration, vectors, threads: threads)
    }

    private func digest<C: Component>(
        _ configuration: Configuration, _ vectors: [[C]], threads: (Int) -> Int
    ) throws -> Digest {
        let index = try Index(configuration)
        let borders = [0, 513, 514, 1100, vectors.count]
        for (number, (start, end)) in zip(borders, borders.dropFirst()).enumerated() {
            try index.addRows(Array(vectors[start..<end]), threads: threads(number))
        }
        return index.digest
    }

    private func makeIndex(_ metric: Metric, seed: UInt64 = 1) throws -> Index {
        try Index(Configuration(dim: 6, metric: metric, M: 5, efConstruction: 20, seed: seed))
    }
}
