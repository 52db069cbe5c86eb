/// A buffer of the caller's that receives strings, one after the other, and where each begins.
///
/// Whoever does not know the sizes calls twice: the first call fails with `bufferTooSmall` and says
/// in `size` and `count` what would do.
/// Safety: the caller vouches that `capacity` bytes and `offsetCapacity` offsets can be written.
public struct TextOutput {
    public var data: UnsafeMutableRawPointer?
    public var capacity: Int
    /// Receives where each string begins, and where the last one ends.
    public var offsets: UnsafeMutablePointer<Int64>?
    public var offsetCapacity: Int
    /// Bytes that all strings of the latest call take.
    public private(set) var size = 0
    /// The number of strings of the latest call; they need one offset more.
    public private(set) var count = 0

    public init(
        data: UnsafeMutableRawPointer?, capacity: Int, offsets: UnsafeMutablePointer<Int64>?,
        offsetCapacity: Int
    ) {
        (self.data, self.capacity) = (data, capacity)
        (self.offsets, self.offsetCapacity) = (offsets, offsetCapacity)
    }

    /// Writes `count` strings, of which `text` gives each by its place; it is asked twice for each.
    /// - Throws: `invalidArgument`; `bufferTooSmall`, with nothing but `size` and `count` written.
    mutating func write(
        count: Int, _ text: (Int) -> UnsafeRawBufferPointer
    ) throws(MartletError) {
        guard (data != nil || capacity == 0) && (offsets != nil || offsetCapacity == 0) else {
            throw .invalidArgument(
                "the text's data or offsets are NULL, but their capacity is not 0")
        }
        size = try Self.size(count, text)
        self.count = count
        guard size <= capacity, count < offsetCapacity, let offsets else { throw .bufferTooSmall }
        var end = 0
        for place in 0..<count {
            let text = text(place)
            offsets[place] = Int64(end)
            if let source = text.baseAddress, let data {
                (data + end).copyMemory(from: source, byteCount: text.count)
            }
            end += text.count
        }
        offsets[count] = Int64(end)
    }

    private static func size(
        _ count: Int, _ text: (Int) -> UnsafeRawBufferPointer
    ) throws(MartletError) -> Int {
        var size = 0
        for place in 0..<count {
            let sum = size.addingReportingOverflow(text(place).count)
            guard !sum.overflow else {
                throw .invalidArgument("\(count) strings are more than memory can hold")
            }
            size = sum.partialValue
        }
        return size
    }
}
