extension Filter {
    /// - Throws: `MartletError.badFilter`, `.outOfMemory`.
    init(json text: UnsafeRawBufferPointer, metadata: MetadataView) throws(MartletError) {
        let json: JSON
        do throws(MartletError) {
            json = try JSON(text)
        } catch .badText(let sentence) {
            throw .badFilter("the filter is \(sentence)")
        }
        defer { json.free() }
        guard case .object(let members) = json.value else {
            throw .badFilter("the filter is \(json.value), but must be an object")
        }
        self = try FilterParser(metadata: metadata).filter(members)
    }

    /// Passes what all of the parts let through.
    static func all(of parts: [Filter]) -> Filter { parts.count == 1 ? parts[0] : .all(parts) }
}

/// Reads filters: what stands outside of a field's conditions.
struct FilterParser {
    let metadata: MetadataView

    func filter(_ members: JSON.Members) throws(MartletError) -> Filter {
        var parts: [Filter] = []
        for (key, value) in members { parts.append(try part(key, value)) }
        return .all(of: parts)
    }

    private func part(
        _ key: UnsafeRawBufferPointer, _ value: JSON.Value
    ) throws(MartletError) -> Filter {
        guard key.first != UInt8(ascii: "$") else { return try combined(key, value) }
        let name = String(decoding: key, as: UTF8.self)
        guard let column = metadata.column(named: name) else { throw unknownField(key) }
        return try ConditionParser(column: column).condition(value)
    }

    private func combined(
        _ key: UnsafeRawBufferPointer, _ value: JSON.Value
    ) throws(MartletError) -> Filter {
        let name = String(decoding: key, as: UTF8.self)
        switch name {
        case "$and": return .all(of: try filters(name, value))
        case "$or": return .any(try filters(name, value))
        case "$not":
            guard case .object(let members) = value else {
                throw .badFilter("$not is given \(value), but takes a filter")
            }
            return .not(try filter(members))
        default:
            throw .badFilter(
                "the filter has an unknown operator \(JSON.quoted(key)); "
                    + "beside fields there may be $and, $or and $not")
        }
    }

    private func filters(_ name: String, _ value: JSON.Value) throws(MartletError) -> [Filter] {
        guard case .array(let list) = value else {
            throw .badFilter("\(name) is given \(value), but takes a list of filters")
        }
        var filters: [Filter] = []
        for element in list {
            guard case .object(let members) = element else {
                throw .badFilter(
                    "element \(filters.count) of \(name) is \(element), but must be a filter")
            }
            filters.append(try filter(members))
        }
        return filters
    }
}

// MARK: - Unknown fields

extension FilterParser {
    private static let columnsNamed = 8

    private func unknownField(_ key: UnsafeRawBufferPointer) -> MartletError {
        let start = "the filter has an unknown field \(JSON.quoted(key)); "
        guard !metadata.columns.isEmpty else { return .badFilter(start + "there are no columns") }
        let name = String(decoding: key, as: UTF8.self)
        // Sorting keeps the order of equals, which is that in which the columns appeared.
        let nearest = metadata.columns.map { (name: $0.name, edits: Self.edits(name, $0.name)) }
            .sorted { $0.edits < $1.edits }
            .prefix(Self.columnsNamed).map { JSON.quoted($0.name) }
        let others = metadata.columns.count - nearest.count
        return .badFilter(
            start + "the columns are " + nearest.joined(separator: ", ")
                + (others > 0 ? " and \(others) others" : ""))
    }

    /// How many characters must be added, removed or replaced to make one of the other (Levenshtein
    /// 1966); of long names the beginnings.
    private static func edits(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.unicodeScalars.prefix(40)), Array(b.unicodeScalars.prefix(40)))
        var row = Array(0...b.count)
        for (i, scalar) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (scalar == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
