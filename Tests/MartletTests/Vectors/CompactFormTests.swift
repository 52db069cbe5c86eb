import MartletTestSupport
import Testing

@testable import Martlet

/// Vectors of which nothing but codes is left.
@Suite struct CompactFormTests {
    @Test func thereAreRowsAsLongAsThereAreNoCodes() throws {
        let data = Dataset(.uniform, count: 1300, dim: 16, seed: 1).vectors
        let stored = try StoredVectors(.l2, Array(data[..<1023]), .compact)
        #expect(stored.view.rows != nil && stored.view.codes == nil)
        #expect(stored.vectors == Array(data[..<1023]))
        try stored.append([data[1023]])
        #expect(stored.view.rows == nil && stored.view.codes != nil)
        try stored.append(Array(data[1024...]))
        #expect(stored.view.rows == nil && stored.vectors.count == 1300)
    }

    @Test func innerProductsKeepTheirRows() throws {
        let data = Dataset(.uniform, count: 1300, dim: 16, seed: 1).vectors
        let stored = try StoredVectors(.ip, data, .compact)
        #expect(stored.view.rows != nil && stored.view.codes == nil)
        #expect(stored.vectors == data)
    }

    /// Half a step in each rotated component, for every quantizer that a vector has seen; and there are
    /// few of them, however often the range becomes too small.
    @Test(arguments: [Metric.l2, .cosine], [16, 32, 50])
    func vectorsAreNearToWhatWasGiven(metric: Metric, dim: Int) throws {
        var data = Dataset(.uniform, count: 2500, dim: dim, seed: 2).vectors
        for row in 0..<2500 { data[row][row % dim] *= 1 + Float(row) / 1500 }
        let stored = try StoredVectors(metric, Array(data[..<1100]), .compact)
        var steps = [(step(stored), 1100)]
        for start in stride(from: 1100, to: 2500, by: 100) {
            try stored.append(Array(data[start..<start + 100]))
            if step(stored) != steps.last!.0 { steps.append((step(stored), start + 100)) }
            try #require(stored.view.rows == nil)
        }
        #expect(((metric == .l2 ? 2 : 1)...8).contains(steps.count))
        let root = Float(stored.store.reader.codeStride).squareRoot()
        for (row, (vector, given)) in zip(stored.vectors, data).enumerated() {
            let seen = steps.indices.filter { $0 + 1 == steps.count || steps[$0 + 1].1 > row }
            let bound = seen.reduce(Float(0)) { $0 + steps[$1].0 } * root / 2
            // Under cosine the step is that of vectors of length 1.
            let length = metric == .cosine ? Float(Oracle.dot(given, given).squareRoot()) : 1
            let error = distance(vector, given)
            try #require(error <= 1.001 * bound * length, "row \(row)")
        }
    }

    /// Under cosine lengths are kept beside the codes.
    @Test func lengthsStay() throws {
        let data = Dataset(.unevenLengths, count: 1500, dim: 32, seed: 3).vectors
        let stored = try StoredVectors(.cosine, data, .compact)
        #expect(stored.view.rows == nil)
        for (vector, given) in zip(stored.vectors, data) {
            let (length, right) = (Oracle.dot(vector, vector), Oracle.dot(given, given))
            try #require(abs(length / right - 1) < 1e-5)
        }
    }

    /// A vector so far away that codes which cover it would say nothing of the others.
    @Test(arguments: [Metric.l2, .cosine])
    func anOutlierBringsRowsBack(metric: Metric) throws {
        let data = Dataset(.uniform, count: 2100, dim: 16, seed: 4).vectors
        let near = metric == .l2 ? data : data.map { [100 + $0[0]] + $0.dropFirst() }
        let stored = try StoredVectors(metric, Array(near[..<1100]), .compact)
        let before = stored.vectors
        try #require(stored.view.rows == nil)
        let outlier = [-1e4] + near[0].dropFirst()
        try stored.append([outlier, near[1100]])
        #expect(stored.view.rows != nil && stored.view.codes == nil)
        #expect(stored.vectors == before + [outlier, near[1100]])
        try stored.append(Array(near[1101...]))
        #expect(stored.vectors == before + [outlier] + near[1100...])
    }

    /// Vectors that codes cannot tell apart keep rows; others, when the number has doubled, lose them.
    @Test(arguments: [Metric.l2, .cosine])
    func crowdsBringRowsBack(metric: Metric) throws {
        let (wide, tight) = Withdrawal.data(dim: 32)
        let stored = try StoredVectors(metric, wide, .compact)
        let before = stored.vectors
        try #require(stored.view.rows == nil)
        try stored.append(tight)
        #expect(stored.view.codes == nil && stored.vectors == before + tight)
        let many = Dataset(.uniform, count: 90_000, dim: 32, seed: 5).vectors
        try stored.append(many)
        #expect(stored.view.rows == nil && stored.vectors.count == 95_100)
    }

    /// By the triangle inequality, for queries near and far; also those that codes do not cover.
    @Test(arguments: [Metric.l2, .cosine], [32, 40])
    func distancesAreThoseToWhatCodesStandFor(metric: Metric, dim: Int) throws {
        let data = Dataset(.uniform, count: 1500, dim: dim, queries: 20, seed: 6)
        let stored = try StoredVectors(metric, data.vectors, .compact)
        let bound = step(stored) * Float(stored.store.reader.codeStride).squareRoot() / 2
        for (place, query) in (data.queries + data.vectors.prefix(5)).enumerated() {
            let query = place % 4 == 3 ? query.map { $0 * 30 } : query
            let found = try distances(stored, query)
            for (distance, vector) in zip(found, data.vectors) {
                let right = Oracle(metric, [vector]).distance(query, 0)
                // 1 - cos is half of a squared distance.
                let scale = metric == .cosine ? Float(2).squareRoot() : 1
                let error = abs(distance.squareRoot() - Float(right).squareRoot()) * scale
                try #require(error <= bound * 1.001 + 1e-3, "query \(place)")
            }
        }
    }

    /// To rows and back: rows are what codes stood for, and nothing is lost a second time but rounding.
    @Test(arguments: [Metric.l2, .cosine])
    func conversions(metric: Metric) throws {
        let data = Dataset(.uniform, count: 1500, dim: 20, seed: 7).vectors
        let stored = try StoredVectors(metric, data)
        try stored.convert(to: .compact)
        #expect(stored.view.rows == nil)
        let direct = try StoredVectors(metric, data, .compact)
        let compact = stored.vectors
        #expect(compact == direct.vectors)
        try stored.convert(to: .fast)
        #expect(stored.view.rows != nil && stored.view.codes != nil && stored.vectors == compact)
        try stored.convert(to: .balanced)
        #expect(stored.view.rows != nil && stored.vectors == compact)
        try stored.convert(to: .compact)
        #expect(stored.view.rows == nil)
        let bound = step(stored) * Float(32).squareRoot() / 2
        for (vector, before) in zip(stored.vectors, compact) {
            let length = metric == .cosine ? Float(Oracle.dot(before, before).squareRoot()) : 1
            try #require(distance(vector, before) <= 1.001 * bound * length)
        }
    }

    private func step(_ stored: StoredVectors) -> Float {
        stored.view.codes.map { 1 / $0.quantizer.stepsPerUnit } ?? .nan
    }

    private func distance(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }

    /// The public distances from a query to all that is stored.
    private func distances(_ stored: StoredVectors, _ query: [Float]) throws -> [Float] {
        let view = stored.view
        let row = try StoredVectors(stored.store.reader.metric, [query])
        let length = Float(Oracle.dot(query, query).squareRoot())
        return try withQueryCode(stride: view.codes!.stride) { room in
            var query = Query(row: row.view.row(0), length: length)
            view.codes!.steps(query, to: room.steps)
            query.steps = UnsafePointer(room.steps)
            var out = [Float](repeating: .nan, count: stored.store.count)
            view.distances(query, (0..<UInt32(out.count)).map { $0 }, out.count, &out)
            return out
        }
    }
}
