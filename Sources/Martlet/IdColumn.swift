/// Which ids an index holds.
public enum IdKind: Int32, Sendable {
    case integers = 1
    case strings = 2
}

/// Ids in the caller's memory.
public enum IdColumn {
    case integers(Integers)
    /// Of any length; "" is one, too.
    case strings(Strings)

    public var kind: IdKind {
        switch self {
        case .integers: .integers
        case .strings: .strings
        }
    }

    public var count: Int {
        switch self {
        case .integers(let integers): integers.count
        case .strings(let strings): strings.count
        }
    }

    /// The id at a place, as an error names it.
    subscript(place: Int) -> Id {
        switch self {
        case .integers(let integers): .integer(integers[place])
        case .strings(let strings): .string(String(shortening: strings[place]))
        }
    }

    /// Checks all that must hold before an id is read.
    /// - Throws: `invalidArgument`, `badText`.
    func check() throws(MartletError) {
        switch self {
        case .integers(let integers): try integers.check("the ids")
        case .strings(let strings): try strings.check("the ids")
        }
    }

    /// `check()`, and that there is one id for each of `rows` vectors.
    func check(rows: Int) throws(MartletError) {
        guard count == rows else {
            throw .invalidArgument("\(count) ids for \(rows) vectors, not one each")
        }
        try check()
    }
}

/// Integers in the caller's memory.
///
/// The stride counts bytes and may be zero or negative; integers need not be aligned.
/// Safety: the caller vouches that an `Int64` can be read at every place.
public struct Integers {
    /// The address of the first.
    public var data: UnsafeRawPointer?
    public var stride: Int
    public var count: Int

    public init(
        data: UnsafeRawPointer?, stride: Int = MemoryLayout<Int64>.size, count: Int
    ) {
        (self.data, self.stride, self.count) = (data, stride, count)
    }

    @inline(__always)
    subscript(place: Int) -> Int64 {
        (data.unsafelyUnwrapped + place &* stride).loadUnaligned(as: Int64.self)
    }

    /// `what` names the integers in messages.
    func check(_ what: String) throws(MartletError) {
        guard count >= 0 else {
            throw .invalidArgument("the count of \(what) is \(count), but must be 0 or more")
        }
        guard data != nil || count == 0 else {
            throw .invalidArgument("\(what) are NULL, but their count is \(count), not 0")
        }
        guard !stride.multipliedReportingOverflow(by: max(count - 1, 0)).overflow else {
            throw .invalidArgument(
                "\(count) integers of \(what), \(stride) bytes apart, span more than the address "
                    + "space")
        }
    }
}
