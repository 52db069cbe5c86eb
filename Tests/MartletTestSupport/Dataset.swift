/// Vectors to be stored, and queries from the same source that are not among them.
public struct Dataset: Sendable, CustomStringConvertible {
    public enum Kind: String, CaseIterable, Sendable {
        /// Independent normal components.
        case uniform
        /// Tight clusters, given one after the other.
        case clustered
        /// Each vector ten times.
        case duplicates
        /// All on one line, which misses the origin.
        case collinear
        /// Lengths from 0.01 to 100.
        case unevenLengths
    }

    public let kind: Kind
    public let vectors: [[Float]]
    public let queries: [[Float]]

    public var description: String { "\(vectors.count) \(kind.rawValue) vectors" }

    public init(_ kind: Kind, count: Int, dim: Int, queries: Int = 0, seed: UInt64) {
        self.kind = kind
        var source = Source(kind, dim: dim, seed: seed)
        let groups = kind == .duplicates ? (count + 9) / 10 : count
        let originals = source.vectors(groups)
        vectors = (0..<count).map { originals[$0 * groups / count] }
        self.queries = source.vectors(queries)
    }
}

/// Draws the vectors of one kind.
private struct Source {
    private let kind: Dataset.Kind
    private let dim: Int
    private var generator: SeededGenerator
    private var centers: [[Float]] = []
    private var drawn = 0

    private static let clusterCount = 20

    init(_ kind: Dataset.Kind, dim: Int, seed: UInt64) {
        (self.kind, self.dim) = (kind, dim)
        generator = SeededGenerator(seed)
        centers = (0..<Self.clusterCount).map { _ in generator.normals(dim) }
    }

    /// `count` vectors; clustered ones come cluster by cluster.
    mutating func vectors(_ count: Int) -> [[Float]] {
        (0..<count).map { vector(cluster: $0 * Self.clusterCount / count) }
    }

    private mutating func vector(cluster: Int) -> [Float] {
        let normals = generator.normals(dim)
        switch kind {
        case .uniform, .duplicates: return normals
        case .clustered: return zip(centers[cluster], normals).map { $0 + 0.05 * $1 }
        case .collinear:
            let place = Float.random(in: -3...3, using: &generator)
            return zip(centers[0], centers[1]).map { $0 + place * $1 }
        case .unevenLengths:
            let scale = Float.random(in: 0.1...10, using: &generator)
            return normals.map { $0 * scale * scale / 4 }
        }
    }
}
