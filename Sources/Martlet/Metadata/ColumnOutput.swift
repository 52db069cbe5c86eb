/// Buffers of the caller's that receive the values of a column.
///
/// Safety: the caller vouches for room for one element per row in `valid` and `values`, and for one
/// more in `listOffsets`.
public struct ColumnOutput {
    /// Receives 1 per value and 0 per null.
    public var valid: UnsafeMutablePointer<UInt8>?
    /// The fixed-width types: receives an `Int64`, a `Double` or, for bool, a `UInt8` per row; 0 for a
    /// null.
    public var values: UnsafeMutableRawPointer?
    /// string and json: a string per row, "" for a null. tags: the tags of all rows.
    public var text: TextOutput?
    /// tags: those of row i are the strings `listOffsets[i]` to `listOffsets[i + 1]`.
    public var listOffsets: UnsafeMutablePointer<Int64>?

    public init() {}
}

extension ColumnOutput {
    /// Writes the values of slots, each -1 or below the version's slot count.
    mutating func write(
        _ column: ColumnView, slots: UnsafeBufferPointer<Int64>
    ) throws(MartletError) {
        try check(column, rows: slots.count)
        for (place, slot) in slots.enumerated() {
            valid![place] = column.hasValue(slot) ? 1 : 0
        }
        switch column.type {
        case .bool: gather(UInt8.self, column, slots)
        case .int64, .float64, .datetime: gather(Int64.self, column, slots)
        case .string, .json: try writeTexts(column, slots)
        case .tags: try writeTags(column, slots)
        }
    }

    private func check(_ column: ColumnView, rows: Int) throws(MartletError) {
        let title = ColumnSource.title(column.name)
        guard rows == 0 || valid != nil else { throw .invalidArgument("\(title): valid is NULL") }
        if column.type.hasTexts {
            guard text != nil else { throw .invalidArgument("\(title): text is NULL") }
        } else {
            guard rows == 0 || values != nil else {
                throw .invalidArgument("\(title): values is NULL")
            }
        }
        guard column.type != .tags || listOffsets != nil else {
            throw .invalidArgument("\(title): list_offsets is NULL")
        }
    }

    /// Copies values as words of their width, whatever they mean.
    private func gather<Word: FixedWidthInteger & BitwiseCopyable>(
        _ word: Word.Type, _ column: ColumnView, _ slots: UnsafeBufferPointer<Int64>
    ) {
        guard let values else { return }
        let size = MemoryLayout<Word>.size
        for (place, slot) in slots.enumerated() {
            let value = valid![place] == 1 ? column.value(Word.self, slot) : 0
            values.storeBytes(of: value, toByteOffset: place * size, as: Word.self)
        }
    }

    private mutating func writeTexts(
        _ column: ColumnView, _ slots: UnsafeBufferPointer<Int64>
    ) throws(MartletError) {
        let valid = valid
        try text!.write(count: slots.count) { place in
            valid![place] == 1
                ? column.texts![column.value(UInt32.self, slots[place])]
                : UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    private mutating func writeTags(
        _ column: ColumnView, _ slots: UnsafeBufferPointer<Int64>
    ) throws(MartletError) {
        let (lists, count) = try writeLists(column, slots)
        var row = 0
        try text!.write(count: count) { place in
            // Places come in order, and then once more from the first.
            if place < lists[row] { row = 0 }
            while lists[row + 1] <= place { row += 1 }
            let span = column.value(TagSpan.self, slots[row])
            return column.texts![column.tags![span.start + place - Int(lists[row])]]
        }
    }

    /// Writes where each row's tags begin; returns that, and how many there are.
    private func writeLists(
        _ column: ColumnView, _ slots: UnsafeBufferPointer<Int64>
    ) throws(MartletError) -> (UnsafePointer<Int64>, Int) {
        let (lists, valid) = (listOffsets!, valid)
        lists[0] = 0
        for place in 0..<slots.count {
            let tags = valid![place] == 1 ? column.value(TagSpan.self, slots[place]).count : 0
            let end = Int(lists[place]).addingReportingOverflow(tags)
            guard !end.overflow else {
                throw .invalidArgument(
                    "the tags of \(slots.count) rows are more than memory can hold")
            }
            lists[place + 1] = Int64(end.partialValue)
        }
        return (UnsafePointer(lists), Int(lists[slots.count]))
    }
}

extension ColumnView {
    /// Whether a slot is not null; -1 is none.
    fileprivate func hasValue(_ slot: Int64) -> Bool {
        slot >= 0 && slot < count && valid[Int(slot)] == 1
    }

    fileprivate func value<Value: BitwiseCopyable>(_ type: Value.Type, _ slot: Int64) -> Value {
        values.load(fromByteOffset: Int(slot) * MemoryLayout<Value>.stride, as: Value.self)
    }
}
