/// A change, as a log keeps it: what its caller gave, with the ids that were assigned.
///
/// Parts of a payload are padded to 8 bytes; docs/format.md has them.
extension RecordOutput {
    /// A batch of vectors: how many, their ids, the vectors, and metadata.
    func append(
        _ vectors: VectorStore, _ batch: Range<Int>, ids: IdColumn, _ columns: [ColumnView]
    ) throws(MartletError) {
        try append(ids)
        let size = vectors.reader.dim * MemoryLayout<Float>.size
        for slot in batch {
            try append(UnsafeRawBufferPointer(start: vectors.row(slot), count: size))
        }
        try pad()
        try append(columns, at: UInt32(batch.lowerBound)..<UInt32(batch.upperBound))
    }

    func append(_ memory: MemoryForm) throws(MartletError) { try append(Int(memory.rawValue)) }

    func append(_ ids: IdColumn) throws(MartletError) {
        try append(Int(ids.kind.rawValue))
        try append(ids.count)
        switch ids {
        case .integers(let ids): for place in 0..<ids.count { try append(ids[place]) }
        case .strings(let ids): try append(texts: ids.count) { ids[$0] }
        }
    }

    /// The values that columns have at slots.
    func append(
        _ columns: [ColumnView], at slots: some Collection<UInt32>
    ) throws(MartletError) {
        try append(columns.count)
        for column in columns {
            let name = Array(column.name.utf8)
            try append(Int(column.type.rawValue))
            try append(name.count)
            try name.withUnsafeBufferPointer { name throws(MartletError) in
                try append(UnsafeRawBufferPointer(name))
            }
            try pad()
            try append(column, at: slots)
        }
    }

    private func append(
        _ column: ColumnView, at slots: some Collection<UInt32>
    ) throws(MartletError) {
        for slot in slots { try append(UInt8(column.hasValue(slot) ? 1 : 0)) }
        try pad()
        switch column.type {
        case .bool, .int64, .float64, .datetime:
            for slot in slots {
                let value = column.values + Int(slot) * column.type.width
                let bytes = UnsafeRawBufferPointer(start: value, count: column.type.width)
                try append(column.hasValue(slot) ? bytes : Self.zeros(column.type.width))
            }
            try pad()
        case .string, .json:
            let texts = slots.map { column.text(at: $0) }
            try append(texts: texts.count) { texts[$0] }
        case .tags:
            let lists = slots.map { column.tags(at: $0) }
            var end = 0
            try append(end)
            for list in lists {
                end += list.count
                try append(end)
            }
            let tags = lists.joined().map { column.texts![$0] }
            try append(texts: tags.count) { tags[$0] }
        }
    }

    /// Where each text begins and the last one ends, and the texts.
    private func append(
        texts count: Int, _ text: (Int) -> UnsafeRawBufferPointer
    ) throws(MartletError) {
        var end = 0
        try append(end)
        for place in 0..<count {
            end += text(place).count
            try append(end)
        }
        for place in 0..<count { try append(text(place)) }
        try pad()
    }

    private static func zeros(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zero, count: count)
    }

    private static nonisolated(unsafe) let zero: UnsafeRawPointer = {
        let zero = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        zero.pointee = 0
        return UnsafeRawPointer(zero)
    }()
}

extension ColumnView {
    fileprivate func hasValue(_ slot: UInt32) -> Bool { slot < count && valid[Int(slot)] == 1 }

    fileprivate func text(at slot: UInt32) -> UnsafeRawBufferPointer {
        guard hasValue(slot) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let number = values.load(fromByteOffset: Int(slot) * 4, as: UInt32.self)
        return texts![number]
    }

    fileprivate func tags(at slot: UInt32) -> UnsafeBufferPointer<UInt32> {
        guard hasValue(slot) else { return UnsafeBufferPointer(start: nil, count: 0) }
        let stride = MemoryLayout<TagSpan>.stride
        let span = values.load(fromByteOffset: Int(slot) * stride, as: TagSpan.self)
        return UnsafeBufferPointer(start: tags! + span.start, count: span.count)
    }
}

extension RecordInput {
    mutating func takeMemory() throws(MartletError) -> MemoryForm {
        guard let memory = MemoryForm(rawValue: Int32(truncatingIfNeeded: try takeCount())) else {
            throw isBroken
        }
        return memory
    }

    mutating func takeIds() throws(MartletError) -> IdColumn {
        guard let kind = IdKind(rawValue: Int32(truncatingIfNeeded: try takeCount())) else {
            throw isBroken
        }
        let count = try takeCount()
        switch kind {
        case .integers:
            return .integers(Integers(data: try take(Int64.self, count), count: count))
        case .strings: return .strings(try takeStrings(count))
        }
    }

    mutating func takeVectors(rows: Int, dim: Int) throws(MartletError) -> Matrix {
        let count = rows.multipliedReportingOverflow(by: dim)
        guard !count.overflow else { throw isBroken }
        let data = try take(Float.self, count.partialValue).assumingMemoryBound(to: Float.self)
        return Matrix(data, rows: rows, columns: dim)
    }

    /// Columns of so many rows. Their validity goes to `bits`, to be freed.
    mutating func takeColumns(
        rows: Int, _ bits: inout RetiredMemory
    ) throws(MartletError) -> [ColumnSource] {
        var columns: [ColumnSource] = []
        for _ in 0..<(try takeCount()) {
            guard let type = ColumnType(rawValue: Int32(truncatingIfNeeded: try takeCount())) else {
                throw isBroken
            }
            let size = try takeCount()
            let name = UnsafeRawBufferPointer(start: try take(UInt8.self, size), count: size)
            guard name.firstNotUTF8 == nil else { throw isBroken }
            var column = ColumnSource(
                name: String(decoding: name, as: UTF8.self), rows: rows, type: type)
            column.validity = try takeValidity(rows, &bits)
            try takeValues(of: &column)
            columns.append(column)
        }
        return columns
    }

    /// A byte per row becomes a bit.
    private mutating func takeValidity(
        _ rows: Int, _ bits: inout RetiredMemory
    ) throws(MartletError) -> UnsafeRawPointer {
        let valid = try take(UInt8.self, rows)
        let bitmap = try Bitmap(count: rows)
        bits.add(bitmap.words)
        for row in 0..<rows where valid.load(fromByteOffset: row, as: UInt8.self) != 0 {
            bitmap.insert(UInt32(row))
        }
        return UnsafeRawPointer(bitmap.words)
    }

    private mutating func takeValues(of column: inout ColumnSource) throws(MartletError) {
        switch column.type {
        case .bool:
            (column.format, column.stride) = (.bytes, 1)
            column.values = try take(UInt8.self, column.rows)
        case .int64, .datetime: column.values = try take(Int64.self, column.rows)
        case .float64:
            column.format = .float64
            column.values = try take(Double.self, column.rows)
        case .string, .json: column.strings = try takeStrings(column.rows)
        case .tags:
            let lists = try take(Int.self, column.rows + 1)
            column.listOffsets = lists
            let count = lists.load(fromByteOffset: column.rows * 8, as: Int.self)
            guard count >= 0, count < Int.max - 1 else { throw isBroken }
            column.strings = try takeStrings(count)
        }
    }

    private mutating func takeStrings(_ count: Int) throws(MartletError) -> Strings {
        let offsets = try take(Int.self, count + 1)
        let ends = Strings.Offsets(data: nil, table: offsets, offsetBytes: 8)
        guard ends.offset(0) == 0 else { throw isBroken }
        let size = ends.offset(count)
        guard size >= 0 else { throw isBroken }
        return Strings(data: try take(UInt8.self, size), offsets: offsets, count: count)
    }
}
