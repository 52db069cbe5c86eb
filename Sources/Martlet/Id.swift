/// One id, as an error names it.
public enum Id: Equatable, Sendable {
    case integer(Int64)
    /// A long text is cut short, see `String.init(shortening:)`.
    case string(String)
}

extension Id: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(stringLiteral value: String) { self = .string(value) }
}

extension Id: CustomStringConvertible {
    /// A text stands in quotation marks; what cannot be printed is escaped.
    public var description: String {
        switch self {
        case .integer(let id): "\(id)"
        case .string(let id): id.debugDescription
        }
    }
}

extension String {
    /// UTF-8 as a message tells it: of a text of more than 60 scalars only the first.
    init(shortening text: UnsafeRawBufferPointer) {
        let most = 60
        // Four bytes a scalar at most: a scalar that this cuts is not among the first.
        let start = String(decoding: text.prefix(4 * (most + 1)), as: UTF8.self).unicodeScalars
        self = String(String.UnicodeScalarView(start.prefix(most)))
        if start.count > most { self += "…" }
    }
}
