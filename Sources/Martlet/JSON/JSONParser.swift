import Glibc

/// Reads a JSON text into a table of nodes: strictly by RFC 8259, and a key may stand but once in
/// an object. Hostile texts end in an error that names a byte; the depth of calls is bounded.
struct JSONParser {
    let text: UnsafeRawBufferPointer
    /// The place of the next byte.
    var place = 0
    private(set) var nodes = AppendArray<JSON.Node>()
    private(set) var count = 0
    /// Decoded strings, which never need more bytes than the text has.
    var decoded: UnsafeMutablePointer<UInt8>?
    var decodedCount = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    func free() {
        nodes.free()
        Glibc.free(decoded)
    }

    mutating func takeText() throws(MartletError) {
        guard text.count <= JSON.maxSize else {
            throw .badText(
                "not usable JSON: it has \(text.count) bytes, but may have \(JSON.maxSize)")
        }
        if let bad = text.firstNotUTF8 {
            throw .badText("not UTF-8: \(Self.name(text[bad])) at byte \(bad) cannot stand there")
        }
        try takeValue(depth: 0)
        skipSpace()
        guard place == text.count else { throw unexpected("the end") }
    }

    private mutating func takeValue(depth: Int) throws(MartletError) {
        skipSpace()
        guard let next else { throw unexpected("a value") }
        switch next {
        case UInt8(ascii: "\""): try takeString()
        case UInt8(ascii: "["): try takeArray(depth: depth + 1)
        case UInt8(ascii: "{"): try takeObject(depth: depth + 1)
        case UInt8(ascii: "t"): try takeWord("true", JSON.Node(kind: .bool, payload: 1))
        case UInt8(ascii: "f"): try takeWord("false", JSON.Node(kind: .bool))
        case UInt8(ascii: "n"): try takeWord("null", JSON.Node(kind: .null))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try takeNumber()
        default: throw unexpected("a value")
        }
    }

    private mutating func takeWord(_ word: StaticString, _ node: JSON.Node) throws(MartletError) {
        for i in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[i] else { throw unexpected("\"\(word)\"") }
            place += 1
        }
        try append(node)
    }

    private mutating func takeArray(depth: Int) throws(MartletError) {
        let array = try open(.array, depth: depth)
        if take("]") { return close(array, count: 0) }
        var elements = 0
        repeat {
            try takeValue(depth: depth)
            elements += 1
            skipSpace()
        } while take(",")
        guard take("]") else { throw unexpected("\",\" or \"]\"") }
        close(array, count: elements)
    }

    private mutating func takeObject(depth: Int) throws(MartletError) {
        let object = try open(.object, depth: depth)
        if take("}") { return close(object, count: 0) }
        var members = 0
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            try takeString()
            skipSpace()
            guard take(":") else { throw unexpected("\":\"") }
            try takeValue(depth: depth)
            members += 1
            skipSpace()
        } while take(",")
        guard take("}") else { throw unexpected("\",\" or \"}\"") }
        close(object, count: members)
        try checkKeys(of: object)
    }

    /// Begins an array or object, whose first byte is next.
    private mutating func open(_ kind: JSON.Node.Kind, depth: Int) throws(MartletError) -> Int {
        guard depth <= JSON.maxDepth else {
            throw .badText(
                "not usable JSON: at byte \(place) it nests deeper than \(JSON.maxDepth) levels")
        }
        place += 1
        skipSpace()
        try append(JSON.Node(kind: kind))
        return count - 1
    }

    private func close(_ opened: Int, count members: Int) {
        nodes[opened].count = UInt32(members)
        nodes[opened].payload = UInt64(count - opened)
    }

    mutating func append(_ node: JSON.Node) throws(MartletError) {
        if count == nodes.capacity {
            Glibc.free(try nodes.reserve(max(count + 1, 64), keeping: count))
        }
        nodes[count] = node
        count += 1
    }

    // MARK: - Bytes

    @inline(__always)
    var next: UInt8? { place < text.count ? text[place] : nil }

    @inline(__always)
    mutating func skipSpace() {
        while let byte = next, byte <= 0x20,
            byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
        {
            place += 1
        }
    }

    @inline(__always)
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    func unexpected(_ expected: String) -> MartletError {
        let found = next.map(Self.name) ?? "the end"
        return .badText("not JSON: at byte \(place) is \(found), but expected is \(expected)")
    }

    /// A byte as a message shows it.
    static func name(_ byte: UInt8) -> String {
        if (0x20..<0x7F).contains(byte) { return "'\(Character(Unicode.Scalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "0x" + (byte < 16 ? "0" : "") + digits
    }
}

// MARK: - Keys

extension JSONParser {
    /// So many keys are compared each with each.
    private static let fewKeys = 8

    private func checkKeys(of object: Int) throws(MartletError) {
        let members = Int(nodes[object].count)
        guard members > 1 else { return }
        if members <= Self.fewKeys {
            try checkFewKeys(of: object)
        } else {
            try checkManyKeys(of: object, members)
        }
    }

    private func checkFewKeys(of object: Int) throws(MartletError) {
        let end = object + nodes[object].size
        var key = object + 1
        while key < end {
            var other = object + 1
            while other < key {
                guard !isEqual(key, other) else { throw twice(key) }
                other = after(other)
            }
            key = after(key)
        }
    }

    private func checkManyKeys(of object: Int, _ members: Int) throws(MartletError) {
        let table = try ProbeTable(for: members)
        defer { table.free() }
        var key = object + 1
        for _ in 0..<members {
            let known = table.insert(UInt32(key), TextTable.hash(bytes(key))) {
                isEqual(key, Int($0))
            }
            guard known == nil else { throw twice(key) }
            key = after(key)
        }
    }

    /// The key that follows another one's value.
    private func after(_ key: Int) -> Int { key + 1 + nodes[key + 1].size }

    private func bytes(_ key: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bitPattern: UInt(nodes[key].payload)),
            count: Int(nodes[key].count))
    }

    private func isEqual(_ a: Int, _ b: Int) -> Bool { bytes(a).hasSameBytes(as: bytes(b)) }

    private func twice(_ key: Int) -> MartletError {
        .badText(
            "not usable JSON: the key \(JSON.quoted(bytes(key))) stands twice in the object that "
                + "ends before byte \(place)")
    }
}
