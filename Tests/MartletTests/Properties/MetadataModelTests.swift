import MartletTestSupport
import Testing

@testable import Martlet

/// Random adds and updates with metadata, good and bad, against arrays of optionals.
@Suite struct MetadataModelTests {
    @Test func columnsBehaveLikeArraysOfOptionals() throws {
        try withEvery("seed", in: UInt64(0)..<60) { seed in
            var run = try MetadataRun(seed: seed)
            for _ in 0..<25 { try run.step() }
        }
    }
}

/// What an index ought to hold: by the columns' names, their types and a cell per row.
private struct MetadataModel {
    struct Column {
        let name: String
        let type: ColumnType
        var cells: [Cell?]
    }

    var rows = 0
    /// In the order in which they appeared.
    var columns: [Column] = []

    mutating func append(_ given: [GivenColumn], rows: Int) {
        self.rows += rows
        for place in columns.indices {
            columns[place].cells += [Cell?](repeating: nil, count: rows)
        }
        write(given, to: Array(self.rows - rows..<self.rows))
    }

    mutating func write(_ given: [GivenColumn], to rows: [Int]) {
        guard !rows.isEmpty else { return }
        for each in given {
            let place = place(of: each.source)
            for (cell, row) in zip(each.cells, rows) {
                columns[place].cells[row] = converted(cell, to: columns[place].type)
            }
        }
    }

    func type(of name: String) -> ColumnType? {
        columns.first { Array($0.name.utf8) == Array(name.utf8) }?.type
    }

    private mutating func place(of source: ColumnSource) -> Int {
        let known = columns.firstIndex { Array($0.name.utf8) == Array(source.name.utf8) }
        if let known { return known }
        columns.append(
            Column(
                name: source.name, type: source.type, cells: [Cell?](repeating: nil, count: rows)))
        return columns.count - 1
    }

    private func converted(_ cell: Cell?, to type: ColumnType) -> Cell? {
        guard type == .float64, case .integer(let integer) = cell else { return cell }
        return .double(Double(integer))
    }
}

private struct MetadataRun {
    let index: Index
    private var model = MetadataModel()
    private var generator: SeededGenerator
    /// The fourth and fifth look alike, but have other bytes.
    private let names = ["", "year", "a\0b", "\u{e4}", "a\u{308}", "🐦", "year$", "tags"]
    private static let types: [ColumnType] = [
        .bool, .int64, .float64, .string, .datetime, .tags, .json,
    ]

    init(seed: UInt64) throws {
        generator = SeededGenerator(seed)
        index = try Index(Configuration(dim: 1, M: 4, efConstruction: 5))
    }

    /// One call, with the version before it pinned meanwhile.
    mutating func step() throws {
        let before = model
        var (run, failure) = (self, (any Error)?.none)
        try index.versions.read { snapshot in
            do { try run.call() } catch { failure = error }
            try before.check(snapshot.metadata)
        }
        self = run
        if let failure { throw failure }
        try model.check(index.versions.read { $0.metadata })
        try model.check(index)
    }

    private mutating func call() throws {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0..<3: try add()
        case 3..<5: try update()
        case 5..<7: try addBad()
        default: try updateBad()
        }
    }

    private mutating func add() throws {
        let rows = Int.random(in: 0...40, using: &generator)
        let columns = randomColumns(rows)
        try index.add(rows: rows, columns)
        model.append(columns, rows: rows)
    }

    private mutating func update() throws {
        let rows = Array((0..<model.rows).shuffled(using: &generator).prefix(20))
        let columns = randomColumns(rows.count)
        try index.update(rows: rows, columns)
        model.write(columns, to: rows)
    }

    /// Good columns and, somewhere among them, a bad one.
    private mutating func addBad() throws {
        let rows = Int.random(in: 1...40, using: &generator)
        var columns = randomColumns(rows)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            #expect(throws: MartletError.notFinite(row: rows - 1, column: 0)) {
                try index.add(rows: rows, columns, last: .nan)
            }
        case 1:
            let words = ControlWords()
            #expect(throws: MartletError.cancelled) {
                try index.add(
                    rows: 1000, randomColumns(1000), control: words.controlCancelledOnceSomeAreDone)
            }
        default:
            let bad = try #require(randomBadColumn(&columns, rows))
            columns.insert(bad, at: Int.random(in: 0...columns.count, using: &generator))
            #expect(throws: MartletError.self) { try index.add(rows: rows, columns) }
        }
    }

    private mutating func updateBad() throws {
        guard model.rows > 0 else { return }
        let rows = Array((0..<model.rows).shuffled(using: &generator).prefix(20))
        var columns = randomColumns(rows.count)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0:
            #expect(throws: MartletError.self) {
                try index.update(rows: rows.dropLast() + [model.rows], columns)
            }
        case 1:
            guard rows.count > 1 else { return }
            #expect(throws: MartletError.self) {
                try index.update(rows: rows.dropLast() + [rows[0]], columns)
            }
        default:
            let bad = try #require(randomBadColumn(&columns, rows.count))
            columns.insert(bad, at: Int.random(in: 0...columns.count, using: &generator))
            #expect(throws: MartletError.self) { try index.update(rows: rows, columns) }
        }
    }

    /// Columns of different names, of the type that is known for the name or any.
    private mutating func randomColumns(_ rows: Int) -> [GivenColumn] {
        let chosen = names.shuffled(using: &generator).prefix(
            Int.random(in: 0...5, using: &generator))
        return chosen.map { name in
            var type = model.type(of: name) ?? Self.types.randomElement(using: &generator)!
            if type == .float64, Bool.random(using: &generator) { type = .int64 }
            if Int.random(in: 0..<10, using: &generator) == 0 { return nulls(name, rows) }
            return GivenColumn(name, type, rows: rows, &generator)
        }
    }

    /// A column of nulls fits whatever its type is.
    private mutating func nulls(_ name: String, _ rows: Int) -> GivenColumn {
        let isString = Bool.random(using: &generator)
        return isString
            ? GivenColumn(name, [String?](repeating: nil, count: rows))
            : GivenColumn(name, [Int64?](repeating: nil, count: rows))
    }

    private mutating func randomBadColumn(
        _ columns: inout [GivenColumn], _ rows: Int
    ) -> GivenColumn? {
        columns.removeAll { ["year", "tags"].contains($0.source.name) }
        let isText = model.type(of: "tags") == .string
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            columns.append(GivenColumn("year", [Int64?](repeating: nil, count: rows)))
            return GivenColumn("year", [Int64?](repeating: nil, count: rows))
        case 1: return GivenColumn("tags", [Int64](repeating: 1, count: rows + 1))
        case 2:
            return isText
                ? GivenColumn("tags", [Int64](repeating: 1, count: rows))
                : GivenColumn(
                    "new", [String](repeating: "1", count: rows - 1) + ["[1"], type: .json)
        case 3:
            let column = GivenColumn("new", [Int64](repeating: -1, count: rows))
            column.change { $0.format = .uint64 }
            return column
        default:
            let column = GivenColumn("another", [String](repeating: "ab", count: rows))
            column.change {
                let texts = [[UInt8]](repeating: [0x61], count: rows - 1) + [[0xc3]]
                $0.strings = column.strings(texts, before: [], offsetBytes: 4)
            }
            return column
        }
    }
}

extension MetadataModel {
    func check(_ view: MetadataView) throws {
        try #require(view.columns.map(\.type) == columns.map(\.type))
        for (seen, right) in zip(view.columns, columns) {
            try #require(Array(seen.name.utf8) == Array(right.name.utf8))
            let cells = (0..<rows).map { seen.cell($0) }
            try #require(cells == right.cells, "column \(right.name)")
        }
    }

    /// The same through the index's functions.
    func check(_ index: Index) throws {
        let seen = index.columns
        try #require(seen.map(\.type) == columns.map(\.type))
        for (column, right) in zip(seen, columns) {
            try #require(Array(column.name.utf8) == Array(right.name.utf8))
            let asked = [-1, rows - 1] + (0..<rows).reversed() + [-1]
            let cells = try index.cells(column.name, rows: asked)
            try #require(cells == asked.map { $0 < 0 ? nil : right.cells[$0] }, "\(right.name)")
        }
    }
}
