import Glibc
import Martlet

/// Strings in memory of just their size, in one of Arrow's layouts.
public final class GivenStrings {
    public let strings: Strings

    /// The first string begins behind the bytes `before`, as in a slice of an array.
    public init(_ texts: [[UInt8]], before: [UInt8] = [], offsetBytes: Int = 8) {
        let data = Self.allocate(before + texts.joined())
        var end = before.count
        let offsets =
            [end]
            + texts.map {
                end += $0.count
                return end
            }
        strings = Strings(
            data: data,
            offsets: offsetBytes == 4
                ? Self.allocate(offsets.map { Int32($0) }) : Self.allocate(offsets),
            offsetBytes: offsetBytes, count: texts.count)
    }

    public convenience init(_ texts: [String], before: [UInt8] = [], offsetBytes: Int = 8) {
        self.init(texts.map { Array($0.utf8) }, before: before, offsetBytes: offsetBytes)
    }

    deinit {
        free(UnsafeMutableRawPointer(mutating: strings.data))
        free(UnsafeMutableRawPointer(mutating: strings.offsets))
    }

    private static func allocate<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeRawPointer {
        let size = values.count * MemoryLayout<Value>.size
        let address = malloc(max(size, 1))!
        values.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { address.copyMemory(from: source, byteCount: size) }
        }
        return UnsafeRawPointer(address)
    }
}

extension Index {
    /// Adds rows under string ids.
    public func addRows(
        _ rows: [[Float]], ids: [String], threads: Int = 0, control: Control? = nil
    ) throws(MartletError) {
        let given = GivenStrings(ids)
        defer { withExtendedLifetime(given) {} }
        var options = AddOptions()
        (options.threads, options.control) = (threads, control)
        options.ids = .strings(given.strings)
        try withMatrix(rows, columns: configuration.dim) { matrix throws(MartletError) in
            try add(matrix, options)
        }
    }

    /// The row numbers of ids; -1 for those that the index does not hold.
    public func find(_ ids: [String]) throws(MartletError) -> [Int64] {
        let given = GivenStrings(ids)
        defer { withExtendedLifetime(given) {} }
        var rows = [Int64](repeating: -9, count: ids.count)
        try find(.strings(given.strings), into: &rows)
        return rows
    }

    /// The stored vectors of `ids`.
    public func rows(_ ids: [String]) throws(MartletError) -> [[Float]] {
        let (given, dim) = (GivenStrings(ids), configuration.dim)
        defer { withExtendedLifetime(given) {} }
        var floats = [Float](repeating: .nan, count: ids.count * dim)
        try get(.strings(given.strings), into: &floats)
        return ids.indices.map { Array(floats[$0 * dim..<($0 + 1) * dim]) }
    }
}
