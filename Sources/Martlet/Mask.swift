import CIntrinsics

/// A yes or no per row in the caller's memory: which rows a search may return.
///
/// Rows that the index has beyond those of the mask may not be returned.
/// Safety: the caller vouches that every value can be read.
public struct Mask {
    public var data: UnsafeRawPointer?
    public var rows: Int
    /// `.bytes`, each zero or not, or `.bits`, the lowest of a byte first.
    public var format: ValueFormat
    /// Bytes from a value to the next; of no meaning for bits.
    public var stride: Int
    /// Bits to skip in `data`; of no meaning for bytes.
    public var bitOffset: Int

    public init(
        data: UnsafeRawPointer?, rows: Int, format: ValueFormat = .bytes, stride: Int = 1,
        bitOffset: Int = 0
    ) {
        (self.data, self.rows, self.format) = (data, rows, format)
        (self.stride, self.bitOffset) = (stride, bitOffset)
    }

    /// - Throws: `invalidArgument` if there are rows and no memory, or the address arithmetic would
    ///   overflow.
    func check() throws(MartletError) {
        guard rows >= 0, bitOffset >= 0 else {
            throw .invalidArgument("the mask has \(rows) rows and skips \(bitOffset) bits")
        }
        guard format == .bytes || format == .bits else {
            throw .invalidArgument("the mask must have one byte or one bit per row")
        }
        guard rows > 0 else { return }
        guard data != nil else {
            throw .invalidArgument("the mask is NULL, but has \(rows) rows, not 0")
        }
        let across = stride.multipliedReportingOverflow(by: rows - 1)
        let bits = bitOffset.addingReportingOverflow(rows)
        guard format == .bits ? !bits.overflow : !across.overflow else {
            throw .invalidArgument("\(rows) values of the mask span more than the address space")
        }
    }

    /// The rows that may be returned, of an index of `count`.
    /// - Throws: `invalidArgument` if the index has fewer rows than the mask; `outOfMemory`.
    func bitmap(count: Int) throws(MartletError) -> Bitmap {
        guard rows <= count else {
            throw .invalidArgument("the mask has \(rows) rows, but the index \(count)")
        }
        let bitmap = try Bitmap(count: count)
        guard let data else { return bitmap }
        for start in Swift.stride(from: 0, to: rows, by: Bitmap.bitsPerWord) {
            let length = min(rows - start, Bitmap.bitsPerWord)
            bitmap.words[start / Bitmap.bitsPerWord] =
                format == .bits
                ? Self.word(bits: data, from: bitOffset + start, length)
                : Self.word(bytes: data + start &* stride, stride, length)
        }
        return bitmap
    }

    private static func word(bytes: UnsafeRawPointer, _ stride: Int, _ length: Int) -> UInt64 {
        var word: UInt64 = 0
        if stride == 1 && length == Bitmap.bitsPerWord {
            for part in 0..<4 {
                let bits = UInt64(intrinsics_nonzero_bytes(bytes + part &* 16))
                word |= bits &<< UInt64(part &* 16)
            }
            return word
        }
        for i in 0..<length where bytes.load(fromByteOffset: i &* stride, as: UInt8.self) != 0 {
            word |= 1 &<< UInt64(i)
        }
        return word
    }

    /// Reads no byte that holds none of the bits asked for.
    private static func word(bits: UnsafeRawPointer, from first: Int, _ length: Int) -> UInt64 {
        let (bytes, skipped) = (bits + first / 8, UInt64(first % 8))
        if length == Bitmap.bitsPerWord {
            let low = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) >> skipped
            guard skipped > 0 else { return low }
            return low | UInt64(bytes.load(fromByteOffset: 8, as: UInt8.self)) << (64 - skipped)
        }
        var word: UInt64 = 0
        for i in 0..<length {
            let place = Int(skipped) + i
            let byte = bytes.load(fromByteOffset: place / 8, as: UInt8.self)
            word |= UInt64(byte >> UInt8(place % 8) & 1) << UInt64(i)
        }
        return word
    }
}
