import MartletTestSupport
import Testing

@testable import Martlet

/// Searches by codes of links, beside those of an index that has none, and beside the oracle.
@Suite struct EstimatedSearchTests {
    /// For queries that are not stored, as measured when this was written; a little less passes.
    @Test(arguments: [Metric.l2, .cosine], [24, 100])
    func recallIsHardlyLess(metric: Metric, dim: Int) throws {
        let data = LooseClusters(count: 4000, dim: dim, queries: 200, seed: 51)
        let indexes = try Indexes(metric, data.vectors)
        let oracle = Oracle(metric, data.vectors)
        for k in [1, 10] {
            for ef in [10, 16, 32, 64, 128, 256] {
                let balanced = try recall(indexes.balanced, data, k: k, ef: ef, oracle)
                let fast = try recall(indexes.fast, data, k: k, ef: ef, oracle)
                #expect(fast >= balanced - (ef < 32 ? 0.04 : 0.02), "k \(k), ef \(ef)")
            }
        }
    }

    @Test(arguments: [Metric.l2, .cosine], [2, 4, 8, 16, 24, 40])
    func recallIsHardlyLessWithManyLinksOrFew(metric: Metric, M: Int) throws {
        let data = LooseClusters(count: 2500, dim: 20, queries: 100, seed: 52)
        let indexes = try Indexes(metric, data.vectors, M: M)
        let oracle = Oracle(metric, data.vectors)
        for ef in [10, 64] {
            let balanced = try recall(indexes.balanced, data, k: 10, ef: ef, oracle)
            let fast = try recall(indexes.fast, data, k: 10, ef: ef, oracle)
            let less = ef == 64 ? 0.02 : M <= 16 ? 0.04 : 0.08
            #expect(fast >= balanced - less, "ef \(ef)")
        }
    }

    /// Where one index cannot tell vectors apart, the other need not either.
    @Test(arguments: [Metric.l2, .cosine], Dataset.Kind.allCases)
    func everyVectorFindsItself(metric: Metric, kind: Dataset.Kind) throws {
        let data = Dataset(kind, count: 2000, dim: 16, seed: 53)
        let indexes = try Indexes(metric, data.vectors, isEncoded: kind == .uniform)
        let oracle = Oracle(metric, data.vectors)
        let missed = try [indexes.fast, indexes.balanced].map { index in
            let hits = try index.nearest(to: data.vectors, k: 1, ef: 64)
            return zip(hits, data.vectors).count { hits, vector in
                oracle.distance(vector, Int(hits[0].id))
                    > oracle.tolerance(vector, Int(hits[0].id)) + 1e-12
            }
        }
        #expect(missed[0] <= (kind == .uniform ? 0 : missed[1]))
    }

    /// A vector and its nine copies.
    @Test(arguments: [Metric.l2, .cosine])
    func equalDistancesComeInTheOrderAdded(metric: Metric) throws {
        let originals = Dataset(.uniform, count: 200, dim: 16, queries: 50, seed: 54)
        let fast = try Indexes(metric, (0..<2000).map { originals.vectors[$0 % 200] }).fast
        for k in [1, 4, 10] {
            let hits = try fast.nearest(to: originals.vectors, k: k, ef: 64)
            for (row, hits) in hits.enumerated() {
                #expect(hits.map(\.id) == (0..<k).map { Int64($0 * 200 + row) }, "k \(k)")
            }
        }
        for hits in try fast.nearest(to: originals.queries, k: 40, ef: 100) {
            for (one, next) in zip(hits, hits.dropFirst()) {
                #expect((one.distance, one.id) < (next.distance, next.id))
            }
        }
    }

    /// The nearest of a beam are those of its nodes, all compared, though few are. Half of the beam is
    /// asked for: more, and the walk that estimates would give way where it has not found as many.
    @Test(arguments: [Metric.l2, .cosine])
    func comparingFewOfABeamLosesNothing(metric: Metric) throws {
        let data = LooseClusters(count: 4000, dim: 24, queries: 200, seed: 63)
        let indexes = try Indexes(metric, data.vectors)
        for index in [indexes.fast, indexes.balanced] {
            for k in [1, 10, 50] {
                var options = SearchOptions()
                options.ef = 200
                let few = try index.nearest(to: data.queries, k: k, options)
                let all = try index.nearest(to: data.queries, k: 100, options)
                let wrong = zip(few.hits, all.hits).reduce(0) { wrong, hits in
                    wrong + zip(hits.0, hits.1).count { $0 != $1 }
                }
                #expect(wrong <= max(1, 200 * k / 1000), "k \(k)")
                let saved = all.explanation.distances - few.explanation.distances
                #expect(saved > 200 * (100 - k) / 4, "k \(k)")
            }
        }
    }

    /// However large k is, as many are found as there are, and with so wide a beam the right ones.
    @Test(arguments: [Metric.l2, .cosine], Dataset.Kind.allCases)
    func theWidestBeamMissesNothing(metric: Metric, kind: Dataset.Kind) throws {
        let data = Dataset(kind, count: 1200, dim: 7, queries: 5, seed: 55)
        for M in [2, 16] {
            let fast = try Indexes(metric, data.vectors, M: M, isEncoded: kind == .uniform).fast
            let oracle = Oracle(metric, data.vectors)
            for (k, ef) in [(1, 1200), (10, 5000), (1199, 1), (1200, 1200), (1205, 10)] {
                for (hits, query) in zip(
                    try fast.nearest(to: data.queries, k: k, ef: ef), data.queries)
                {
                    #expect(hits.count == min(k, 1200), "k \(k), ef \(ef), M \(M)")
                    guard max(k, ef) >= 1200 else { continue }
                    try checkExact(hits, query, k: k, oracle)
                }
            }
        }
    }

    /// As many as were asked for, where the beam is no wider than that.
    @Test(arguments: [Metric.l2, .cosine], Dataset.Kind.allCases)
    func asManyAreFoundAsWereAskedFor(metric: Metric, kind: Dataset.Kind) throws {
        let data = Dataset(kind, count: 3000, dim: 12, queries: 20, seed: 56)
        for M in [2, 4, 16] {
            let fast = try Indexes(metric, data.vectors, M: M, isEncoded: kind == .uniform).fast
            for k in [1, 2, 10, 100, 500, 1000, 2000, 2900] {
                let hits = try fast.nearest(to: data.queries, k: k, ef: 1)
                #expect(hits.allSatisfy { $0.count == k }, "k \(k), M \(M)")
                #expect(hits.allSatisfy { Set($0.map(\.id)).count == k }, "k \(k), M \(M)")
            }
        }
    }

    /// Removed vectors are not found; the others are, as before.
    @Test(arguments: [Metric.l2, .cosine])
    func removedVectorsAreNotFound(metric: Metric) throws {
        let data = LooseClusters(count: 3000, dim: 16, queries: 100, seed: 57)
        let indexes = try Indexes(metric, data.vectors)
        var left = data.vectors.indices.map { Int64($0) }
        var generator = SeededGenerator(58)
        for _ in 0..<6 {
            left.shuffle(using: &generator)
            let removed = Array(left.prefix(100))
            left.removeFirst(100)
            for index in [indexes.fast, indexes.balanced] { try index.remove(ids: removed) }
            let stored = left.sorted()
            let oracle = Oracle(metric, stored.map { data.vectors[Int($0)] })
            let rows = Dictionary(uniqueKeysWithValues: zip(stored, 0...))
            let found = try [indexes.fast, indexes.balanced].map { index in
                let hits = try index.nearest(to: data.queries, k: 10, ef: 64)
                #expect(hits.allSatisfy { $0.allSatisfy { rows[$0.id] != nil } })
                return zip(hits, data.queries).reduce(0) {
                    $0
                        + MartletTestSupport.recall(of: $1.0, at: 10, for: $1.1, by: oracle) {
                            rows[$0]!
                        }
                }
            }
            #expect(found[0] >= found[1] - 0.5)
        }
    }

    /// Where nothing estimates, an index with codes of links is one without, byte for byte: where
    /// only some vectors match, under inner products, with too few vectors and where codes are given up.
    @Test(arguments: Metric.all)
    func otherSearchesAreTheSame(metric: Metric) throws {
        let data = LooseClusters(count: 2000, dim: 12, queries: 20, seed: 59)
        let (all, few) = (
            try Indexes(metric, data.vectors, isEncoded: metric != .ip),
            try Indexes(metric, Array(data.vectors[..<1000]), isEncoded: false)
        )
        for share in [1, 3, 20, 500] {
            let allow = (0..<2000).map { $0 % share == 0 && $0 != 7 }
            let hits = try [all.fast, all.balanced].map {
                try $0.nearest(to: data.queries, k: 10, allow: allow).hits
            }
            #expect(hits[0] == hits[1], "one of \(share)")
        }
        try expectSame(few, data.queries)
        if metric == .ip { try expectSame(all, data.queries) }
    }

    @Test(arguments: [Metric.l2, .cosine])
    func searchesGoOnWhereCodesAreGivenUp(metric: Metric) throws {
        let (wide, tight) = Withdrawal.data(dim: 12)
        let indexes = try Indexes(metric, wide)
        for index in [indexes.fast, indexes.balanced] { try index.addRows(tight) }
        try expectSame(indexes, Dataset(.uniform, count: 20, dim: 12, seed: 60).vectors)
    }

    /// Queries that codes do not cover are compared with the vectors themselves.
    @Test(arguments: [Metric.l2, .cosine])
    func farQueriesAreTheSame(metric: Metric) throws {
        let data = LooseClusters(count: 2000, dim: 12, queries: 20, seed: 61)
        let far = data.queries.map { $0.map { $0 * 1e4 } }
        let indexes = try Indexes(metric, data.vectors)
        if metric == .l2 { return try expectSame(indexes, far) }
        let hits = try [far, data.queries].map { try indexes.fast.nearest(to: $0, k: 10) }
        #expect(zip(hits[0], hits[1]).allSatisfy { $0.map(\.id) == $1.map(\.id) })
    }

    /// Searches on several threads are those on one.
    @Test func threadsLeaveNoTrace() throws {
        let data = LooseClusters(count: 2000, dim: 12, queries: 200, seed: 62)
        let fast = try Indexes(.l2, data.vectors).fast
        let alone = try fast.nearest(to: data.queries, k: 10, threads: 1)
        #expect(try fast.nearest(to: data.queries, k: 10, threads: 3) == alone)
        #expect(try data.queries.map { try fast.nearest(to: [$0], k: 10)[0] } == alone)
    }

    private func expectSame(_ indexes: Indexes, _ queries: [[Float]]) throws {
        for (k, ef) in [(1, 10), (10, 64), (100, 10)] {
            let hits = try [indexes.fast, indexes.balanced].map {
                try $0.nearest(to: queries, k: k, ef: ef)
            }
            #expect(hits[0] == hits[1], "k \(k), ef \(ef)")
        }
    }

    private func recall(
        _ index: Index, _ data: LooseClusters, k: Int, ef: Int, _ oracle: Oracle
    ) throws -> Double {
        let hits = try index.nearest(to: data.queries, k: k, ef: ef)
        let sum = zip(hits, data.queries).reduce(0) {
            $0 + MartletTestSupport.recall(of: $1.0, at: k, for: $1.1, by: oracle)
        }
        return sum / Double(data.queries.count)
    }
}

/// The same vectors, without codes of links and with them, if there are any.
private struct Indexes {
    let balanced: Index
    let fast: Index

    init(_ metric: Metric, _ vectors: [[Float]], M: Int = 16, isEncoded: Bool = true) throws {
        let configuration = try Configuration(
            dim: vectors[0].count, metric: metric, M: M, efConstruction: 60)
        balanced = try Index(configuration)
        fast = try Index(configuration.with(.fast))
        try balanced.addRows(vectors)
        try fast.addRows(vectors)
        if isEncoded { try #require(fast.versions.read { $0.graph.linkCodes != nil }) }
    }
}
