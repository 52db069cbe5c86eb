/// Repeatable random numbers: Marsaglia's xorshift64* (Vigna 2016).
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(_ seed: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        for _ in 0..<8 { _ = next() }
    }

    public mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }

    /// Nearly normal, mean 0, variance 1: the sum of twelve uniform numbers, the same everywhere.
    public mutating func normal() -> Float {
        var sum: Float = -6
        for _ in 0..<12 { sum += Float.random(in: 0..<1, using: &self) }
        return sum
    }

    public mutating func normals(_ count: Int) -> [Float] {
        (0..<count).map { _ in normal() }
    }
}
