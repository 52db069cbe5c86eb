/// Everything that can go wrong in a call, one case per meaning, with the values that explain it.
///
/// A thrown error means that the index is exactly what it was before the call.
public enum MartletError: Error, Equatable {
    /// A parameter is out of its bounds.
    case invalidArgument(String)
    /// Vectors of another dimension than the index holds.
    case dimensionMismatch(given: Int, expected: Int)
    /// NaN, infinity, or a value beyond `Float`'s range.
    case notFinite(row: Int, column: Int)
    /// The vector's squared length is not a usable `Float`.
    case tooLong(row: Int)
    /// Under the cosine metric: a vector without a direction.
    case tooShort(row: Int)
    /// A string is not UTF-8, or not JSON where that is expected.
    case badText(String)
    /// The id is in the index, or stands twice in the batch.
    case idExists(id: Id, row: Int)
    /// No such id in the index.
    case idNotFound(id: Id)
    /// Integer ids for an index of string ids, or the reverse.
    case idKind(String)
    /// An allocation failed.
    case outOfMemory(bytes: Int)
    /// The caller asked the running call to stop.
    case cancelled
    /// More vectors than slots, or no id left to assign.
    case indexFull(String)
    /// A `TextOutput` has no room for all strings; it says how much they need.
    case bufferTooSmall
    /// A column of another type than the index has under its name, or a value its type cannot hold.
    case columnType(String)
    /// Not a filter: its JSON, a field, an operator or an operand.
    case badFilter(String)
    /// Not a file of ours, a damaged one, or one of a later format version.
    case badFormat(String)
    /// The system refused to read or write a file; `code` is its `errno`.
    case io(String, code: Int32)
}

extension MartletError: CustomStringConvertible {
    /// One sentence: what was given, what was expected, and where.
    public var description: String {
        switch self {
        case .invalidArgument(let sentence), .badText(let sentence), .idKind(let sentence),
            .indexFull(let sentence), .columnType(let sentence), .badFilter(let sentence),
            .badFormat(let sentence), .io(let sentence, _):
            sentence
        case .dimensionMismatch(let given, let expected):
            "the vectors have \(given) components, but the index holds vectors of dimension \(expected)"
        case .notFinite(let row, let column):
            "row \(row), column \(column) is NaN, infinite or beyond float32's range; "
                + "all components must be finite float32 values"
        case .tooLong(let row):
            "row \(row) is too long: its squared length must be at most \(VectorReader.maxSquaredLength)"
        case .tooShort(let row):
            "row \(row) is zero or too short to have a direction, which the cosine metric needs: "
                + "its squared length must be at least \(VectorReader.minCosineSquaredLength)"
        case .idExists(let id, let row):
            "id \(id) at row \(row) is already in the index or stands twice in the batch; "
                + "ids of new vectors must be new"
        case .idNotFound(let id): "id \(id) is not in the index"
        case .outOfMemory(let bytes): "an allocation of \(bytes) bytes failed"
        case .cancelled: "the call was cancelled"
        case .bufferTooSmall:
            "the text's buffers are too small; its size and count say what they must hold"
        }
    }
}
