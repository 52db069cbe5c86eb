import CMartlet
import Martlet

/// The caller's columns, checked and turned into the engine's.

extension ColumnSource {
    /// - Throws: also `badText`, if the name is not UTF-8.
    init(_ pointer: UnsafePointer<martlet_column>) throws(MartletError) {
        let given = try options(
            pointer, size: pointer.pointee.struct_size, defaults: Self.defaults, "column")
        guard let type = ColumnType(rawValue: given.type) else {
            throw .invalidArgument(
                "type is \(given.type), but must be one of the martlet_type values")
        }
        self.init(
            name: try text("name", given.name, given.name_size),
            rows: try int("rows", given.rows), type: type)
        guard let format = ValueFormat(rawValue: given.format) else {
            throw .invalidArgument(
                "format is \(given.format), but must be one of the martlet_format values")
        }
        guard let unit = TimeUnit(rawValue: given.unit) else {
            throw .invalidArgument(
                "unit is \(given.unit), but must be one of the martlet_unit values")
        }
        (self.format, self.unit) = (format, unit)
        (values, stride) = (given.values, Int(given.stride))
        if let given = given.strings { strings = try Strings(given, "strings") }
        (listOffsets, listOffsetBytes) = (given.list_offsets, Int(given.list_offset_bytes))
        (validity, bitOffset) = (
            UnsafeRawPointer(given.validity), try int("bit_offset", given.bit_offset)
        )
    }

    /// Columns as far apart as their own struct_size says, since they may be those of an earlier
    /// header.
    static func columns(
        _ first: UnsafePointer<martlet_column>?, _ count: UInt64
    ) throws(MartletError) -> [ColumnSource] {
        let count = try int("column_count", count)
        guard count > 0 else { return [] }
        guard let first else {
            throw .invalidArgument("columns is NULL, but column_count is \(count), not 0")
        }
        let size = first.pointee.struct_size
        var columns = [try ColumnSource(first)]
        for place in 1..<count {
            let address = UnsafeRawPointer(first) + place &* Int(size)
            let column = address.assumingMemoryBound(to: martlet_column.self)
            guard column.pointee.struct_size == size else {
                throw .invalidArgument(
                    "column \(place) has struct_size \(column.pointee.struct_size), but the first "
                        + "has \(size); initialise each with MARTLET_COLUMN_INIT")
            }
            columns.append(try ColumnSource(column))
        }
        return columns
    }

    private static var defaults: martlet_column {
        martlet_column(
            struct_size: 0, name: nil, name_size: 0, rows: 0,
            type: martlet_type(MARTLET_TYPE_INT64), format: martlet_format(MARTLET_AS_INT64),
            unit: martlet_unit(MARTLET_MICROSECONDS), list_offset_bytes: 8, values: nil,
            stride: Int64(MemoryLayout<Int64>.size), strings: nil, list_offsets: nil, validity: nil,
            bit_offset: 0)
    }
}

/// A name of the caller's.
func text(
    _ what: String, _ data: UnsafePointer<CChar>?, _ size: UInt64
) throws(MartletError) -> String {
    let size = try int("\(what)_size", size)
    guard size == 0 || data != nil else {
        throw .invalidArgument("\(what) is NULL, but \(what)_size is \(size), not 0")
    }
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .badText("\(what) is not UTF-8")
    }
    return text
}

/// Lends `body` the caller's buffers for values, then tells the caller the sizes of texts, also after
/// a failure.
func withColumnOutput(
    _ pointer: UnsafePointer<martlet_values>?,
    _ body: (inout ColumnOutput) throws(MartletError) -> Void
) throws(MartletError) {
    guard let pointer else { throw .invalidArgument("values is NULL") }
    let given = try options(
        pointer, size: pointer.pointee.struct_size, defaults: martlet_values(), "values")
    var output = ColumnOutput()
    (output.valid, output.values) = (given.valid, given.values)
    output.listOffsets = given.list_offsets
    guard given.text != nil else { return try body(&output) }
    try withTextOutput(given.text, "text") { text throws(MartletError) in
        output.text = text
        defer { text = output.text! }
        try body(&output)
    }
}
