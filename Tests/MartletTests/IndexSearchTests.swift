import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IndexSearchTests {
    /// Five points in the plane, under ids of their own.
    private static let plane: [[Float]] = [[0, 0], [3, 4], [6, 8], [-3, 4], [0, -5]]
    private static let ids: [Int64] = [50, 40, 30, 20, 10]

    @Test func squaredEuclideanDistances() throws {
        let index = try makePlane(.l2)
        #expect(
            try index.nearest(to: [[0, 1], [6, 7]] as [[Float]], k: 5) == [
                [hit(50, 1), hit(40, 18), hit(20, 18), hit(10, 36), hit(30, 85)],
                [hit(30, 1), hit(40, 18), hit(50, 85), hit(20, 90), hit(10, 180)],
            ])
    }

    @Test func innerProducts() throws {
        let index = try makePlane(.ip)
        #expect(
            try index.nearest(to: [[1, 0], [0, -2]] as [[Float]], k: 5) == [
                [hit(30, -5), hit(40, -2), hit(50, 1), hit(10, 1), hit(20, 4)],
                [hit(10, -9), hit(50, 1), hit(40, 9), hit(20, 9), hit(30, 17)],
            ])
    }

    @Test func cosines() throws {
        let index = try Index(Configuration(dim: 2, metric: .cosine))
        try index.addRows(
            [[3, 4], [-8, 6], [0, -0.5], [1e9, 0]] as [[Float]], ids: [1, 2, 3, 4])
        let hits = try index.nearest(to: [[0, 7]] as [[Float]], k: 4)[0]
        #expect(hits.map(\.id) == [1, 2, 4, 3])
        let distances = [0.2, 0.4, 1, 2] as [Float]
        #expect(zip(hits, distances).allSatisfy { abs($0.distance - $1) < 1e-6 })
    }

    /// Also for copies, opposites and multiples, where rounding might go below or above.
    @Test func cosineDistancesAreFromZeroToTwo() throws {
        let data = Dataset(.uniform, count: 300, dim: 12, seed: 3)
        let index = try Index(Configuration(dim: 12, metric: .cosine, efConstruction: 10))
        try index.addRows(data.vectors)
        for factor in [1, 3, -1, -7] as [Float] {
            let queries = data.vectors.map { $0.map { $0 * factor } }
            let hits = try index.nearest(to: queries, k: 300, ef: 300).joined()
            #expect(hits.allSatisfy { (0...2).contains($0.distance) })
        }
    }

    @Test(arguments: Metric.all)
    func equalDistancesComeInTheOrderOfAdding(metric: Metric) throws {
        let index = try Index(Configuration(dim: 2, metric: metric))
        try index.addRows([[1, 1], [5, 5], [1, 1]] as [[Float]], ids: [9, 5, 8])
        try index.addRows([[1, 1]] as [[Float]], ids: [3])
        let far: [Int64] = try index.nearest(to: [[2, 0]] as [[Float]], k: 4)[0].map(\.id)
        #expect(far.filter { $0 != 5 } == [9, 8, 3])
        let first = try index.nearest(to: [[1, 0]] as [[Float]], k: 4)[0].first { $0.id != 5 }
        #expect(first?.id == 9)
    }

    @Test func kMayExceedTheCount() throws {
        let index = try makePlane(.l2)
        let found = try search(index, rows: 2, k: 8)
        #expect(found.counts == [5, 5])
        for row in [found.ids[..<8], found.ids[8...]] {
            #expect(Array(row.suffix(3)) == [-1, -1, -1])
            #expect(Set(row.prefix(5)) == Set(Self.ids))
        }
        #expect(found.distances[5..<8] == [.infinity, .infinity, .infinity])
    }

    @Test func anEmptyIndexFindsNothing() throws {
        let index = try Index(Configuration(dim: 2, metric: .ip))
        let found = try search(index, rows: 2, k: 2)
        #expect(found.counts == [0, 0])
        #expect(found.ids == [-1, -1, -1, -1])
        #expect(found.distances.allSatisfy { $0 == .infinity })
    }

    @Test func kMayBeZero() throws {
        let index = try makePlane(.l2)
        #expect(try search(index, rows: 3, k: 0).counts == [0, 0, 0])
        #expect(throws: MartletError.notFinite(row: 0, column: 1)) {
            try index.nearest(to: [[0, Float.nan]], k: 0)
        }
    }

    @Test func noQueriesAreAllowed() throws {
        let index = try makePlane(.l2)
        #expect(try search(index, rows: 0, k: 3).counts == [])
    }

    @Test(arguments: [1, 2, 4, 0])
    func threadsShareQueriesWithoutATrace(threads: Int) throws {
        let data = Dataset(.clustered, count: 500, dim: 6, queries: 101, seed: 3)
        let index = try Index(Configuration(dim: 6, efConstruction: 30))
        try index.addRows(data.vectors)
        let alone = try data.queries.map { try index.nearest(to: [$0], k: 7)[0] }
        #expect(try index.nearest(to: data.queries, k: 7, threads: threads) == alone)
    }

    @Test(arguments: [1, 3])
    func theFirstBadRowIsReported(threads: Int) throws {
        let index = try makePlane(.cosine, [[1, 0], [0, 1]])
        var queries = [[Float]](repeating: [1, 2], count: 100)
        queries[99] = [0, 0]
        #expect(throws: MartletError.tooShort(row: 99)) {
            try index.nearest(to: queries, k: 1, threads: threads)
        }
        queries[41] = [.infinity, 0]
        queries[60] = [1e30, 0]
        #expect(throws: MartletError.notFinite(row: 41, column: 0)) {
            try index.nearest(to: queries, k: 1, threads: threads)
        }
        queries[7] = [1e30, 0]
        #expect(throws: MartletError.tooLong(row: 7)) {
            try index.nearest(to: queries, k: 1, threads: threads)
        }
    }

    @Test(arguments: [1, 3])
    func aCancelledSearchStops(threads: Int) throws {
        let index = try makePlane(.l2)
        let words = ControlWords()
        var options = SearchOptions()
        (options.threads, options.control) = (threads, words.control)
        _ = try search(index, rows: 50, k: 1, options)
        #expect(words.total == 50 && words.done == 50)
        options.control = words.controlCancelledOnceSomeAreDone
        #expect(throws: MartletError.cancelled) {
            try search(index, rows: 500, k: 1, options)
        }
        #expect(words.total == 500 && (1..<500).contains(words.done))
    }

    @Test func optionsOutOfBounds() throws {
        let index = try makePlane(.l2)
        try expectInvalid("ef is 0,") { try index.nearest(to: [[0, 0]] as [[Float]], k: 1, ef: 0) }
        try expectInvalid("ef is 4294967295,") {
            try index.nearest(to: [[0, 0]] as [[Float]], k: 1, ef: 4_294_967_295)
        }
        try expectInvalid("threads is -1,") {
            try index.nearest(to: [[0, 0]] as [[Float]], k: 1, threads: -1)
        }
        let nowhere = SearchOutput(ids: nil, distances: nil, counts: nil)
        try withMatrix([[0, 0], [0, 0]] as [[Float]], columns: 2) { queries in
            try expectInvalid("k is -1,") { try index.search(queries, k: -1, into: nowhere) }
            try expectInvalid("k is \(Int.min),") {
                try index.search(queries, k: .min, into: nowhere)
            }
            try expectInvalid("more than memory") {
                try index.search(queries, k: .max, into: nowhere)
            }
            try expectInvalid("must not be NULL") { try index.search(queries, k: 1, into: nowhere) }
            try index.search(queries, k: 0, into: nowhere)
        }
    }

    @Test func ofAnotherDimension() throws {
        let index = try makePlane(.l2)
        #expect(throws: MartletError.dimensionMismatch(given: 3, expected: 2)) {
            try withMatrix([[1, 2, 3]] as [[Float]], columns: 3) { queries in
                let nowhere = SearchOutput(ids: nil, distances: nil, counts: nil)
                try index.search(queries, k: 0, into: nowhere)
            }
        }
    }

    private func hit(_ id: Int64, _ distance: Float) -> Hit { Hit(id: id, distance: distance) }

    private func makePlane(_ metric: Metric, _ points: [[Float]] = plane) throws -> Index {
        let index = try Index(Configuration(dim: 2, metric: metric))
        try index.addRows(points, ids: Array(Self.ids.prefix(points.count)))
        return index
    }

    /// The raw output for `rows` times the same query.
    private func search(
        _ index: Index, rows: Int, k: Int, _ options: SearchOptions = SearchOptions()
    ) throws -> (ids: [Int64], distances: [Float], counts: [UInt64]) {
        var ids = [Int64](repeating: 77, count: rows * k)
        var distances = [Float](repeating: 77, count: rows * k)
        var counts = [UInt64](repeating: 77, count: rows)
        let queries = [[Float]](repeating: [1, 2], count: rows)
        try withMatrix(queries, columns: 2) { matrix in
            try ids.withUnsafeMutableBufferPointer { ids in
                try distances.withUnsafeMutableBufferPointer { distances in
                    try counts.withUnsafeMutableBufferPointer { counts in
                        let output = SearchOutput(
                            ids: ids.baseAddress, distances: distances.baseAddress,
                            counts: counts.baseAddress)
                        try index.search(matrix, k: k, options, into: output)
                    }
                }
            }
        }
        return (ids, distances, counts)
    }

    private func expectInvalid(_ words: String, _ body: () throws -> some Any) throws {
        do {
            _ = try body()
            Issue.record("nothing was thrown instead of \(words)")
        } catch MartletError.invalidArgument(let sentence) {
            #expect(sentence.contains(words))
        }
    }
}
