import MartletTestSupport

@testable import Martlet

/// Values and operands, drawn from few so that they often meet.
struct RandomFilter {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed) }

    private static let integers: [Int64] = [
        0, 1, -1, 2, 3, 1000, .min, .min + 1, .max, .max - 1, 1 << 53, 1 << 53 + 1, -(1 << 53) - 1,
        1 << 62 + 1,
    ]
    private static let doubles: [Double] = [
        0, -0.0, 1, -1, 0.5, -0.5, 2.5, 0.1, 1000, 0x1p53, 0x1p53 + 2, 0x1p62, 0x1p63, -0x1p63,
        -0x1p53,
        0x1p64,
        1e300, -1e300, 5e-324, -5e-324,
    ]
    private static let specials: [Double] = [.nan, .infinity, -.infinity]
    private static let strings = [
        "", "a", "ab", "abc", "b", "B", "é", "e\u{301}", "日本", "日", "🐦", "\0", "a\0", "a\0b",
        "\u{7f}",
        "a long string that takes more than a few words to compare",
    ]

    static let types: [ColumnType] = [.bool, .int64, .float64, .string, .datetime, .tags, .json]

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values.randomElement(using: &generator)!
    }

    // MARK: - Values

    mutating func column(_ name: String, _ type: ColumnType, rows: Int) throws -> TestColumn {
        let nulls = pick([0, 1, 3])
        return try TestColumn(
            name, type,
            (0..<rows).map { _ in nulls > 0 && chance(nulls + 1) ? .null : value(type) })
    }

    private mutating func value(_ type: ColumnType) -> FieldValue {
        switch type {
        case .bool: .bool(.random(using: &generator))
        case .int64: .integer(pick(Self.integers))
        case .float64: .double(pick(Self.doubles + Self.specials))
        case .string, .json: .string(pick(Self.strings))
        case .datetime:
            .integer(
                chance(2) ? pick(Array(FilterOracle.times.values.sorted())) : pick(Self.integers))
        case .tags: .tags(tags())
        }
    }

    private mutating func tags() -> [String] {
        (0..<pick([0, 1, 1, 2, 3])).map { _ in pick(["", "a", "b", "ab"]) }
    }

    // MARK: - Filters

    mutating func filter(_ columns: [TestColumn], depth: Int) -> JSONTree {
        var members: [Member] = []
        for column in columns where chance(columns.count) {
            members.append(Member(column.view.name, condition(column.view.type)))
        }
        for name in ["$and", "$or"] where depth > 0 && chance(2) {
            let filters = (0..<pick([0, 1, 2, 2, 3])).map { _ in filter(columns, depth: depth - 1) }
            members.append(Member(name, .array(filters)))
        }
        if depth > 0 && chance(3) {
            members.append(Member("$not", filter(columns, depth: depth - 1)))
        }
        return .object(members.shuffled(using: &generator))
    }

    private mutating func condition(_ type: ColumnType) -> JSONTree {
        type != .json && chance(3) ? operand(type) : operators(type)
    }

    private mutating func operators(_ type: ColumnType) -> JSONTree {
        var names = ["$exists", "$not"]
        if type != .json { names += ["$eq", "$ne", "$in", "$nin"] }
        if ![.bool, .tags, .json].contains(type) { names += ["$gt", "$gte", "$lt", "$lte"] }
        if type == .tags { names += ["$contains"] }
        if type == .string { names += ["$startswith"] }
        let count = pick([1, 1, 2, 3])
        return .object(
            names.shuffled(using: &generator).prefix(count).map { Member($0, operand($0, type)) })
    }

    private mutating func operand(_ name: String, _ type: ColumnType) -> JSONTree {
        switch name {
        case "$exists": return .bool(.random(using: &generator))
        case "$not": return operators(type)
        case "$in", "$nin": return .array((0..<pick([0, 1, 2, 5, 20])).map { _ in operand(type) })
        case "$contains": return .string(pick(["", "a", "b", "unknown"]))
        case "$startswith": return .string(pick(Self.strings))
        case "$gt", "$gte", "$lt", "$lte":
            while true {
                let operand = operand(type)
                if operand != .null { return operand }
            }
        default: return operand(type)
        }
    }

    private mutating func operand(_ type: ColumnType) -> JSONTree {
        if chance(8) { return .null }
        switch type {
        case .bool: return .bool(.random(using: &generator))
        case .int64, .float64:
            return chance(2) ? .integer(pick(Self.integers)) : .double(pick(Self.doubles))
        case .string, .json: return .string(chance(8) ? "unknown" : pick(Self.strings))
        case .datetime:
            return chance(2)
                ? .string(pick(FilterOracle.times.keys.sorted())) : .integer(pick(Self.integers))
        case .tags: return .array(tags().map { .string(chance(12) ? "unknown" : $0) })
        }
    }
}
