@testable import Martlet

/// Decides filters row by row on plain values, by the sentences of martlet.h.
enum FilterOracle {
    /// The value of each field.
    typealias Row = [String: FieldValue]

    static func passes(_ filter: JSONTree, _ row: Row) -> Bool {
        members(filter).allSatisfy { member in
            switch member.key {
            case "$and": elements(member.value).allSatisfy { passes($0, row) }
            case "$or": elements(member.value).contains { passes($0, row) }
            case "$not": !passes(member.value, row)
            default: holds(member.value, row[member.key]!)
            }
        }
    }

    private static func holds(_ condition: JSONTree, _ value: FieldValue) -> Bool {
        guard case .object(let operators) = condition else { return equal(value, condition) }
        return operators.allSatisfy { holds($0.key, $0.value, value) }
    }

    private static func holds(
        _ name: String, _ operand: JSONTree, _ value: FieldValue
    ) -> Bool {
        switch name {
        case "$eq": return equal(value, operand)
        case "$ne": return !equal(value, operand)
        case "$in": return elements(operand).contains { equal(value, $0) }
        case "$nin": return !elements(operand).contains { equal(value, $0) }
        case "$exists": return isNull(value) == (operand == .bool(false))
        case "$not": return !holds(operand, value)
        case "$gt": return order(value, operand).map { $0 > 0 } ?? false
        case "$gte": return order(value, operand).map { $0 >= 0 } ?? false
        case "$lt": return order(value, operand).map { $0 < 0 } ?? false
        case "$lte": return order(value, operand).map { $0 <= 0 } ?? false
        case "$contains":
            guard case (.tags(let tags), .string(let tag)) = (value, operand) else { return false }
            return tags.contains { Array($0.utf8) == Array(tag.utf8) }
        case "$startswith":
            guard case (.string(let text), .string(let start)) = (value, operand) else {
                return false
            }
            return text.utf8.starts(with: start.utf8)
        default: preconditionFailure(name)
        }
    }

    private static func isNull(_ value: FieldValue) -> Bool {
        if case .null = value { true } else { false }
    }

    private static func equal(_ value: FieldValue, _ operand: JSONTree) -> Bool {
        switch (value, operand) {
        case (_, .null): isNull(value)
        case (.bool(let a), .bool(let b)): a == b
        case (.tags(let tags), .array(let list)):
            JSONTree.array(tags.map { .string($0) }) == .array(list)
        default: order(value, operand) == 0
        }
    }

    /// Below, at or above 0; nil if the two cannot be compared.
    private static func order(_ value: FieldValue, _ operand: JSONTree) -> Int? {
        switch (value, operand) {
        case (.integer(let a), .integer(let b)): sign(a, b)
        case (.integer(let a), .double(let b)): order(a, b)
        case (.double(let a), .integer(let b)): order(b, a).map { -$0 }
        case (.double(let a), .double(let b)): a.isNaN || b.isNaN ? nil : sign(a, b)
        case (.integer(let a), .string(let b)): sign(a, times[b]!)
        case (.string(let a), .string(let b)):
            a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        default: nil
        }
    }

    /// By whole parts first, then by the fraction.
    private static func order(_ integer: Int64, _ double: Double) -> Int? {
        if double.isNaN { return nil }
        if double >= 0x1p63 { return -1 }
        if double < -0x1p63 { return 1 }
        let whole = Int64(double.rounded(.towardZero))
        let fraction = double.truncatingRemainder(dividingBy: 1)
        return integer == whole ? sign(0, fraction) : sign(integer, whole)
    }

    private static func sign<Number: Comparable>(_ a: Number, _ b: Number) -> Int {
        a < b ? -1 : a > b ? 1 : 0
    }

    /// Texts of times, with the microseconds that they mean.
    static let times: [String: Int64] = [
        "1970-01-01": 0, "1970-01-01T00:00:00.000001Z": 1, "1969-12-31 23:59:59.999999": -1,
        "2000-02-29T12:00:00+02:00": 951_818_400_000_000,
        "2038-01-19T03:14:08Z": 2_147_483_648_000_000,
    ]

    private static func members(_ tree: JSONTree) -> [Member] {
        guard case .object(let members) = tree else { preconditionFailure("\(tree)") }
        return members
    }

    private static func elements(_ tree: JSONTree) -> [JSONTree] {
        guard case .array(let elements) = tree else { preconditionFailure("\(tree)") }
        return elements
    }
}
