import MartletTestSupport
import Testing

@testable import Martlet

/// Recall@10 at ef 64 of 2000 vectors, as measured when this was written; a little less passes.
struct Gate: CustomTestStringConvertible {
    let metric: Metric
    let kind: Dataset.Kind
    let oneBatch: Double
    let manyBatches: Double

    init(_ metric: Metric, _ kind: Dataset.Kind, oneBatch: Double, manyBatches: Double) {
        (self.metric, self.kind) = (metric, kind)
        (self.oneBatch, self.manyBatches) = (oneBatch, manyBatches)
    }

    var testDescription: String { "\(metric), \(kind)" }
}

private let gates = [
    Gate(.l2, .uniform, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.l2, .clustered, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.l2, .duplicates, oneBatch: 0.990, manyBatches: 0.930),
    Gate(.l2, .collinear, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.l2, .unevenLengths, oneBatch: 0.946, manyBatches: 0.953),
    Gate(.ip, .uniform, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.ip, .clustered, oneBatch: 1.000, manyBatches: 0.979),
    Gate(.ip, .duplicates, oneBatch: 0.990, manyBatches: 0.990),
    Gate(.ip, .collinear, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.ip, .unevenLengths, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.cosine, .uniform, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.cosine, .clustered, oneBatch: 1.000, manyBatches: 0.907),
    Gate(.cosine, .duplicates, oneBatch: 1.000, manyBatches: 0.950),
    Gate(.cosine, .collinear, oneBatch: 1.000, manyBatches: 1.000),
    Gate(.cosine, .unevenLengths, oneBatch: 1.000, manyBatches: 1.000),
]

/// How many of the true neighbors a search finds, for queries that are not stored.
@Suite struct RecallTests {
    @Test(arguments: gates)
    func ofOneBatch(gate: Gate) throws {
        let data = Self.data(gate.kind)
        let index = try Self.index(gate.metric)
        try index.addRows(data.vectors)
        try Self.check(index, data, atLeast: gate.oneBatch - 0.03)
    }

    /// 256 rows at a time, and one by one at the end.
    @Test(arguments: gates)
    func ofManyBatches(gate: Gate) throws {
        let data = Self.data(gate.kind)
        let index = try Self.index(gate.metric)
        for start in stride(from: 0, to: 1792, by: 256) {
            try index.addRows(Array(data.vectors[start..<start + 256]))
        }
        for row in data.vectors[1792...] { try index.addRows([row]) }
        try Self.check(index, data, atLeast: gate.manyBatches - 0.03)
    }

    /// A beam as wide as the index misses nothing.
    @Test(arguments: Metric.all, Dataset.Kind.allCases)
    func ofTheWidestBeamIsWhole(metric: Metric, kind: Dataset.Kind) throws {
        for count in [1, 2, 3, 40, 700] {
            let data = Dataset(kind, count: count, dim: 7, queries: 20, seed: 12)
            let index = try Index(Configuration(dim: 7, metric: metric, M: 3, efConstruction: 10))
            try index.addRows(data.vectors)
            let oracle = Oracle(metric, data.vectors)
            for k in [1, 10, count, count + 5] {
                let hits = try index.nearest(to: data.queries, k: k, ef: count)
                for (hits, query) in zip(hits, data.queries) {
                    try checkExact(hits, query, k: k, oracle)
                }
            }
        }
    }

    /// Inner products must not drown in the length of one vector.
    @Test(arguments: [1e2, 1e4, 1e6, 1e10, 1e15] as [Float])
    func survivesOneVeryLongVector(scale: Float) throws {
        let data = Dataset(.uniform, count: 500, dim: 12, queries: 50, seed: 3)
        var vectors = data.vectors
        vectors[0] = vectors[0].map { $0 * scale }
        let index = try Index(Configuration(dim: 12, metric: .ip))
        try index.addRows(vectors)
        let oracle = Oracle(.ip, vectors)
        let hits = try index.nearest(to: data.queries, k: 10, ef: 500)
        for (hits, query) in zip(hits, data.queries) {
            try checkExact(hits, query, k: 10, oracle)
        }
    }

    private static func data(_ kind: Dataset.Kind) -> Dataset {
        Dataset(kind, count: 2000, dim: 12, queries: 100, seed: 1)
    }

    private static func index(_ metric: Metric) throws -> Index {
        try Index(Configuration(dim: 12, metric: metric, M: 16, efConstruction: 100))
    }

    private static func check(_ index: Index, _ data: Dataset, atLeast least: Double) throws {
        let oracle = Oracle(index.configuration.metric, data.vectors)
        let hits = try index.nearest(to: data.queries, k: 10, ef: 64)
        let sum = zip(hits, data.queries).reduce(0) {
            $0 + recall(of: $1.0, at: 10, for: $1.1, by: oracle)
        }
        let mean = sum / Double(data.queries.count)
        #expect(mean >= least)
    }
}
