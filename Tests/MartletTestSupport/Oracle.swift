import Martlet

/// Exact nearest neighbors by plain loops in Double. Shares no code with the engine.
public struct Oracle: Sendable {
    public struct Match: Sendable {
        public let row: Int
        public let distance: Double
    }

    public let metric: Metric
    public var vectors: [[Float]]

    public init(_ metric: Metric, _ vectors: [[Float]]) {
        (self.metric, self.vectors) = (metric, vectors)
    }

    /// The distance between two vectors, by the metric's definition.
    public static func distance(_ metric: Metric, _ a: [Float], _ b: [Float]) -> Double {
        switch metric {
        case .l2:
            var sum = 0.0
            for i in a.indices {
                let difference = Double(a[i]) - Double(b[i])
                sum += difference * difference
            }
            return sum
        case .ip: return 1 - dot(a, b)
        case .cosine: return 1 - dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        }
    }

    public static func dot(_ a: [Float], _ b: [Float]) -> Double {
        var sum = 0.0
        for i in a.indices { sum += Double(a[i]) * Double(b[i]) }
        return sum
    }

    /// The distance of `query` from row `row`.
    public func distance(_ query: [Float], _ row: Int) -> Double {
        Self.distance(metric, query, vectors[row])
    }

    /// The `k` nearest rows, or all if there are fewer: nearest first, equal ones in order.
    public func nearest(to query: [Float], k: Int) -> [Match] {
        let all = vectors.indices.map { Match(row: $0, distance: distance(query, $0)) }
        let sorted = all.sorted { ($0.distance, $0.row) < ($1.distance, $1.row) }
        return Array(sorted.prefix(k))
    }

    /// How far a distance computed in floats may be from `distance(query, row)`.
    public func tolerance(_ query: [Float], _ row: Int) -> Double {
        let vector = vectors[row]
        let scale =
            switch metric {
            case .l2: distance(query, row)
            case .ip: (Self.dot(query, query) * Self.dot(vector, vector)).squareRoot() + 1
            case .cosine: 2.0
            }
        return 4e-6 * scale
    }
}
