import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct ScorerTests {
    @Test(arguments: Metric.all, Dataset.Kind.allCases)
    func publicDistancesAreTheOracles(metric: Metric, kind: Dataset.Kind) throws {
        let scores = try Scores(metric, kind)
        for query in scores.data.queries {
            let distances = try scores.published(query)
            for row in scores.data.vectors.indices {
                let error = abs(Double(distances[row]) - scores.oracle.distance(query, row))
                #expect(error <= scores.oracle.tolerance(query, row))
            }
        }
    }

    /// Up to the rounding of the terms that a distance is the sum of.
    @Test(arguments: Metric.all, Dataset.Kind.allCases)
    func queriesOrderSlotsAsTheOracleDoes(metric: Metric, kind: Dataset.Kind) throws {
        let scores = try Scores(metric, kind)
        for query in scores.data.queries {
            let distances = try scores.searched(query)
            #expect(distances.allSatisfy { $0 >= 0 })
            let order = distances.indices.sorted { distances[$0] < distances[$1] }
            for (a, b) in zip(order, order.dropFirst()) {
                let slack = scores.oracle.tolerance(query, a) + scores.oracle.tolerance(query, b)
                let exact = (scores.oracle.distance(query, a), scores.oracle.distance(query, b))
                #expect(exact.0 <= exact.1 + slack)
            }
        }
    }

    @Test(arguments: [Metric.l2, .cosine], Dataset.Kind.allCases)
    func storedVectorsAreTheirDistanceApart(metric: Metric, kind: Dataset.Kind) throws {
        let scores = try Scores(metric, kind)
        let squares = scores.data.vectors.map { Oracle.dot($0, $0) }
        for slot in [0, 17, 299] {
            let distances = scores.from(UInt32(slot), .searched)
            for row in scores.data.vectors.indices {
                let exact = scores.oracle.distance(scores.data.vectors[slot], row)
                #expect(abs(Double(distances[row]) - exact) <= 1e-5 * max(1, squares.max()!))
            }
        }
    }

    /// One very long vector does not blur the products of the others.
    @Test func productsOfShortVectorsStayApartBesideALongOne() throws {
        let short = (0..<200).map { [Float(1) + Float($0) * 1e-4, 0] }
        let stored = try StoredVectors(.ip, short + [[1e12, 0]])
        let slots = (0..<UInt32(201)).map { $0 }
        var distances = [Float](repeating: 0, count: 201)
        Scorer(0, in: .searched, of: stored.view).score(slots, 201, &distances)
        #expect(slots.sorted { distances[Int($0)] < distances[Int($1)] } == slots.reversed())
    }

    /// Each with one more component, which makes them equally long.
    @Test(arguments: Dataset.Kind.allCases)
    func liftedVectorsAreTheirDistanceApart(kind: Dataset.Kind) throws {
        let scores = try Scores(.ip, kind)
        let squares = scores.data.vectors.map { Oracle.dot($0, $0) }
        let lifted = zip(scores.data.vectors, squares).map {
            $0 + [Float((squares.max()! - $1).squareRoot())]
        }
        for slot in [0, 17, 299] {
            let distances = scores.from(UInt32(slot), .lifted)
            for row in lifted.indices {
                let exact = Oracle.distance(.l2, lifted[slot], lifted[row])
                #expect(abs(Double(distances[row]) - exact) <= 1e-5 * max(1, squares.max()!))
            }
            #expect(distances[slot] == 0)
        }
    }

    @Test(arguments: [(Metric.l2, Space.searched), (.cosine, .searched), (.ip, .lifted)])
    func copiesAreNoFartherThanTheCopyDistance(metric: Metric, space: Space) throws {
        let scores = try Scores(metric, .duplicates)
        for slot in scores.data.vectors.indices {
            let copies = scores.data.vectors.indices.filter {
                scores.data.vectors[$0] == scores.data.vectors[slot]
            }
            let distances = scores.from(UInt32(slot), space)
            let limit = Scorer(UInt32(slot), in: space, of: scores.stored.view).copyDistance
            #expect(copies.count == 10 && copies.allSatisfy { distances[$0] <= limit })
        }
    }

    @Test func innerProductAloneSharesItsRows() {
        for width in 2...1024 {
            #expect(Space.all(for: .l2) == [.searched] && Space.all(for: .cosine) == [.searched])
            #expect(Space.searched.limit(width, .l2) == width)
            let share = Space.searched.limit(width, .ip)
            // The tree's links, width / 2 children and a parent, fit on layer 0.
            #expect(share >= 1 && share < width && (width < 4 || share > width / 2))
            #expect(Space.lifted.limit(width, .ip) == width)
        }
    }
}

extension Metric {
    static let all = [Metric.l2, .ip, .cosine]
}

/// 300 stored vectors, too few for codes, and ten queries.
private final class Scores {
    let data: Dataset
    let oracle: Oracle
    let stored: StoredVectors

    init(_ metric: Metric, _ kind: Dataset.Kind) throws {
        data = Dataset(kind, count: 300, dim: 13, queries: 10, seed: 4)
        oracle = Oracle(metric, data.vectors)
        stored = try StoredVectors(metric, data.vectors)
    }

    func from(_ slot: UInt32, _ space: Space) -> [Float] {
        scores { Scorer(slot, in: space, of: stored.view).score($0, $1, $2) }
    }

    func searched(_ query: [Float]) throws -> [Float] {
        try withQuery(query) { query in
            try withQueryCode(stride: stored.view.reader.codeStride) { room in
                scores { Scorer(query, code: room, in: stored.view).score($0, $1, $2) }
            }
        }
    }

    func published(_ query: [Float]) throws -> [Float] {
        try withQuery(query) { query in
            scores { stored.view.distances(query, $0, $1, $2) }
        }
    }

    private func withQuery<Result>(_ query: [Float], _ body: (Query) throws -> Result) throws
        -> Result
    {
        let row = try StoredVectors(stored.store.reader.metric, [query])
        let length = Float(Oracle.dot(query, query).squareRoot())
        return try withExtendedLifetime(row) {
            try body(Query(row: row.view.row(0), length: length))
        }
    }

    private func scores(
        _ function: (UnsafePointer<UInt32>, Int, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        let slots = data.vectors.indices.map { UInt32($0) }
        var distances = [Float](repeating: -1, count: slots.count)
        function(slots, slots.count, &distances)
        return distances
    }
}
