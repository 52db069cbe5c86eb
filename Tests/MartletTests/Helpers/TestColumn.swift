import Glibc

@testable import Martlet

/// A value of one slot in one column.
enum FieldValue: Sendable {
    case null
    case bool(Bool)
    /// Of an int64 or datetime column.
    case integer(Int64)
    case double(Double)
    /// Of a string or json column.
    case string(String)
    case tags([String])
}

/// A column in memory, made from plain values.
///
/// What it holds for nulls is nonsense, which nobody may look at.
final class TestColumn {
    let view: ColumnView
    let values: [FieldValue]
    private let texts: TextTable?

    init(_ name: String, _ type: ColumnType, _ values: [FieldValue]) throws {
        self.values = values
        let hasTexts = [.string, .tags, .json].contains(type)
        let texts = hasTexts ? TextTable() : nil
        self.texts = texts
        var tags: [UInt32] = []
        let table = UnsafeMutableRawPointer.allocate(
            byteCount: values.count * 16 + 1, alignment: 16)
        memset(table, 0xAB, values.count * 16)
        for (slot, value) in values.enumerated() {
            switch value {
            case .null: break
            case .bool(let bool):
                table.storeBytes(of: bool ? 1 : 0, toByteOffset: slot, as: UInt8.self)
            case .integer(let integer): Self.store(integer, slot, table)
            case .double(let double): Self.store(double, slot, table)
            case .string(let string): Self.store(try texts!.number(string), slot, table)
            case .tags(let list):
                Self.store(TagSpan(start: tags.count, count: list.count), slot, table)
                for tag in list { tags.append(try texts!.number(tag)) }
            }
        }
        view = ColumnView(
            name: name, type: type, count: values.count,
            valid: UnsafePointer(
                Self.copy(values.map { if case .null = $0 { UInt8(0) } else { UInt8(1) } })),
            values: UnsafeRawPointer(table),
            tags: type == .tags ? UnsafePointer(Self.copy(tags)) : nil, tagCount: tags.count,
            texts: texts?.view, textTable: texts)
    }

    deinit {
        view.valid.deallocate()
        view.values.deallocate()
        view.tags?.deallocate()
    }

    private static func store<Value: BitwiseCopyable>(
        _ value: Value, _ slot: Int, _ table: UnsafeMutableRawPointer
    ) {
        table.storeBytes(
            of: value, toByteOffset: slot * MemoryLayout<Value>.stride, as: Value.self)
    }

    private static func copy<Value: BitwiseCopyable>(
        _ values: [Value]
    ) -> UnsafeMutablePointer<Value> {
        let copy = UnsafeMutablePointer<Value>.allocate(capacity: values.count)
        copy.initialize(from: values, count: values.count)
        return copy
    }
}

extension TextTable {
    /// The number of a text, which is new or not.
    fileprivate func number(_ text: String) throws -> UInt32 {
        var retired = RetiredMemory()
        defer { retired.free() }
        return try Array(text.utf8).withUnsafeBytes { try insert($0, &retired) }.number
    }
}
