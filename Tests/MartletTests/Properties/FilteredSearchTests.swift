import MartletTestSupport
import Testing

@testable import Martlet

/// Searches among the rows that a mask lets through, against exact search among these rows.
@Suite struct FilteredSearchTests {
    enum Filter: String, CaseIterable, Sendable {
        case random
        /// The rows nearest to the query.
        case near
        /// The rows farthest from the query.
        case far
        /// The rows nearest to the row that is farthest from the query.
        case farCluster
    }

    static let shares = [0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9]

    /// Every query gets k matches if there are as many, and nearly always the right ones.
    @Test(arguments: [Dataset.Kind.uniform, .clustered], Filter.allCases)
    func findsTheNearestMatches(kind: Dataset.Kind, filter: Filter) throws {
        let (index, data) = try Self.make(.l2, kind)
        for share in Self.shares {
            var (sum, methods) = (0.0, Set<SearchMethod>())
            for (number, query) in data.queries.enumerated() {
                let allow = Self.mask(filter, share, data, query, seed: UInt64(number))
                let (hits, explanation) = try index.nearest(to: [query], k: 10, allow: allow)
                methods.insert(explanation.method)
                sum += try Self.recall(hits[0], query, k: 10, allow, data, .l2)
            }
            let mean = sum / Double(data.queries.count)
            #expect(mean >= 0.95, "\(share) of the rows, by \(methods)")
        }
    }

    @Test(arguments: [Metric.ip, .cosine])
    func underOtherMetrics(metric: Metric) throws {
        let (index, data) = try Self.make(metric, .uniform)
        for share in Self.shares {
            var sum = 0.0
            for (number, query) in data.queries.enumerated() {
                let allow = Self.mask(.random, share, data, query, seed: UInt64(number))
                let hits = try index.nearest(to: [query], k: 10, allow: allow).hits
                sum += try Self.recall(hits[0], query, k: 10, allow, data, metric)
            }
            #expect(sum / Double(data.queries.count) >= 0.95, "\(share) of the rows")
        }
    }

    /// Few matches are always scanned, so that the answers are those of an exact search.
    @Test(arguments: Metric.all, Dataset.Kind.allCases)
    func fewMatchesAreFoundExactly(metric: Metric, kind: Dataset.Kind) throws {
        for count in [1, 2, 50, 1500] {
            let data = Dataset(kind, count: count, dim: 7, queries: 5, seed: 4)
            let index = try Index(Configuration(dim: 7, metric: metric, M: 4, efConstruction: 20))
            try index.addRows(data.vectors)
            for matching in [0, 1, 9, 10, 11, 65, 300] where matching <= count {
                var generator = SeededGenerator(UInt64(matching))
                let rows = Array((0..<count).shuffled(using: &generator).prefix(matching)).sorted()
                let allow = Self.mask(rows, of: count)
                let oracle = Oracle(metric, rows.map { data.vectors[$0] })
                for k in [1, 10, 1000] {
                    let hits = try index.nearest(to: data.queries, k: k, allow: allow).hits
                    for (hits, query) in zip(hits, data.queries) {
                        try checkExact(hits, query, k: k, oracle) {
                            rows.firstIndex(of: Int($0)) ?? -1
                        }
                    }
                }
            }
        }
    }

    /// A mask that lets everything through changes nothing.
    @Test(arguments: Metric.all)
    func allRowsAllowed(metric: Metric) throws {
        let data = Dataset(.clustered, count: 2000, dim: 9, queries: 40, seed: 3)
        let index = try Index(Configuration(dim: 9, metric: metric, M: 6, efConstruction: 40))
        try index.addRows(data.vectors)
        let allow = [Bool](repeating: true, count: 2000)
        for ef in [10, 64, 3000] {
            let free = try index.nearest(to: data.queries, k: 10, ef: ef)
            let filtered = try index.nearest(to: data.queries, k: 10, ef: ef, allow: allow)
            #expect(filtered.hits == free)
            #expect(filtered.explanation.method == .plainBeam)
        }
    }

    @Test(arguments: [0.001, 0.2, 0.3, 0.8])
    func threadsLeaveNoTrace(share: Double) throws {
        let (index, data) = try Self.make(.l2, .uniform)
        let allow = Self.mask(.random, share, data, data.queries[0], seed: 1)
        let alone = try index.nearest(to: data.queries, k: 10, threads: 1, allow: allow)
        for threads in [2, 3, 8] {
            let together = try index.nearest(
                to: data.queries, k: 10, threads: threads, allow: allow)
            #expect(together.hits == alone.hits && together.explanation == alone.explanation)
        }
    }

    /// A scan on codes must notice that vectors outside their range seem nearer than they are.
    @Test func outliersDoNotMisleadScans() throws {
        let data = Dataset(.uniform, count: 4000, dim: 16, queries: 10, seed: 8)
        var vectors = data.vectors
        // So few that the choice of codes does not see them.
        for row in stride(from: 1, to: 4000, by: 240) { vectors[row][0] = 60 }
        let index = try Index(Configuration(dim: 16, metric: .l2, M: 6, efConstruction: 40))
        try index.addRows(vectors)
        try #require(try index.statistics().codeBytes > 0)
        let all = Oracle(.l2, vectors)
        for query in data.queries {
            let rows = all.nearest(to: query, k: 4000).suffix(300).map(\.row).sorted()
            let hits = try index.nearest(to: [query], k: 10, allow: Self.mask(rows, of: 4000)).hits
            let oracle = Oracle(.l2, rows.map { vectors[$0] })
            try checkExact(hits[0], query, k: 10, oracle) { rows.firstIndex(of: Int($0))! }
        }
    }

    // MARK: Data

    private static func make(
        _ metric: Metric, _ kind: Dataset.Kind
    ) throws -> (Index, Dataset) {
        let data = Dataset(kind, count: 12_000, dim: 10, queries: 20, seed: 6)
        let index = try Index(Configuration(dim: 10, metric: metric, M: 8, efConstruction: 60))
        try index.addRows(data.vectors)
        return (index, data)
    }

    private static func mask(_ rows: some Sequence<Int>, of count: Int) -> [Bool] {
        var allow = [Bool](repeating: false, count: count)
        for row in rows { allow[row] = true }
        return allow
    }

    private static func mask(
        _ filter: Filter, _ share: Double, _ data: Dataset, _ query: [Float], seed: UInt64
    ) -> [Bool] {
        let count = data.vectors.count
        let matching = Int((Double(count) * share).rounded())
        let oracle = Oracle(.l2, data.vectors)
        func nearest(to query: [Float]) -> [Int] {
            oracle.nearest(to: query, k: count).map(\.row)
        }
        var generator = SeededGenerator(seed)
        let order =
            switch filter {
            case .random: (0..<count).shuffled(using: &generator)
            case .near: nearest(to: query)
            case .far: Array(nearest(to: query).reversed())
            case .farCluster: nearest(to: data.vectors[nearest(to: query).last!])
            }
        return mask(order.prefix(matching), of: count)
    }

    /// Checks that as many hits as there can be are allowed ones, at the right distances; returns
    /// their recall.
    private static func recall(
        _ hits: [Hit], _ query: [Float], k: Int, _ allow: [Bool], _ data: Dataset, _ metric: Metric
    ) throws -> Double {
        let rows = allow.indices.filter { allow[$0] }
        guard hits.count == min(k, rows.count) else {
            throw WrongHits("\(hits.count) hits among \(rows.count) matches")
        }
        let all = Oracle(metric, data.vectors)
        for hit in hits {
            let right = all.distance(query, Int(hit.id))
            guard allow[Int(hit.id)],
                abs(right - Double(hit.distance)) <= all.tolerance(query, Int(hit.id))
            else { throw WrongHits("\(hit) is not allowed, or at \(right)") }
        }
        let oracle = Oracle(metric, rows.map { data.vectors[$0] })
        let places = Dictionary(uniqueKeysWithValues: zip(rows, 0...))
        return MartletTestSupport.recall(of: hits, at: k, for: query, by: oracle) {
            places[Int($0)]!
        }
    }
}
