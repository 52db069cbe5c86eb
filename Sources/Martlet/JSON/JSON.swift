import Glibc

/// A parsed JSON text (RFC 8259).
///
/// Its values lie in one table in the order of the text, each before those inside it, so that a
/// list of a million elements costs neither a million allocations nor a copy of its strings.
///
/// Safety: strings point into the text, which must outlive this; whoever made it frees it, once.
struct JSON {
    /// How deep arrays and objects may stand in each other.
    static let maxDepth = 64
    /// Bytes of the largest text: places in it fit in 32 bits.
    static let maxSize = 1 << 31 - 1

    enum Value {
        case null
        case bool(Bool)
        /// A number without fraction and exponent that fits.
        case integer(Int64)
        /// Any other number; finite.
        case double(Double)
        /// UTF-8, without escapes.
        case string(UnsafeRawBufferPointer)
        case array(List)
        case object(Members)

        @inline(__always)
        var isNull: Bool { if case .null = self { true } else { false } }
    }

    /// A value as it lies in the table.
    struct Node: BitwiseCopyable {
        enum Kind: UInt8, BitwiseCopyable {
            case null
            case bool
            case integer
            case double
            case string
            case array
            case object
        }

        var kind: Kind
        /// Bytes of a string, elements of an array, members of an object.
        var count: UInt32 = 0
        /// The bits of a bool or number; the address of a string's bytes; for an array or object,
        /// how many nodes it and what is inside take.
        var payload: UInt64 = 0

        var size: Int { kind == .array || kind == .object ? Int(payload) : 1 }
    }

    private let nodes: UnsafeMutablePointer<Node>
    /// The bytes of the strings that had escapes.
    private let decoded: UnsafeMutablePointer<UInt8>?

    /// - Throws: `MartletError.badText`, `.outOfMemory`.
    init(_ text: UnsafeRawBufferPointer) throws(MartletError) {
        var parser = JSONParser(text)
        do throws(MartletError) {
            try parser.takeText()
        } catch {
            parser.free()
            throw error
        }
        (nodes, decoded) = (parser.nodes.base!, parser.decoded)
    }

    func free() {
        Glibc.free(nodes)
        Glibc.free(decoded)
    }

    /// The value that the text is.
    var value: Value { Self.value(nodes) }

    @inline(__always)
    private static func value(_ node: UnsafePointer<Node>) -> Value {
        let (count, payload) = (Int(node.pointee.count), node.pointee.payload)
        switch node.pointee.kind {
        case .null: return .null
        case .bool: return .bool(payload != 0)
        case .integer: return .integer(Int64(bitPattern: payload))
        case .double: return .double(Double(bitPattern: payload))
        case .string:
            let bytes = UnsafeRawPointer(bitPattern: UInt(payload))
            return .string(UnsafeRawBufferPointer(start: bytes, count: count))
        case .array: return .array(List(count: count, node: node + 1))
        case .object: return .object(Members(count: count, node: node + 1))
        }
    }
}

extension JSON {
    /// The elements of an array.
    struct List: Sequence, IteratorProtocol {
        /// How many are left.
        private(set) var count: Int
        fileprivate var node: UnsafePointer<Node>

        var underestimatedCount: Int { count }

        @inline(__always)
        mutating func next() -> Value? {
            guard count > 0 else { return nil }
            count -= 1
            defer { node += node.pointee.size }
            return JSON.value(node)
        }
    }

    /// The members of an object, in the order of the text.
    struct Members: Sequence, IteratorProtocol {
        /// How many are left.
        private(set) var count: Int
        fileprivate var node: UnsafePointer<Node>

        mutating func next() -> (key: UnsafeRawBufferPointer, value: Value)? {
            guard count > 0, case .string(let key) = JSON.value(node) else { return nil }
            count -= 1
            defer { node += 1 + node[1].size }
            return (key, JSON.value(node + 1))
        }
    }
}

// MARK: - In messages

extension JSON {
    private static let charactersShown = 40

    /// A text in quotes, on one line, and not too long.
    static func quoted(_ text: UnsafeRawBufferPointer) -> String {
        // A character has at most four bytes.
        quoted(String(decoding: text.prefix(4 * charactersShown + 4), as: UTF8.self))
    }

    static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(charactersShown)
        let line = String(shown.map { $0.value < 0x20 ? " " : Character($0) })
        return "\"\(line)\(shown.endIndex < text.unicodeScalars.endIndex ? "..." : "")\""
    }
}

extension JSON.Value: CustomStringConvertible {
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .integer(let integer): "\(integer)"
        case .double(let double): "\(double)"
        case .string(let text): "the string \(JSON.quoted(text))"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
