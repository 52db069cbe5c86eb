/// The CRC-32 of zlib, gzip and PNG, so that whoever has zlib can check a file.
///
/// Sixteen bytes at a time, each by a table of its own (Kounavis & Berry, ISCC 2005).
struct CRC32 {
    private var register = UInt32.max

    var value: UInt32 { ~register }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let tables = Self.tables
        var register = register
        var place = 0
        while place &+ 16 <= bytes.count {
            let first = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let second = bytes.loadUnaligned(fromByteOffset: place &+ 8, as: UInt64.self)
            register =
                Self.look(up: first.littleEndian ^ UInt64(register), tables + 8 * 256)
                ^ Self.look(up: second.littleEndian, tables)
            place &+= 16
        }
        while place < bytes.count {
            register =
                tables[Int(UInt8(truncatingIfNeeded: register) ^ bytes[place])] ^ register &>> 8
            place &+= 1
        }
        self.register = register
    }

    /// The lowest byte is the first, and so is followed by the most others.
    @inline(__always)
    private static func look(up word: UInt64, _ tables: UnsafePointer<UInt32>) -> UInt32 {
        var found: UInt32 = 0
        for byte in 0..<8 {
            let value = Int(truncatingIfNeeded: word &>> UInt64(8 &* byte) & 0xff)
            found ^= tables[(7 &- byte) &* 256 &+ value]
        }
        return found
    }

    /// Sixteen tables of 256: in table i, what a byte that i zero bytes follow makes of a register of
    /// zeros.
    private static nonisolated(unsafe) let tables: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 * 256)
        for byte in 0..<256 {
            var register = UInt32(byte)
            for _ in 0..<8 {
                register = register & 1 == 0 ? register >> 1 : register >> 1 ^ 0xEDB8_8320
            }
            tables[byte] = register
        }
        for place in 256..<16 * 256 {
            let before = tables[place - 256]
            tables[place] = before >> 8 ^ tables[Int(before & 0xff)]
        }
        return UnsafePointer(tables)
    }()
}
