import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct MaskTests {
    private static let lengths = Array(0...10) + [63, 64, 65, 127, 128, 129, 200]

    @Test(arguments: [-9, -1, 0, 1, 2, 8])
    func readsBytes(stride: Int) throws {
        var generator = SeededGenerator(UInt64(stride + 20))
        for rows in Self.lengths {
            let span = abs(stride) * max(rows - 1, 0) + 1
            let memory = Memory(
                (0..<span).map { _ in [0, 0, 1, 2, 0x80, 0xff].randomElement(using: &generator)! })
            let first = memory.start + (stride < 0 ? span - 1 : 0)
            let mask = Mask(data: first, rows: rows, stride: stride)
            let expected = (0..<rows).map {
                memory.bytes[$0 * stride + (stride < 0 ? span - 1 : 0)] != 0
            }
            try check(mask, expected, "\(rows) rows")
        }
    }

    @Test func readsBitsFromAnyOffset() throws {
        var generator = SeededGenerator(7)
        for rows in Self.lengths {
            for offset in Array(0...17) + [63, 64, 65] {
                let memory = Memory(
                    (0..<(offset + rows + 7) / 8).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    })
                let mask = Mask(data: memory.start, rows: rows, format: .bits, bitOffset: offset)
                let expected = (offset..<offset + rows).map {
                    memory.bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1
                }
                try check(mask, expected, "\(rows) rows from bit \(offset)")
            }
        }
    }

    @Test func moreRowsThanTheIndexAreRefused() throws {
        let memory = Memory([1, 1, 1])
        #expect(throws: MartletError.invalidArgument("the mask has 3 rows, but the index 2")) {
            try Mask(data: memory.start, rows: 3).bitmap(count: 2)
        }
    }

    @Test func whatCannotBeReadIsRefused() {
        let byte = Memory([1])
        let bad = [
            Mask(data: nil, rows: 1), Mask(data: byte.start, rows: -1),
            Mask(data: byte.start, rows: 3, stride: .max),
            Mask(data: byte.start, rows: 1, format: .bits, bitOffset: -1),
            Mask(data: byte.start, rows: 1, format: .bits, bitOffset: .max),
            Mask(data: byte.start, rows: 1, format: .int8),
        ]
        for mask in bad {
            do {
                try mask.check()
                Issue.record("\(mask) is accepted")
            } catch {
                guard case .invalidArgument = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        #expect(throws: Never.self) { try Mask(data: nil, rows: 0, stride: .max).check() }
    }

    /// Rows behind those of the mask are not in the bitmap.
    private func check(_ mask: Mask, _ expected: [Bool], _ what: Comment) throws {
        try mask.check()
        for more in [0, 1, 64] {
            let bitmap = try mask.bitmap(count: mask.rows + more)
            defer { bitmap.free() }
            let bits = (0..<bitmap.wordCount * Bitmap.bitsPerWord).map {
                bitmap.words[$0 / 64] >> UInt64($0 % 64) & 1 == 1
            }
            #expect(Array(bits.prefix(mask.rows)) == expected, what)
            #expect(!bits.dropFirst(mask.rows).contains(true), what)
        }
    }
}

/// Bytes in memory of just their size.
private final class Memory {
    let bytes: [UInt8]
    let start: UnsafeMutableRawPointer

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        start = malloc(max(bytes.count, 1))!
        bytes.withUnsafeBytes {
            start.copyMemory(from: $0.baseAddress ?? .init(start), byteCount: $0.count)
        }
    }

    deinit { free(start) }
}
