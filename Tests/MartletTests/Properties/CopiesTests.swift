import MartletTestSupport
import Testing

@testable import Martlet

/// Copies of one vector are all found, however many there are and whatever lies around them.
@Suite struct CopiesTests {
    enum Order: CaseIterable {
        case oneGroupAfterTheOther, inTurn
    }

    /// Five points, a hundred copies each; a search for a hundred finds all of them.
    @Test(arguments: Metric.all, Order.allCases)
    func fiveTimesAHundred(metric: Metric, order: Order) throws {
        try withEvery("seed", in: UInt64(0)..<10) { seed in
            let points = Dataset(.uniform, count: 5, dim: 8, seed: seed).vectors.map(unit)
            let vectors = (0..<500).map { points[order == .inTurn ? $0 % 5 : $0 / 100] }
            for batch in [500, 50, 10] {
                try check(points, vectors, batch: batch, metric, seed)
            }
        }
    }

    /// The same among a thousand other vectors, some of them near the points.
    @Test(arguments: Metric.all, [3, 16])
    func amongOthers(metric: Metric, M: Int) throws {
        try withEvery("seed", in: UInt64(0)..<5) { seed in
            var generator = SeededGenerator(seed)
            let points = (0..<5).map { _ in unit(generator.normals(8)) }
            let near = (0..<500).map { i in
                unit(points[i % 5].map { $0 + 0.02 * generator.normal() })
            }
            let far = (0..<500).map { _ in unit(generator.normals(8)) }
            let copies = (0..<500).map { points[$0 % 5] }
            let vectors = (near + far + copies).shuffled(using: &generator)
            try check(points, vectors, batch: 1500, metric, M: M, seed)
        }
    }

    @Test(arguments: Metric.all)
    func nothingButCopies(metric: Metric) throws {
        let vectors = [[Float]](repeating: [1, 2, 3], count: 1500)
        try check([[1, 2, 3]], vectors, batch: 700, metric, 0)
    }

    /// Of length 1, so that a vector is its own nearest under inner product, too.
    private func unit(_ vector: [Float]) -> [Float] {
        let length = Float(Oracle.dot(vector, vector).squareRoot())
        return vector.map { $0 / length }
    }

    private func check(
        _ points: [[Float]], _ vectors: [[Float]], batch: Int, _ metric: Metric, M: Int = 16,
        _ seed: UInt64
    ) throws {
        let index = try Index(
            Configuration(
                dim: points[0].count, metric: metric, M: M, efConstruction: 100, seed: seed))
        for start in stride(from: 0, to: vectors.count, by: batch) {
            try index.addRows(Array(vectors[start..<min(start + batch, vectors.count)]))
        }
        try index.checkInvariants()
        let oracle = Oracle(metric, vectors)
        let hits = try index.nearest(to: points, k: 100, ef: 100)
        for (hits, point) in zip(hits, points) {
            try checkExact(hits, point, k: 100, oracle)
        }
    }
}
