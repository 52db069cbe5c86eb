import MartletTestSupport

/// Vectors that codes are fine enough for, and more, so near to each other that codes of all are not.
enum Withdrawal {
    static func data(dim: Int) -> (wide: [[Float]], tight: [[Float]]) {
        let wide = Dataset(.uniform, count: 1100, dim: dim, seed: 41).vectors
        var generator = SeededGenerator(42)
        let centers = wide.prefix(20)
        let tight = (0..<4000).map { i in
            centers[i % 20].map { $0 + 3e-3 * generator.normal() }
        }
        return (wide, tight)
    }
}
