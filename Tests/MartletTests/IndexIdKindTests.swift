import MartletTestSupport
import Testing

@testable import Martlet

/// An index holds integers or strings, whichever its first successful add has.
@Suite struct IndexIdKindTests {
    private static let two: [[Float]] = [[1], [2]]

    @Test func anAddWithoutIdsFixesIntegers() throws {
        let index = try newIndex()
        #expect(try index.statistics().idKind == nil)
        try index.addRows(Self.two)
        #expect(try index.statistics().idKind == .integers)
        expectIdKind("strings") { try index.addRows(Self.two, ids: ["a", "b"]) }
        #expect(try index.addRows(Self.two) == [2, 3])
    }

    @Test func givenIdsFixTheirKind() throws {
        let index = try newIndex()
        try index.addRows(Self.two, ids: ["a", "b"])
        #expect(try index.statistics().idKind == .strings)
        expectIdKind("must be given") { try index.addRows(Self.two) }
        expectIdKind("integers") { try index.addRows(Self.two, ids: [7, 8]) }
        try index.addRows(Self.two, ids: ["c", "d"])
        #expect(index.count == 4)
        try index.checkInvariants()
    }

    @Test func aFailedAddFixesNothing() throws {
        for kind in [IdKind.integers, .strings] {
            let index = try newIndex()
            #expect(throws: MartletError.self) { try index.addRows([[.nan]], ids: ["a"]) }
            #expect(throws: MartletError.self) { try index.addRows(Self.two, ids: ["a", "a"]) }
            #expect(throws: MartletError.self) { try index.addRows(Self.two, ids: [1, 1]) }
            let words = ControlWords()
            words.cancel()
            #expect(throws: MartletError.cancelled) {
                try index.addRows(Self.two, ids: ["a", "b"], control: words.control)
            }
            #expect(try index.statistics().idKind == nil)
            switch kind {
            case .integers: #expect(try index.addRows(Self.two) == [0, 1])
            case .strings: try index.addRows(Self.two, ids: ["a", "b"])
            }
            #expect(try index.statistics().idKind == kind)
            try index.checkInvariants()
        }
    }

    @Test func zeroRowsFixNothing() throws {
        let index = try newIndex()
        try index.addRows([[Float]](), ids: [String]())
        #expect(try index.statistics().idKind == nil)
        try index.addRows(Self.two)
        try index.addRows([[Float]](), ids: [String]())
        #expect(try index.statistics().idKind == .integers)
    }

    @Test func rowNumbersAreWrittenToAssignedIds() throws {
        let index = try newIndex()
        for (batch, first) in [(["a", "b"], 0), (["c", "d"], 2)] {
            let given = GivenStrings(batch)
            var written: [Int64] = [-9, -9]
            try written.withUnsafeMutableBufferPointer { written in
                var options = AddOptions()
                options.ids = .strings(given.strings)
                options.assignedIds = written.baseAddress
                try withMatrix(Self.two, columns: 1) { try index.add($0, options) }
            }
            #expect(written == [Int64(first), Int64(first) + 1])
            withExtendedLifetime(given) {}
        }
    }

    @Test func idsMustBeOneEach() throws {
        let index = try newIndex()
        for ids in [[], ["a"], ["a", "b", "c"]] {
            let sentence = "\(ids.count) ids for 2 vectors, not one each"
            #expect(throws: MartletError.invalidArgument(sentence)) {
                try index.addRows(Self.two, ids: ids)
            }
        }
        #expect(throws: MartletError.invalidArgument("1 ids for 0 vectors, not one each")) {
            try index.addRows([[Float]](), ids: ["a"])
        }
    }

    @Test func integersNeedMemory() throws {
        let index = try newIndex()
        withMatrix(Self.two, columns: 1) { matrix in
            var options = AddOptions()
            options.ids = .integers(Integers(data: nil, count: 2))
            #expect(throws: MartletError.self) { try index.add(matrix, options) }
            #expect(throws: MartletError.self) {
                try IdColumn.integers(Integers(data: matrix.data, count: -1)).check()
            }
            let far = IdColumn.integers(Integers(data: matrix.data, stride: .max, count: 3))
            #expect(throws: MartletError.self) { try far.check() }
            let one = IdColumn.integers(Integers(data: matrix.data, stride: .max, count: 1))
            #expect(throws: Never.self) { try one.check() }
        }
        #expect(index.count == 0)
    }

    /// The table is the same size as if the ids had come at once.
    @Test func memoryIsLittleMoreThanTheTexts() throws {
        let count = 100_000
        let index = try Index(Configuration(dim: 1, M: 2, efConstruction: 1))
        let rows = (0..<count).map { [Float($0)] }
        let ids = (0..<count).map { "document-\($0)" }
        for batch in [0..<10, 10..<20_000, 20_000..<count] {
            try index.addRows(Array(rows[batch]), ids: Array(ids[batch]))
        }
        let length = ids.reduce(0) { $0 + $1.utf8.count }
        let beyond = try index.statistics().idBytes - length
        #expect(beyond > 0 && beyond < 60 * count)
        #expect(beyond <= 20 * count)
    }

    private func newIndex() throws -> Index {
        try Index(Configuration(dim: 1, efConstruction: 10))
    }

    private func expectIdKind(_ words: String, _ body: () throws -> Void) {
        #expect {
            try body()
        } throws: { error in
            guard case .idKind(let sentence) = error as? MartletError else { return false }
            return sentence.contains(words)
        }
    }
}
