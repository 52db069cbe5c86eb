import Martlet

/// A value of a metadata column, as a test expects it; nil stands for a null.
public enum Cell: Equatable, Sendable {
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case text([UInt8])
    case tags([[UInt8]])

    /// As columns keep values: NaN is what it was, and so is the sign of zero.
    public static func == (a: Cell, b: Cell) -> Bool {
        switch (a, b) {
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.double(let a), .double(let b)):
            a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
        case (.text(let a), .text(let b)): a == b
        case (.tags(let a), .tags(let b)): a == b
        default: false
        }
    }
}
