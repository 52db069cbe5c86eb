import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct FilterTests {
    /// Random filters over random columns, of which some are shorter than the index.
    @Test func decidesAsTheOracleDoes() throws {
        try withEvery("seed", in: UInt64(0)..<400) { seed in
            var random = RandomFilter(seed: seed)
            let count = random.pick([0, 1, 63, 64, 65, 130, 300])
            let columns = try RandomFilter.types.enumerated().map { place, type in
                try random.column(
                    "field \(place)", type, rows: random.pick([count, count, count / 2, 0]))
            }
            let rows = rows(columns, count: count)
            for _ in 0..<8 {
                let filter = random.filter(columns, depth: random.pick([0, 1, 2, 4]))
                let text = filter.json(&random.generator)
                try compare(text, columns, rows) { FilterOracle.passes(filter, $0) }
            }
        }
    }

    /// Each operator alone on each type, on many rows, so that none is left to chance.
    @Test(arguments: RandomFilter.types)
    func eachOperatorDecidesAsTheOracleDoes(type: ColumnType) throws {
        var random = RandomFilter(seed: UInt64(type.rawValue))
        let column = try random.column("field", type, rows: 500)
        let rows = rows([column], count: 510)
        for _ in 0..<400 {
            let filter = random.filter([column], depth: 0)
            let text = filter.json(&random.generator)
            try compare(text, [column], rows) { FilterOracle.passes(filter, $0) }
        }
    }

    /// Whatever the text: an error or a bitmap.
    @Test func damagedFiltersDoNotTrap() throws {
        var random = RandomFilter(seed: 11)
        let columns = try RandomFilter.types.map { try random.column("\($0)", $0, rows: 100) }
        var (accepted, refused) = (0, 0)
        for _ in 0..<500 {
            let filter = random.filter(columns, depth: 3)
            let text = Array(filter.json(&random.generator).utf8)
            for _ in 0..<20 {
                var damaged = text
                for _ in 0..<random.pick([1, 1, 2, 8]) {
                    let place = damaged.indices.randomElement(using: &random.generator)!
                    damaged[place] =
                        random.chance(2)
                        ? UInt8.random(in: 0...255, using: &random.generator)
                        : random.pick(Array("[]{}\",:\\0-e.$".utf8))
                }
                do {
                    try bitmap(damaged, columns, count: 100).free()
                    accepted += 1
                } catch MartletError.badFilter {
                    refused += 1
                }
            }
        }
        #expect(accepted > 100 && refused > 1000)
    }

    @Test func longListsAreSearched() throws {
        let integers = try TestColumn("n", .int64, (0..<1000).map { .integer($0 * 1_000_003) })
        let doubles = try TestColumn("x", .float64, (0..<1000).map { .double(Double($0) / 4) })
        let texts = try TestColumn("t", .string, (0..<1000).map { .string("text \($0)") })
        let columns = [integers, doubles, texts]
        for count in [0, 1, 2, 4096, 4097, 30_000] {
            // Every third value of the columns, and values that they do not have.
            let lists = [
                "n": (0..<count).map { "\($0 * 3_000_009)" }, "x": (0..<count).map { "\($0).75" },
                "t": (0..<count).map { "\"text \($0 * 3)\"" },
            ]
            for (field, list) in lists {
                let filter = "{\"\(field)\": {\"$in\": [\(list.joined(separator: ","))]}}"
                let bitmap = try bitmap(filter, columns, count: 1000)
                defer { bitmap.free() }
                for slot in 0..<1000 {
                    let isListed =
                        field == "x"
                        ? slot % 4 == 3 && slot / 4 < count : slot % 3 == 0 && slot / 3 < count
                    try #require(bitmap.contains(UInt32(slot)) == isListed, "\(field), \(slot)")
                }
            }
        }
    }

    private func compare(
        _ text: String, _ columns: [TestColumn], _ rows: [FilterOracle.Row],
        _ passes: (FilterOracle.Row) -> Bool
    ) throws {
        let bitmap = try bitmap(text, columns, count: rows.count)
        defer { bitmap.free() }
        for (slot, row) in rows.enumerated() {
            try #require(bitmap.contains(UInt32(slot)) == passes(row), "\(text), \(row)")
        }
        try #require(bitmap.count == rows.count)
        let behind = bitmap.words[max(bitmap.wordCount - 1, 0)] >> UInt64(rows.count % 64)
        try #require(rows.count % 64 == 0 || behind == 0, "bits behind the last slot")
    }

    private func rows(_ columns: [TestColumn], count: Int) -> [FilterOracle.Row] {
        (0..<count).map { slot in
            var row: FilterOracle.Row = [:]
            for column in columns {
                row[column.view.name] = slot < column.values.count ? column.values[slot] : .null
            }
            return row
        }
    }
}

/// The bitmap of a filter, to be freed.
func bitmap(_ json: String, _ columns: [TestColumn], count: Int) throws -> Bitmap {
    try bitmap(Array(json.utf8), columns, count: count)
}

func bitmap(_ json: [UInt8], _ columns: [TestColumn], count: Int) throws -> Bitmap {
    // Of just the text's size, so that the address sanitizer sees a read behind it.
    let text = UnsafeMutableRawBufferPointer.allocate(byteCount: json.count, alignment: 1)
    defer { text.deallocate() }
    text.copyBytes(from: json)
    return try Filter.bitmap(
        json: UnsafeRawBufferPointer(text),
        metadata: MetadataView(columns: columns.map(\.view)), count: count)
}
