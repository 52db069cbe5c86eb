/// How fixed-width values lie in the caller's memory.
public enum ValueFormat: Int32, Sendable {
    /// One bit each, the lowest of a byte first.
    case bits = 0
    /// One byte each, zero or not.
    case bytes = 1
    case int8 = 2
    case int16 = 3
    case int32 = 4
    case int64 = 5
    case uint8 = 6
    case uint16 = 7
    case uint32 = 8
    case uint64 = 9
    case float16 = 10
    case float32 = 11
    case float64 = 12

    /// Whether values of a type can lie so.
    func fits(_ type: ColumnType) -> Bool {
        switch self {
        case .bits, .bytes: type == .bool
        case .float16, .float32, .float64: type == .float64
        default: type == .int64 || type == .datetime
        }
    }
}

/// What a datetime counts in the caller's memory.
public enum TimeUnit: Int32, Sendable {
    case days = 0
    case seconds = 1
    case milliseconds = 2
    case microseconds = 3
    /// Rounded down to microseconds.
    case nanoseconds = 4
}

/// One value per row of one field in the caller's memory, read in place during a call.
///
/// Apache Arrow's layouts, and strides, which count bytes, may be zero or negative, and need not be
/// aligned.
/// Safety: the caller vouches that the value, the validity bit, the string or the list of every row
/// can be read.
public struct ColumnSource {
    public var name: String
    public var rows: Int
    public var type: ColumnType
    /// Of the fixed-width types' `values`.
    public var format = ValueFormat.int64
    /// Of a datetime.
    public var unit = TimeUnit.microseconds
    /// The fixed-width types: one value per row, `stride` bytes apart (but bits).
    public var values: UnsafeRawPointer?
    public var stride = MemoryLayout<Int64>.size
    /// string and json: one per row. tags: the tags of all rows.
    public var strings: Strings?
    /// tags: those of row i are the strings `listOffsets[i]` to `listOffsets[i + 1]`.
    public var listOffsets: UnsafeRawPointer?
    /// 4 or 8.
    public var listOffsetBytes = MemoryLayout<Int64>.size
    /// A bit per row, the lowest of a byte first: 0 is null. nil: no nulls.
    public var validity: UnsafeRawPointer?
    /// Bits to skip in `validity`, and in values that are bits.
    public var bitOffset = 0

    public init(name: String, rows: Int, type: ColumnType) {
        (self.name, self.rows, self.type) = (name, rows, type)
    }

    /// What errors call the column.
    var title: String { Self.title(name) }

    static func title(_ name: String) -> String {
        var name = name
        return name.withUTF8 {
            "column \(String(shortening: UnsafeRawBufferPointer($0)).debugDescription)"
        }
    }
}

// MARK: - Checks

extension ColumnSource {
    /// Checks all that can be checked without reading values: names, shapes, layouts.
    /// - Throws: `invalidArgument` naming the column.
    static func check(_ columns: [ColumnSource], rows: Int) throws(MartletError) {
        var names: Set<[UInt8]> = []
        for column in columns {
            guard names.insert(Array(column.name.utf8)).inserted else {
                throw .invalidArgument("\(column.title) is given twice")
            }
            try column.check(rows: rows)
        }
    }

    private func check(rows: Int) throws(MartletError) {
        guard name.utf8.first != UInt8(ascii: "$") else {
            throw .invalidArgument(
                "\(title) cannot be: names that begin with $ are operators in filters")
        }
        guard self.rows == rows else {
            throw .invalidArgument("\(title) has \(self.rows) rows, but \(rows) are expected")
        }
        guard bitOffset >= 0, !bitOffset.addingReportingOverflow(rows).overflow else {
            throw .invalidArgument(
                "\(title): bit_offset is \(bitOffset), but must be 0 or more, and the bits within "
                    + "the address space")
        }
        switch type {
        case .bool, .int64, .float64, .datetime: try checkValues()
        case .string, .json: try checkStrings()
        case .tags: try checkLists()
        }
    }

    private func checkValues() throws(MartletError) {
        guard format.fits(type) else {
            throw .invalidArgument("\(title): values of type \(type) cannot be given as \(format)")
        }
        guard rows == 0 || values != nil else {
            throw .invalidArgument("\(title): values is NULL, but it has \(rows) rows")
        }
        guard !stride.multipliedReportingOverflow(by: max(rows - 1, 0)).overflow else {
            throw .invalidArgument(
                "\(title): \(rows) values \(stride) bytes apart span more than the address space")
        }
    }

    @discardableResult
    private func checkStrings() throws(MartletError) -> Strings {
        guard let strings else {
            throw .invalidArgument("\(title): a column of type \(type) needs strings")
        }
        guard type == .tags || strings.count == rows else {
            throw .invalidArgument(
                "\(title) has \(rows) rows, but \(strings.count) strings, not one each")
        }
        // Of tags, validity tells whether a whole list is null.
        try strings.checkLayout(title) { row in type != .tags && isNull(row) }
        return strings
    }

    private func checkLists() throws(MartletError) {
        let strings = try checkStrings()
        guard listOffsetBytes == 4 || listOffsetBytes == 8 else {
            throw .invalidArgument(
                "\(title): list_offset_bytes is \(listOffsetBytes), but must be 4 or 8")
        }
        guard rows > 0 else { return }
        guard listOffsets != nil else {
            throw .invalidArgument("\(title): list_offsets is NULL, but it has \(rows) rows")
        }
        var start = 0
        for row in 0...rows {
            let end = listOffset(row)
            guard start <= end, end <= strings.count else {
                throw .invalidArgument(
                    "\(title): list offset \(row) is \(end), but must be from \(start), where the "
                        + "list before ends, to \(strings.count), the number of strings")
            }
            start = end
        }
    }
}
