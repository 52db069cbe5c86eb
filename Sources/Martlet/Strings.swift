/// Strings in the caller's memory, in one of Apache Arrow's layouts: as offsets or views have them,
/// one after the other or as a dictionary's.
///
/// Safety: the caller vouches that all tables, and the bytes that they lead to, can be read.
public struct Strings {
    /// Where a text lies.
    public enum Texts {
        case offsets(Offsets)
        case views(Views)
    }

    public var texts: Texts
    /// Which text each string is, if the texts are a dictionary; nil: string i is text i.
    public var indices: Indices?
    public var count: Int

    public init(_ texts: Texts, indices: Indices? = nil, count: Int) {
        (self.texts, self.indices, self.count) = (texts, indices, count)
    }

    public init(
        data: UnsafeRawPointer?, offsets: UnsafeRawPointer?, offsetBytes: Int = 8, count: Int
    ) {
        self.init(
            .offsets(Offsets(data: data, table: offsets, offsetBytes: offsetBytes)), count: count)
    }

    @inline(__always)
    subscript(_ i: Int) -> UnsafeRawBufferPointer {
        let text = indices?[i] ?? i
        return switch texts {
        case .offsets(let offsets): offsets[text]
        case .views(let views): views[text]
        }
    }

    /// The bytes of all strings together.
    /// - Throws: `outOfMemory` if there cannot be so many.
    func byteCount() throws(MartletError) -> Int {
        if case .offsets(let offsets) = texts, indices == nil {
            return offsets.bytes(of: count).count
        }
        var bytes = 0
        for i in 0..<count {
            let (sum, overflow) = bytes.addingReportingOverflow(self[i].count)
            guard !overflow else { throw .outOfMemory(bytes: .max) }
            bytes = sum
        }
        return bytes
    }
}

extension Strings {
    /// Text i is the bytes from offset i to offset i + 1. The first may begin behind the start of the
    /// data, as in a slice of an array.
    public struct Offsets {
        public var data: UnsafeRawPointer?
        /// One more than there are texts.
        public var table: UnsafeRawPointer?
        /// 4 or 8.
        public var offsetBytes: Int

        public init(data: UnsafeRawPointer?, table: UnsafeRawPointer?, offsetBytes: Int) {
            (self.data, self.table, self.offsetBytes) = (data, table, offsetBytes)
        }

        /// Where text `i` begins; where the last one ends if `i` is their number.
        @inline(__always)
        func offset(_ i: Int) -> Int {
            offsetBytes == 4
                ? Int(table!.loadUnaligned(fromByteOffset: i &* 4, as: Int32.self))
                : Int(table!.loadUnaligned(fromByteOffset: i &* 8, as: Int64.self))
        }

        @inline(__always)
        subscript(_ i: Int) -> UnsafeRawBufferPointer {
            let start = offset(i)
            return UnsafeRawBufferPointer(
                start: data.map { $0 + start }, count: offset(i &+ 1) - start)
        }

        /// The bytes of the first `count` texts, one after the other.
        func bytes(of count: Int) -> UnsafeRawBufferPointer {
            guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            let start = offset(0)
            return UnsafeRawBufferPointer(
                start: data.map { $0 + start }, count: offset(count) - start)
        }
    }

    /// Text i is told by 16 bytes: its size, and then itself or, if it is longer than 12 bytes, its
    /// first 4, the number of a buffer and where in that it begins.
    public struct Views {
        static let stride = 16
        static let longestInside = 12

        public var table: UnsafeRawPointer?
        /// Addresses of `bufferCount` buffers, and their sizes.
        public var buffers: UnsafeRawPointer?
        public var bufferSizes: UnsafeRawPointer?
        public var bufferCount: Int

        public init(
            table: UnsafeRawPointer?, buffers: UnsafeRawPointer?, bufferSizes: UnsafeRawPointer?,
            bufferCount: Int
        ) {
            (self.table, self.bufferCount) = (table, bufferCount)
            (self.buffers, self.bufferSizes) = (buffers, bufferSizes)
        }

        @inline(__always)
        subscript(_ i: Int) -> UnsafeRawBufferPointer {
            let size = number(0, of: i)
            let start =
                size <= Self.longestInside
                ? table! + (i &* Self.stride + 4)
                : buffer(number(2, of: i))! + number(3, of: i)
            return UnsafeRawBufferPointer(start: start, count: size)
        }

        /// One of the four numbers of a view.
        @inline(__always)
        func number(_ place: Int, of i: Int) -> Int {
            let offset = i &* Self.stride &+ place &* 4
            return Int(table!.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        }

        @inline(__always)
        func buffer(_ number: Int) -> UnsafeRawPointer? {
            buffers!.loadUnaligned(fromByteOffset: number &* 8, as: UnsafeRawPointer?.self)
        }

        func bufferSize(_ number: Int) -> Int {
            bufferSizes!.loadUnaligned(fromByteOffset: number &* 8, as: Int.self)
        }
    }

    /// Numbers of a dictionary's texts.
    public struct Indices {
        public var table: UnsafeRawPointer?
        /// Of integers.
        public var format: ValueFormat
        /// How many texts the dictionary has.
        public var textCount: Int

        public init(table: UnsafeRawPointer?, format: ValueFormat, textCount: Int) {
            (self.table, self.format, self.textCount) = (table, format, textCount)
        }

        /// Unsigned numbers beyond `Int` look negative.
        @inline(__always)
        subscript(_ i: Int) -> Int {
            switch format {
            case .int8: load(Int8.self, i)
            case .int16: load(Int16.self, i)
            case .int32: load(Int32.self, i)
            case .uint8: load(UInt8.self, i)
            case .uint16: load(UInt16.self, i)
            case .uint32: load(UInt32.self, i)
            default: load(Int64.self, i)
            }
        }

        @inline(__always)
        private func load<Number: FixedWidthInteger & BitwiseCopyable>(
            _ number: Number.Type, _ i: Int
        ) -> Int {
            Int(table!.loadUnaligned(fromByteOffset: i &* MemoryLayout<Number>.size, as: number))
        }
    }
}
