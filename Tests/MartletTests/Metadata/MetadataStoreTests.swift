import MartletTestSupport
import Testing

@testable import Martlet

/// Worked examples; random ones are in `MetadataModelTests`.
@Suite struct MetadataStoreTests {
    @Test func aColumnThatIsNotGivenIsNotTouched() throws {
        let index = try Index(Configuration(dim: 1))
        try index.add(rows: 3, [GivenColumn("a", [1, 2, nil] as [Int64?])])
        let before = try #require(index.contents.metadata.view.column(named: "a"))
        try index.add(rows: 2, [GivenColumn("b", ["x", "y"])])
        let after = try #require(index.contents.metadata.view.column(named: "a"))
        #expect(after.count == 3 && after.values == before.values && after.valid == before.valid)
        #expect(index.contents.metadata.view.column(named: "b")?.count == 5)
    }

    @Test func aTextStandsOnce() throws {
        let index = try Index(Configuration(dim: 1))
        try index.add(rows: 4, [GivenColumn("a", ["x", "y", nil, "x"])])
        let texts = try #require(index.contents.metadata.view.column(named: "a")?.texts)
        #expect(texts.count == 2)
    }

    @Test func aTextOfAFailedBatchHasNoNumber() throws {
        let index = try Index(Configuration(dim: 1))
        try index.add(rows: 1, [GivenColumn("a", ["x"])])
        #expect(throws: MartletError.notFinite(row: 1, column: 0)) {
            try index.add(rows: 2, [GivenColumn("a", ["y", "z"])], last: .nan)
        }
        #expect(
            throws: MartletError.columnType(
                "column \"b\", row 1: 18446744073709551615 is beyond int64's range")
        ) {
            let bad = GivenColumn("b", [0, -1])
            bad.change { $0.format = .uint64 }
            try index.add(rows: 2, [GivenColumn("a", ["y", "z"]), bad])
        }
        let column = try #require(index.contents.metadata.view.column(named: "a"))
        let numbers = try ["x", "y", "z"].map { text in
            try Array(text.utf8).withUnsafeBytes { try column.number(of: $0) }
        }
        #expect(numbers == [0, nil, nil] && column.texts?.count == 1)
        #expect(index.contents.metadata.view.columns.count == 1)
    }

    /// The add has moved tables before it failed; what they were before is freed with the update.
    @Test func anUpdateBehindAFailedAddShowsTheTablesInUse() throws {
        let index = try Index(Configuration(dim: 1))
        try index.add(rows: 1, [GivenColumn("a", ["x"])])
        let before = index.versions.read { $0 }
        let words = ControlWords()
        #expect(throws: MartletError.cancelled) {
            try index.add(rows: 5000, [], control: words.controlCancelledOnceSomeAreDone)
        }
        #expect(before.ids != index.contents.ids.bySlot)
        #expect(before.graph.upperRows != index.contents.graphStore.graph.upperRows)
        try index.update(rows: [0], [GivenColumn("a", ["y"])])
        let after = index.versions.read { $0 }
        #expect(after.ids == index.contents.ids.bySlot)
        #expect(after.graph.upperRows == index.contents.graphStore.graph.upperRows)
        #expect(try index.cells("a", rows: [0]) == [.text(Array("y".utf8))])
    }

    @Test func bytesAreThoseInUse() throws {
        let index = try Index(Configuration(dim: 1))
        try index.add(rows: 3, [GivenColumn("a", [1, 2, nil] as [Int64?])])
        #expect(try index.statistics().metadataBytes == 3 * (1 + 8))
        try index.add(rows: 1, [])
        #expect(try index.statistics().metadataBytes == 3 * (1 + 8))
        try index.update(rows: [3], [GivenColumn("a", [7] as [Int64?])])
        #expect(try index.statistics().metadataBytes == 4 * (1 + 8))
        #expect(try index.statistics().columns == 1)
    }

    @Test func errorsShortenLongNames() throws {
        let index = try Index(Configuration(dim: 1))
        let name = String(repeating: "n", count: 1_000_000)
        try index.add(rows: 1, [GivenColumn(name, ["x"])])
        let short = String(repeating: "n", count: 60) + "…"
        let sentence =
            "column \"\(short)\", row 1: the value is of type int64, but the column is of type string"
        #expect(throws: MartletError.columnType(sentence)) {
            try index.add(rows: 2, [GivenColumn(name, [nil, 1] as [Int64?])])
        }
    }

    /// Reading int64 beyond what float64 has exactly rounds to the nearest.
    @Test func largeIntegersAreRoundedInAColumnOfDoubles() throws {
        let index = try Index(Configuration(dim: 1))
        var generator = SeededGenerator(1)
        try index.add(rows: 1, [GivenColumn("a", .float64, rows: 1, &generator)])
        try index.add(rows: 2, [GivenColumn("a", [(1 << 53) + 1, .max] as [Int64?])])
        #expect(try index.cells("a", rows: [1, 2]) == [.double(0x1p53), .double(0x1p63)])
    }
}
