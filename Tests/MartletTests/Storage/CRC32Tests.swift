import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct CRC32Tests {
    /// The check value of every catalogue of checksums.
    @Test func ofTheNineDigits() {
        #expect(checksum(of: Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(checksum(of: []) == 0)
    }

    /// However the bytes are divided, it is that of a bit-by-bit division.
    @Test func inPieces() throws {
        try withEvery("seed", in: UInt64(0)..<50) { seed in
            var generator = SeededGenerator(seed)
            let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            #expect(checksum(of: Array(bytes[..<cut]), Array(bytes[cut...])) == slowly(bytes))
        }
    }

    private func checksum(of pieces: [UInt8]...) -> UInt32 {
        var checksum = CRC32()
        for piece in pieces { piece.withUnsafeBytes { checksum.add($0) } }
        return checksum.value
    }

    private func slowly(_ bytes: [UInt8]) -> UInt32 {
        var register = UInt32.max
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register & 1 == 0 ? register >> 1 : register >> 1 ^ 0xEDB8_8320
            }
        }
        return ~register
    }
}
