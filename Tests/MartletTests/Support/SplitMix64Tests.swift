import Testing

@testable import Martlet

@Suite struct SplitMix64Tests {
    /// The reference implementation's first numbers from seed 1234567. They decide what every index
    /// of a given seed looks like.
    @Test func numbersAreTheReferenceOnes() {
        var generator = SplitMix64(seed: 1_234_567)
        let numbers = (0..<3).map { _ in generator.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }
}
