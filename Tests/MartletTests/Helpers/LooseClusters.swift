import MartletTestSupport

/// Vectors in clusters, given one by one in any order, wide enough for codes to tell their members
/// apart, and queries from the same clusters.
struct LooseClusters {
    let vectors: [[Float]]
    let queries: [[Float]]

    init(count: Int, dim: Int, queries: Int = 0, seed: UInt64) {
        var generator = SeededGenerator(seed)
        let centers = (0..<20).map { _ in generator.normals(dim) }
        let all = (0..<count + queries).map { _ in
            let center = centers.randomElement(using: &generator)!
            return center.map { $0 + 0.8 * generator.normal() }
        }
        (vectors, self.queries) = (Array(all[..<count]), Array(all[count...]))
    }
}
