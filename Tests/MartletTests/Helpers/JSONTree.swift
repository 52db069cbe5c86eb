import MartletTestSupport

@testable import Martlet

/// A JSON value as plain Swift: what a text says, and texts that say it.
indirect enum JSONTree: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONTree])
    case object([Member])

    init(json: String) throws { try self.init(json: Array(json.utf8)) }

    init(json bytes: [UInt8]) throws {
        // Of just the text's size, so that the address sanitizer sees a read behind it.
        let text = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { text.deallocate() }
        text.copyBytes(from: bytes)
        let json = try JSON(UnsafeRawBufferPointer(text))
        defer { json.free() }
        self.init(json.value)
    }

    private init(_ value: JSON.Value) {
        func string(_ bytes: UnsafeRawBufferPointer) -> String {
            String(decoding: bytes, as: UTF8.self)
        }
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .integer(integer)
        case .double(let double): self = .double(double)
        case .string(let bytes): self = .string(string(bytes))
        case .array(let list): self = .array(list.map { JSONTree($0) })
        case .object(let members):
            self = .object(members.map { Member(string($0.key), JSONTree($0.value)) })
        }
    }

    /// Texts compare by their scalars, and doubles by their bits.
    static func == (a: JSONTree, b: JSONTree) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

struct Member: Equatable, Sendable {
    var key: String
    var value: JSONTree

    init(_ key: String, _ value: JSONTree) { (self.key, self.value) = (key, value) }

    static func == (a: Member, b: Member) -> Bool {
        a.key.utf8.elementsEqual(b.key.utf8) && a.value == b.value
    }
}

// MARK: - Random trees

extension JSONTree {
    static func random(depth: Int, _ generator: inout SeededGenerator) -> JSONTree {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: -1000...1000, using: &generator))
        case 3: return .integer(Int64(bitPattern: generator.next()))
        case 4: return .double(.random(in: -1...1, using: &generator))
        case 5: return .string(randomString(&generator))
        case 6:
            return .object(
                (0..<Int.random(in: 0...12, using: &generator)).map {
                    Member(
                        "\(randomString(&generator))\($0)", random(depth: depth - 1, &generator))
                })
        default:
            return .array(
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    random(depth: depth - 1, &generator)
                })
        }
    }

    static func randomString(_ generator: inout SeededGenerator) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "/", "\n", "\0", "\u{1f}", "\u{7f}", "é", "\u{301}", "\u{800}",
            "日", "\u{d7ff}", "\u{e000}", "\u{ffff}", "🐦", "\u{10ffff}",
        ]
        var string = ""
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            string.unicodeScalars.append(scalars.randomElement(using: &generator)!)
        }
        return string
    }
}

// MARK: - Texts

extension JSONTree {
    /// A text that says this, with space and escapes of many kinds.
    func json(_ generator: inout SeededGenerator) -> String {
        func space() -> String {
            ["", "", "", " ", "\n", "\t\r "].randomElement(using: &generator)!
        }
        let text: String
        switch self {
        case .null: text = "null"
        case .bool(let bool): text = "\(bool)"
        case .integer(let integer): text = "\(integer)"
        case .double(let double): text = "\(double)"
        case .string(let string): text = Self.quoted(string, &generator)
        case .array(let elements):
            text = "[" + space() + elements.map { $0.json(&generator) }.joined(separator: ",") + "]"
        case .object(let members):
            let texts = members.map {
                space() + Self.quoted($0.key, &generator) + space() + ":"
                    + $0.value.json(&generator)
            }
            text = "{" + space() + texts.joined(separator: ",") + "}"
        }
        return space() + text + space()
    }

    private static func quoted(_ string: String, _ generator: inout SeededGenerator) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": #"\""#, "\\": #"\\"#, "/": #"\/"#, "\u{8}": #"\b"#, "\u{c}": #"\f"#,
            "\n": #"\n"#, "\r": #"\r"#, "\t": #"\t"#,
        ]
        var text = "\""
        for scalar in string.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            switch Int.random(in: 0..<3, using: &generator) {
            case 0 where short[scalar] != nil: text += short[scalar]!
            case 1 where !mustEscape: text.unicodeScalars.append(scalar)
            default: for unit in String(scalar).utf16 { text += hexadecimal(unit, &generator) }
            }
        }
        return text + "\""
    }

    private static func hexadecimal(_ unit: UInt16, _ generator: inout SeededGenerator) -> String {
        let digits = String(unit, radix: 16, uppercase: .random(using: &generator))
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
