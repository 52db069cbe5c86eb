import Testing

@testable import Martlet

@Suite struct ConfigurationTests {
    @Test func boundsBelongToTheRange() throws {
        for dim in [1, 65_536] { #expect(try Configuration(dim: dim).dim == dim) }
        for M in [2, 512] { #expect(try Configuration(dim: 1, M: M).M == M) }
        for ef in [1, 4_294_967_294] {
            #expect(try Configuration(dim: 1, efConstruction: ef).efConstruction == ef)
        }
    }

    @Test func defaultsAreTheHeaders() throws {
        let configuration = try Configuration(dim: 3)
        let expected = try Configuration(dim: 3, metric: .l2, M: 16, efConstruction: 200, seed: 0)
        #expect(configuration == expected)
        #expect(SearchOptions().ef == 64)
    }

    @Test(arguments: [Int.min, -1, 0, 65_537, .max])
    func dimOutOfBounds(dim: Int) {
        expectInvalid("dim is \(dim), but must be from 1 to 65536") {
            _ = try Configuration(dim: dim)
        }
    }

    @Test(arguments: [Int.min, 1, 513, .max])
    func MOutOfBounds(M: Int) {
        expectInvalid("M is \(M), but must be from 2 to 512") {
            _ = try Configuration(dim: 1, M: M)
        }
    }

    @Test(arguments: [Int.min, 0, 4_294_967_295, .max])
    func efConstructionOutOfBounds(ef: Int) {
        expectInvalid("ef_construction is \(ef), but must be from 1 to 4294967294") {
            _ = try Configuration(dim: 1, efConstruction: ef)
        }
    }

    @Test func linkBudgets() throws {
        let configuration = try Configuration(dim: 1, M: 7)
        #expect([0, 1, 15].map { configuration.maxLinks(layer: $0) } == [14, 7, 7])
    }

    private func expectInvalid(_ sentence: String, _ body: () throws -> Void) {
        #expect(throws: MartletError.invalidArgument(sentence), performing: body)
    }
}
