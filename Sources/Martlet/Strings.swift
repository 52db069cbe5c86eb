/// Strings in the caller's memory, in Apache Arrow's layout: string i is the bytes from offset i to
/// offset i + 1. The first may begin behind the start of the data, as in a slice of an array.
///
/// Safety: the caller vouches that `count` + 1 offsets, and the bytes up to the last, can be read.
public struct Strings {
    public var data: UnsafeRawPointer?
    public var offsets: UnsafeRawPointer?
    /// 4 or 8.
    public var offsetBytes: Int
    public var count: Int

    public init(
        data: UnsafeRawPointer?, offsets: UnsafeRawPointer?, offsetBytes: Int = 8, count: Int
    ) {
        (self.data, self.offsets) = (data, offsets)
        (self.offsetBytes, self.count) = (offsetBytes, count)
    }

    /// Where string `i` begins; where the last one ends if `i` is `count`.
    @inline(__always)
    func offset(_ i: Int) -> Int {
        offsetBytes == 4
            ? Int(offsets!.loadUnaligned(fromByteOffset: i &* 4, as: Int32.self))
            : Int(offsets!.loadUnaligned(fromByteOffset: i &* 8, as: Int64.self))
    }

    @inline(__always)
    subscript(_ i: Int) -> UnsafeRawBufferPointer {
        let start = offset(i)
        return UnsafeRawBufferPointer(start: data.map { $0 + start }, count: offset(i &+ 1) - start)
    }

    /// The bytes of all strings.
    var byteCount: Int { count == 0 ? 0 : offset(count) - offset(0) }
}

extension Strings {
    /// Checks offsets and texts. `what` names the strings in messages, as in "row 3 of the ids".
    /// - Throws: `invalidArgument`, `badText`.
    func check(_ what: String) throws(MartletError) {
        try checkOffsets(what)
        try checkTexts(what)
    }

    /// Checks all that must hold before a string is read.
    func checkOffsets(_ what: String) throws(MartletError) {
        guard offsetBytes == 4 || offsetBytes == 8 else {
            throw .invalidArgument("the offsets of \(what) have \(offsetBytes) bytes, not 4 or 8")
        }
        guard count >= 0 else {
            throw .invalidArgument("the count of \(what) is \(count), but must be 0 or more")
        }
        guard count > 0 else { return }
        guard offsets != nil else {
            throw .invalidArgument(
                "the offsets of \(what) are NULL, but there are \(count) of them")
        }
        guard count < Int.max / offsetBytes else {
            throw .invalidArgument("\(count) offsets of \(what) are more than memory can hold")
        }
        try checkOrder(what)
        guard data != nil || offset(count) == 0 else {
            throw .invalidArgument(
                "the data of \(what) is NULL, but their offsets end at \(offset(count)), not 0")
        }
        guard !UInt(bitPattern: data).addingReportingOverflow(UInt(offset(count))).overflow else {
            throw .invalidArgument(
                "the offsets of \(what) end at \(offset(count)), beyond the address space")
        }
    }

    private func checkOrder(_ what: String) throws(MartletError) {
        guard offset(0) >= 0 else {
            throw .invalidArgument(
                "row 0 of \(what) begins at \(offset(0)); offsets must not be negative")
        }
        for row in 0..<count where offset(row + 1) < offset(row) {
            throw .invalidArgument(
                "row \(row) of \(what) ends at \(offset(row + 1)), before it begins at "
                    + "\(offset(row)); offsets must not decrease")
        }
    }

    /// Checks that all texts are UTF-8, once the offsets have been checked.
    func checkTexts(_ what: String) throws(MartletError) {
        guard count > 0 else { return }
        // No text is bad if all bytes are ASCII, which is common and quickly seen.
        let all = UnsafeRawBufferPointer(start: data.map { $0 + offset(0) }, count: byteCount)
        guard !all.isASCII else { return }
        for row in 0..<count { try checkText(row, what) }
    }

    func checkText(_ row: Int, _ what: String) throws(MartletError) {
        let text = self[row]
        guard !text.isASCII, let place = text.firstNotUTF8 else { return }
        let byte = String(text[place], radix: 16, uppercase: true)
        throw .badText(
            "row \(row) of \(what) is not UTF-8: its byte \(place), 0x\(byte), cannot stand there")
    }
}

extension UnsafeRawBufferPointer {
    /// Whether no byte has its highest bit set.
    var isASCII: Bool {
        var place = 0
        while place + 32 <= count {
            let bytes = loadUnaligned(fromByteOffset: place, as: SIMD4<UInt64>.self)
            guard bytes & 0x8080_8080_8080_8080 == .zero else { return false }
            place += 32
        }
        while place < count {
            guard self[place] < 0x80 else { return false }
            place += 1
        }
        return true
    }

    /// The place of the first byte at which this stops being UTF-8; nil if it never does.
    var firstNotUTF8: Int? {
        do throws(Unicode.UTF8.ValidationError) {
            _ = try UTF8Span(
                validating: Span(_unsafeElements: bindMemory(to: UInt8.self)))
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}
