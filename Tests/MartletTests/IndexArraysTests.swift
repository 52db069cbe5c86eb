import Martlet
import Testing

/// The index as a Swift program sees it, through public names only.
@Suite struct IndexArraysTests {
    @Test func theExampleInTheDocumentation() throws {
        let index = try Index(Configuration(dim: 2, metric: .l2))
        try index.add([[0, 0], [3, 4]])
        let matches = try index.search([0, 1], k: 1)
        #expect(matches.map(\.id) == [0] && matches.map(\.distance) == [1])
    }

    @Test func idsAreReturned() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(try index.add([[1], [2]]) == [0, 1])
        #expect(try index.add([[3], [4]], ids: [9, -4]) == [9, -4])
        #expect(try index.add([[5]]) == [10])
        #expect(try index.add([]) == [])
        #expect(try index.add([], ids: []) == [])
        #expect(index.count == 5)
    }

    @Test func vectorsAreFoundById() throws {
        let index = try Index(Configuration(dim: 2, metric: .cosine))
        try index.add([[1, 2], [3, 4]], ids: [7, .min])
        #expect(try index.get(.min) == [3, 4])
        #expect(try index.contains(7) && !index.contains(8))
        #expect(throws: MartletError.idNotFound(id: 8)) { try index.get(8) }
    }

    @Test func stringIds() throws {
        let index = try Index(Configuration(dim: 2))
        try index.add([[0, 0], [3, 4]], ids: ["a", "ü"])
        #expect(try index.get("ü") == [3, 4])
        #expect(try index.contains("a") && !index.contains("b") && !index.contains(0))
        #expect(try index.stringId(ofRow: 1) == "ü")
        #expect(throws: MartletError.idNotFound(id: "b")) { try index.get("b") }
        #expect(throws: MartletError.self) { try index.get(0) }
        for row in [-1, 2] as [Int64] {
            #expect(throws: MartletError.self) { try index.stringId(ofRow: row) }
        }
    }

    @Test func fewerMatchesIfThereAreFewer() throws {
        let index = try Index(Configuration(dim: 2))
        #expect(try index.search([1, 1]) == [])
        try index.add([[0, 0], [3, 4], [1, 1]])
        #expect(try index.search([1, 1], k: .max).map(\.id) == [2, 0, 1])
        #expect(try index.search([1, 1], k: 0) == [])
    }

    @Test func whatIsWrongIsSaid() throws {
        let index = try Index(Configuration(dim: 2))
        let sentence = "1 ids for 2 vectors, not one each"
        #expect(throws: MartletError.invalidArgument(sentence)) {
            try index.add([[1, 2], [3, 4]], ids: [1])
        }
        #expect(throws: MartletError.dimensionMismatch(given: 3, expected: 2)) {
            try index.add([[1, 2], [1, 2, 3]])
        }
        #expect(throws: MartletError.dimensionMismatch(given: 1, expected: 2)) {
            try index.search([1])
        }
        #expect(throws: MartletError.invalidArgument("k is -1, but must be from 0 to \(Int.max)")) {
            try index.search([1, 2], k: -1)
        }
        #expect(throws: MartletError.notFinite(row: 0, column: 1)) { try index.search([1, .nan]) }
        #expect(index.count == 0)
    }
}
