import Glibc

/// The storage of one column: a table of values by slot, and what strings and tags need besides.
///
/// A value is one state of the column. The next one, a copy that `append` or `replace` has changed,
/// shares the tables that have room, writing behind `count` only; the old one stays valid.
struct Column {
    let name: String
    let type: ColumnType
    /// Slots with a place in the tables below; all later ones are null.
    fileprivate(set) var count = 0
    fileprivate var valid = AppendArray<UInt8>()
    /// `width` bytes per slot, 0 if null; see `ColumnView.values`.
    fileprivate var values = AppendArray<UInt8>()
    /// The numbers of all tags, row after row. What a replaced list held stays.
    fileprivate var tags = AppendArray<UInt32>()
    fileprivate var tagCount = 0
    /// nil but for string, tags and json.
    fileprivate let texts: TextTable?
    fileprivate var textCount = 0

    init(name: String, type: ColumnType) {
        (self.name, self.type) = (name, type)
        texts = type.hasTexts ? TextTable() : nil
    }

    fileprivate var width: Int { type.width }

    var view: ColumnView {
        ColumnView(
            name: name, type: type, count: count, valid: valid.base!, values: values.base!,
            tags: tags.base.map { UnsafePointer($0) }, tagCount: tagCount, texts: texts?.view,
            textTable: texts)
    }

    /// Bytes in use.
    var bytes: Int {
        count * (1 + width) + tagCount * MemoryLayout<UInt32>.stride
            + (texts.map { $0.memory(of: $0.view) } ?? 0)
    }

    // MARK: - The next state

    /// Writes the rows of `source` to the slots from `first` on; those before it that have no place
    /// yet become null.
    /// - Throws: `columnType`, `badText`, `indexFull`, `outOfMemory`; the column is to be withdrawn
    ///   then.
    mutating func append(
        _ source: ColumnSource, at first: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let needed = first + source.rows
        _ = try valid.reserve(needed, keeping: count)
        _ = try values.reserve(needed * width, keeping: count * width)
        clear(count..<first)
        try write(source, to: Rows(values.base! + first * width, valid.base! + first), &retired)
        count = needed
    }

    /// Writes the rows of `source` to `slots`, one each and each once, in tables of its own, since
    /// readers may be looking at those slots.
    /// - Throws: as `append`.
    mutating func replace(
        _ source: ColumnSource, at slots: [UInt32], _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let needed = max(count, slots.reduce(0) { max($0, Int($1) + 1) })
        valid = try valid.copy(count, room: needed)
        values = try values.copy(count * width, room: needed * width)
        clear(count..<needed)
        count = needed
        let rows = try Rows(count: source.rows, width: width)
        defer { rows.free() }
        try write(source, to: rows, &retired)
        for (row, slot) in slots.enumerated() {
            valid[Int(slot)] = rows.valid[row]
            (values.base! + Int(slot) * width).update(
                from: rows.values.assumingMemoryBound(to: UInt8.self) + row * width, count: width)
        }
    }

    private func clear(_ slots: Range<Int>) {
        (valid.base! + slots.lowerBound).initialize(repeating: 0, count: slots.count)
        (values.base! + slots.lowerBound * width).initialize(
            repeating: 0, count: slots.count * width)
    }

    /// Becomes what a file holds; see `ColumnView.sections` for the numbers.
    mutating func read(
        _ file: SectionReader, part: Int, _ numbers: [Int]
    ) throws(MartletError) {
        count = numbers[1]
        valid = try file.table(.valid, part: part, UInt8.self, count: count)
        values = try file.table(.values, part: part, UInt8.self, count: count * width)
        // Views need tables, empty ones too.
        if count == 0 { (valid, values) = (try AppendArray(room: 0), try AppendArray(room: 0)) }
        tagCount = numbers[2]
        tags = try file.table(.tags, part: part, UInt32.self, count: tagCount)
        try texts?.read(file, .column, part: part, count: numbers[3])
        textCount = numbers[3]
    }

    /// Ends a batch that succeeded: hands over the tables that `before` has and this one has not.
    func commit(replacing before: Column?, _ retired: inout RetiredMemory) {
        for table in before?.tables(notIn: self) ?? [] { retired.add(table) }
        texts?.commit()
    }

    /// Ends a batch that failed: frees what it has made since `before`.
    func withdraw(to before: Column) {
        for table in tables(notIn: before) { Glibc.free(table) }
        texts?.truncate(to: before.textCount)
    }

    func free() { for table in tables { Glibc.free(table) } }

    private func tables(notIn other: Column) -> [UnsafeMutableRawPointer] {
        let others = other.tables
        return tables.filter { !others.contains($0) }
    }

    private var tables: [UnsafeMutableRawPointer] {
        [valid.owned, values.owned, tags.owned].compactMap { $0 }
    }
}

// MARK: - Writing rows

/// Where the rows of a batch go, one after the other.
private struct Rows {
    let values: UnsafeMutableRawPointer
    let valid: UnsafeMutablePointer<UInt8>

    init(_ values: UnsafeMutablePointer<UInt8>, _ valid: UnsafeMutablePointer<UInt8>) {
        (self.values, self.valid) = (UnsafeMutableRawPointer(values), valid)
    }

    /// Memory of its own, to be freed.
    init(count: Int, width: Int) throws(MartletError) {
        let bytes = count.multipliedReportingOverflow(by: width + 1)
        guard !bytes.overflow else { throw .outOfMemory(bytes: .max) }
        let memory = try Memory.allocate(UInt8.self, bytes.partialValue)
        self.init(memory, memory + count * width)
    }

    func free() { Glibc.free(values) }
}

extension Column {
    private mutating func write(
        _ source: ColumnSource, to rows: Rows, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        source.readValidity(into: rows.valid)
        guard type.accepts(source.type) else {
            // Only nulls; see `MetadataStore`.
            memset(rows.values, 0, source.rows * width)
            return
        }
        switch type {
        case .bool, .int64, .float64, .datetime:
            try source.readValues(as: type, into: rows.values, rows.valid)
        case .string, .json: try writeTexts(source, to: rows, &retired)
        case .tags: try writeTags(source, to: rows, &retired)
        }
    }

    private mutating func writeTexts(
        _ source: ColumnSource, to rows: Rows, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let numbers = rows.values.assumingMemoryBound(to: UInt32.self)
        for row in 0..<source.rows {
            guard rows.valid[row] == 1 else {
                numbers[row] = 0
                continue
            }
            numbers[row] = try number(source, string: row, row: row, &retired)
        }
    }

    private mutating func writeTags(
        _ source: ColumnSource, to rows: Rows, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let spans = rows.values.assumingMemoryBound(to: TagSpan.self)
        let given = source.listOffset(source.rows) - source.listOffset(0)
        _ = try tags.reserve(max(tagCount + given, 1), keeping: tagCount)
        for row in 0..<source.rows {
            guard rows.valid[row] == 1 else {
                spans[row] = TagSpan(start: 0, count: 0)
                continue
            }
            let list = source.listOffset(row)..<source.listOffset(row + 1)
            spans[row] = TagSpan(start: tagCount, count: list.count)
            for place in list {
                tags[tagCount] = try number(source, string: place, row: row, &retired)
                tagCount += 1
            }
        }
    }

    /// The number of a string, which is checked if it is new.
    private mutating func number(
        _ source: ColumnSource, string: Int, row: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) -> UInt32 {
        let text = source.strings![string]
        let (number, isNew) = try texts!.insert(text, &retired)
        if isNew {
            textCount += 1
            try check(text, source, row: row)
        }
        return number
    }

    private func check(
        _ text: UnsafeRawBufferPointer, _ source: ColumnSource, row: Int
    ) throws(MartletError) {
        guard text.isASCII || text.firstNotUTF8 == nil else {
            throw .badText("\(source.title), row \(row): a string is not UTF-8")
        }
        guard type == .json else { return }
        do throws(MartletError) {
            try JSON(text).free()
        } catch .badText(let sentence) {
            throw .badText("\(source.title), row \(row): \(sentence)")
        }
    }
}

// MARK: - Compacting

extension Column {
    /// A column of its own with the values of the slots that stay, and the texts of those.
    func compacted(_ moves: SlotMoves) throws(MartletError) -> Column {
        var next = Column(name: name, type: type)
        do throws(MartletError) {
            try next.copy(self, moves)
        } catch {
            next.free()
            throw error
        }
        return next
    }

    private mutating func copy(_ other: Column, _ moves: SlotMoves) throws(MartletError) {
        let kept = moves.kept.prefix { Int($0) < other.count }
        count = kept.count
        valid = try AppendArray(room: count)
        values = try AppendArray(room: count * width)
        for (target, slot) in kept.enumerated() {
            valid[target] = other.valid[Int(slot)]
            (values.base! + target * width).update(
                from: other.values.base! + Int(slot) * width, count: width)
        }
        switch type {
        case .bool, .int64, .float64, .datetime: return
        case .string, .json:
            let numbers = UnsafeMutableRawPointer(values.base!).assumingMemoryBound(to: UInt32.self)
            try copyTexts(other, numbers, count) { [valid] in valid[$0] == 1 }
        case .tags: try copyTags(other)
        }
        texts?.commit()
    }

    private mutating func copyTags(_ other: Column) throws(MartletError) {
        let spans = UnsafeMutableRawPointer(values.base!).assumingMemoryBound(to: TagSpan.self)
        let needed = (0..<count).reduce(0) { valid[$1] == 1 ? $0 + spans[$1].count : $0 }
        tags = try AppendArray(room: max(needed, 1))
        for slot in 0..<count where valid[slot] == 1 {
            let start = spans[slot].start
            spans[slot].start = tagCount
            for place in 0..<spans[slot].count {
                tags[tagCount] = other.tags[start + place]
                tagCount += 1
            }
        }
        try copyTexts(other, tags.base!, tagCount) { _ in true }
    }

    /// Copies the texts that numbers stand for, and gives them their new numbers.
    private mutating func copyTexts(
        _ other: Column, _ numbers: UnsafeMutablePointer<UInt32>, _ count: Int,
        where isUsed: (Int) -> Bool
    ) throws(MartletError) {
        let old = other.texts!.view
        var outgrown = RetiredMemory()
        defer { outgrown.free() }
        for place in 0..<count where isUsed(place) {
            let (number, isNew) = try texts!.insert(old[numbers[place]], &outgrown)
            numbers[place] = number
            if isNew { textCount += 1 }
        }
    }
}

extension ColumnType {
    var hasTexts: Bool { self == .string || self == .tags || self == .json }

    /// Bytes per slot of `ColumnView.values`.
    var width: Int {
        switch self {
        case .bool: 1
        case .int64, .float64, .datetime: 8
        case .string, .json: MemoryLayout<UInt32>.stride
        case .tags: MemoryLayout<TagSpan>.stride
        }
    }

    /// Whether a column of this type can take values of the other.
    func accepts(_ given: ColumnType) -> Bool {
        given == self || (self == .float64 && given == .int64)
    }
}
