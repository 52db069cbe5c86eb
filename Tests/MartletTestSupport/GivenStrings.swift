import Glibc
import Martlet

/// Strings in memory of just their size, in one of Arrow's layouts.
public final class GivenStrings {
    public private(set) var strings: Strings
    private var memory: [UnsafeMutableRawPointer] = []

    /// By offsets. The first string begins behind the bytes `before`, as in a slice of an array.
    public init(_ texts: [[UInt8]], before: [UInt8] = [], offsetBytes: Int = 8) {
        var end = before.count
        let offsets =
            [end]
            + texts.map {
                end += $0.count
                return end
            }
        strings = Strings(data: nil, offsets: nil, offsetBytes: offsetBytes, count: texts.count)
        strings.texts = .offsets(
            Strings.Offsets(
                data: allocate(before + texts.joined()),
                table: offsetBytes == 4
                    ? allocate(offsets.map { Int32($0) }) : allocate(offsets),
                offsetBytes: offsetBytes))
    }

    public convenience init(_ texts: [String], before: [UInt8] = [], offsetBytes: Int = 8) {
        self.init(texts.map { Array($0.utf8) }, before: before, offsetBytes: offsetBytes)
    }

    /// By views: long strings lie in buffers of `perBuffer` of them, each behind a byte that is none of
    /// theirs.
    public init(views texts: [[UInt8]], perBuffer: Int = 2) {
        strings = Strings(data: nil, offsets: nil, count: texts.count)
        var buffers: [[UInt8]] = []
        var views: [UInt8] = []
        var long = 0
        for text in texts {
            views += Self.bytes([Int32(text.count)])
            guard text.count > 12 else {
                views += text + [UInt8](repeating: 0xFF, count: 12 - text.count)
                continue
            }
            if long % perBuffer == 0 { buffers.append([0xFF]) }
            long += 1
            let start = buffers[buffers.count - 1].count
            views += text.prefix(4) + Self.bytes([Int32(buffers.count - 1), Int32(start)])
            buffers[buffers.count - 1] += text
        }
        strings.texts = .views(
            Strings.Views(
                table: allocate(views), buffers: allocate(buffers.map { allocate($0) }),
                bufferSizes: allocate(buffers.map(\.count)), bufferCount: buffers.count))
    }

    /// Makes the strings a dictionary, of which there are those at `indices`.
    public func index<Number: FixedWidthInteger & BitwiseCopyable>(
        _ indices: [Number], as format: ValueFormat
    ) {
        strings.indices = Strings.Indices(
            table: allocate(indices), format: format,
            textCount: strings.indices?.textCount ?? strings.count)
        strings.count = indices.count
    }

    deinit {
        for each in memory { free(each) }
    }

    private func allocate<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeRawPointer {
        let bytes = Self.bytes(values)
        let address = malloc(max(bytes.count, 1))!
        memory.append(address)
        bytes.withUnsafeBytes {
            if let source = $0.baseAddress {
                address.copyMemory(from: source, byteCount: bytes.count)
            }
        }
        return UnsafeRawPointer(address)
    }

    private static func bytes<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
        values.withUnsafeBytes { Array($0) }
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
