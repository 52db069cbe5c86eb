import Testing

@testable import Martlet

@Suite struct LevelSamplerTests {
    /// P(level >= l) = M^-l, within five standard deviations.
    @Test(arguments: [2, 16, 512] as [UInt64])
    func levelsAreGeometric(M: UInt64) {
        let count = 200_000
        let sampler = LevelSampler(seed: 1, M: M)
        let levels = (0..<count).map { sampler.level(ofNode: $0) }
        var share = 1.0
        for level in 1...4 {
            share /= Double(M)
            let expected = Double(count) * share
            let found = Double(levels.count { $0 >= level })
            #expect(abs(found - expected) <= 5 * expected.squareRoot() + 1, "level \(level)")
        }
    }

    @Test func levelsDependOnNumberAndSeedAlone() {
        let (one, same, other) = (
            LevelSampler(seed: 1, M: 2), LevelSampler(seed: 1, M: 2), LevelSampler(seed: 2, M: 2)
        )
        let levels = (0..<1000).map { one.level(ofNode: $0) }
        #expect(levels == (0..<1000).reversed().map { same.level(ofNode: $0) }.reversed())
        #expect(levels != (0..<1000).map { other.level(ofNode: $0) })
        #expect(Array(levels.dropLast()) != (1..<1000).map { one.level(ofNode: $0) })
    }

    @Test func noLevelIsAboveTheHighest() {
        let sampler = LevelSampler(seed: 3, M: 2)
        let highest = (0..<500_000).map { sampler.level(ofNode: $0) }.max()
        #expect(highest == LevelSampler.maxLevel)
    }
}
