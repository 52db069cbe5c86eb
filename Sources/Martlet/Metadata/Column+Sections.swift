/// A column as sections of a file.
extension ColumnView {
    /// - Parameter part: 1 + its number.
    func sections(part: Int) -> [Section] {
        let numbers = [Int(type.rawValue), count, tagCount, texts?.count ?? 0]
        let name = Array(name.utf8)
        return [
            Section(.column, part: part, numbers.map { UInt64($0) }),
            Section(.columnName, part: part, size: name.count) { output throws(MartletError) in
                try name.withUnsafeBufferPointer { name throws(MartletError) in
                    try output.append(UnsafeRawBufferPointer(name))
                }
            },
            Section(.valid, part: part, valid, count: count),
            Section(
                .values, part: part, values.assumingMemoryBound(to: UInt8.self),
                count: count * type.width),
            Section(.tags, part: part, tags, count: tagCount),
        ] + (texts?.sections(.column, part: part) ?? [])
    }

    /// Throws unless every number in the values leads to something.
    fileprivate func check(_ file: SectionReader) throws(MartletError) {
        let valid = UnsafeBufferPointer(start: valid, count: count)
        try file.check(valid.allSatisfy { $0 <= 1 }, .valid, "bytes must be 0 or 1")
        switch type {
        case .int64, .float64, .datetime: break
        case .bool: try checkValues(file, "must be 0 or 1") { (byte: UInt8) in byte <= 1 }
        case .string, .json:
            let texts = texts!.count
            try checkValues(file, "must be a text's number") { (text: UInt32) in text < texts }
        case .tags:
            let (tags, texts) = (UnsafeBufferPointer(start: tags, count: tagCount), texts!.count)
            try file.check(
                tags.allSatisfy { $0 < texts }, .tags, "each must be a text's number")
            try checkValues(file, "must be a stretch of the tags") { (span: TagSpan) in
                span.start >= 0 && span.count >= 0 && span.start <= tagCount
                    && span.count <= tagCount - span.start
            }
        }
        if type == .json && file.mapping == nil { try checkJSON(file) }
    }

    private func checkValues<Value: BitwiseCopyable>(
        _ file: SectionReader, _ rule: String, _ isRight: (Value) -> Bool
    ) throws(MartletError) {
        let values = values.assumingMemoryBound(to: Value.self)
        for slot in 0..<count where valid[slot] == 1 {
            try file.check(isRight(values[slot]), .values, "that of slot \(slot) \(rule)")
        }
    }

    private func checkJSON(_ file: SectionReader) throws(MartletError) {
        for number in 0..<UInt32(texts!.count) {
            do throws(MartletError) {
                try JSON(texts![number]).free()
            } catch .badText(let sentence) {
                throw file.error("is damaged: text \(number) of a column: \(sentence)")
            }
        }
    }
}

extension Column {
    /// The column that a file holds.
    init(_ file: SectionReader, part: Int, slots: Int) throws(MartletError) {
        let numbers = try file.array(.column, part: part, UInt64.self, count: 4)
        guard let type = ColumnType(rawValue: Int32(truncatingIfNeeded: numbers[0])),
            numbers[0] < 7, numbers[1] <= slots, numbers[2] <= file.source.size,
            numbers[3] <= Configuration.maxVectors
        else { throw file.error("is damaged: its column \(part - 1) has impossible numbers") }
        self.init(name: try Self.name(file, part: part), type: type)
        do throws(MartletError) {
            try read(file, part: part, numbers.map { Int(truncatingIfNeeded: $0) })
            try view.check(file)
        } catch {
            free()
            throw error
        }
    }

    private static func name(_ file: SectionReader, part: Int) throws(MartletError) -> String {
        let size = file.size(.columnName, part: part)
        let bytes = try file.array(.columnName, part: part, UInt8.self, count: size)
        guard let name = String(validating: bytes, as: UTF8.self),
            name.utf8.first != UInt8(ascii: "$")
        else {
            throw file.error("is damaged: the name of column \(part - 1) is not one")
        }
        return name
    }
}
