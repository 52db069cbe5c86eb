import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct StringsTests {
    @Test(arguments: [4, 8], [[], [0xFF], [0x61, 0x62, 0x63]] as [[UInt8]])
    func readsEveryLayout(offsetBytes: Int, before: [UInt8]) throws {
        let texts = ["a", "", "dé\0f", "", "🪶"]
        let given = GivenStrings(texts, before: before, offsetBytes: offsetBytes)
        try given.strings.check("the names")
        #expect((0..<5).map { Array(given.strings[$0]) } == texts.map { Array($0.utf8) })
        #expect(try given.strings.byteCount() == 10)
        withExtendedLifetime(given) {}
    }

    @Test func noStringsNeedNoMemory() throws {
        let none = Strings(data: nil, offsets: nil, count: 0)
        try none.check("the names")
        #expect(try none.byteCount() == 0)
        let given = GivenStrings(["", "", ""])
        try given.strings.check("the names")
        withExtendedLifetime(given) {}
        let empty = [Int64](repeating: 0, count: 3)
        try empty.withUnsafeBytes {
            try Strings(data: nil, offsets: $0.baseAddress, count: 2).check("the names")
        }
    }

    @Test(arguments: [
        ([0, 3, 2, 4], "row 1 of the names ends at 2, before it begins at 3"),
        ([-1, 3, 3, 4], "row 0 of the names begins at -1"),
        ([0, 1, 2, -5], "row 2 of the names ends at -5"),
        ([0, .min, 2, 4], "row 0 of the names ends at"),
        ([0, 1, 2, .max], "NULL"),
    ])
    func offsetsMustNotDecrease(offsets: [Int64], words: String) {
        offsets.withUnsafeBytes { bytes in
            let strings = Strings(data: nil, offsets: bytes.baseAddress, count: 3)
            expectInvalid(strings, words)
        }
        let narrow = offsets.map { Int32(clamping: $0) }
        narrow.withUnsafeBytes { bytes in
            let strings = Strings(
                data: nil, offsets: bytes.baseAddress, offsetBytes: 4, count: 3)
            expectInvalid(strings, words)
        }
    }

    @Test func whatCannotBeReadIsRefused() {
        [0, Int64.max].withUnsafeBytes { bytes in
            let end = UnsafeRawPointer(bitPattern: UInt.max - 16)
            expectInvalid(
                Strings(data: end, offsets: bytes.baseAddress, count: 1), "the address space")
            for size in [0, 1, 16, -8] {
                let strings = Strings(
                    data: nil, offsets: bytes.baseAddress, offsetBytes: size, count: 1)
                expectInvalid(strings, "\(size) bytes, not 4 or 8")
            }
            for count in [Int.max, Int.max / 8] {
                expectInvalid(
                    Strings(data: nil, offsets: bytes.baseAddress, count: count), "\(count)")
            }
        }
        expectInvalid(Strings(data: nil, offsets: nil, count: 2), "NULL")
        expectInvalid(Strings(data: nil, offsets: nil, count: -1), "-1")
    }

    /// After the Unicode standard, table 3-7: overlong forms, surrogates, beyond U+10FFFF, cut
    /// short, a continuation on its own; each behind texts of all lengths that are well formed.
    @Test(
        arguments: [
            ([0xFF], 0, "0xFF"), ([0xC0, 0x80], 0, "0xC0"), ([0xE0, 0x80, 0x80], 0, "0xE0"),
            ([0xED, 0xA0, 0x80], 0, "0xED"), ([0xF4, 0x90, 0x80, 0x80], 0, "0xF4"),
            ([0x61, 0x80], 1, "0x80"), ([0xC3], 0, "0xC3"), ([0xE2, 0x82], 0, "0xE2"),
            ([0xF0, 0x9F, 0xAA, 0x61], 0, "0xF0"),
        ] as [([UInt8], Int, String)])
    func whatIsNotUTF8IsRefused(bad: [UInt8], place: Int, byte: String) {
        for length in [0, 1, 7, 8, 31, 32, 33, 64, 100] {
            let start = [UInt8](repeating: 0x7A, count: length)
            let given = GivenStrings([Array("é\u{10FFFF}".utf8), start, start + bad, [0x80]])
            let sentence =
                "row 2 of the names is not UTF-8: its byte \(length + place), \(byte), cannot "
                + "stand there"
            #expect(throws: MartletError.badText(sentence)) { try given.strings.check("the names") }
            withExtendedLifetime(given) {}
        }
    }

    /// Two halves of a character are no texts, though together they would be.
    @Test func aCharacterLiesInOneText() {
        let given = GivenStrings([[0x61, 0xC3], [0xA9]])
        #expect(throws: MartletError.self) { try given.strings.check("the names") }
        withExtendedLifetime(given) {}
    }

    @Test func whatLiesBeforeTheFirstIsNotRead() throws {
        let given = GivenStrings(["a", "é"], before: [0xFF, 0xC3])
        try given.strings.check("the names")
        withExtendedLifetime(given) {}
    }

    /// Up to and beyond the 12 bytes that a view holds, in one buffer or several.
    @Test(arguments: [1, 2, 100]) func readsViews(perBuffer: Int) throws {
        let texts = [0, 1, 4, 11, 12, 13, 100, 3, 14, 12].map { String(repeating: "é", count: $0) }
        let given = GivenStrings(views: texts.map { Array($0.utf8) }, perBuffer: perBuffer)
        try given.strings.check("the names")
        #expect(texts.indices.map { Array(given.strings[$0]) } == texts.map { Array($0.utf8) })
        #expect(try given.strings.byteCount() == 2 * 170)
        withExtendedLifetime(given) {}
    }

    @Test(arguments: [ValueFormat.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64])
    func readsDictionaries(format: ValueFormat) throws {
        let texts = ["a", "", "longer than twelve bytes", "é"].map { Array($0.utf8) }
        for given in [
            GivenStrings(texts, before: [0xFF], offsetBytes: 4), GivenStrings(views: texts),
        ] {
            let numbers = [3, 0, 0, 2, 1, 3]
            switch format {
            case .int8, .uint8: given.index(numbers.map { UInt8($0) }, as: format)
            case .int16, .uint16: given.index(numbers.map { UInt16($0) }, as: format)
            case .int32, .uint32: given.index(numbers.map { UInt32($0) }, as: format)
            default: given.index(numbers, as: format)
            }
            try given.strings.check("the names")
            #expect(numbers.indices.map { Array(given.strings[$0]) } == numbers.map { texts[$0] })
            #expect(try given.strings.byteCount() == 30)
            withExtendedLifetime(given) {}
        }
    }

    @Test(
        arguments: [
            ([-1, 0, 0, 0], "row 1 of the names has -1 bytes"),
            ([13, 0, 1, 0], "row 1 of the names is in buffer 1, but there are 1"),
            ([13, 0, -1, 0], "row 1 of the names is in buffer -1, but there are 1"),
            ([13, 0, 0, -1], "row 1 of the names is bytes -1 to 12 of buffer 0, which has 20"),
            ([13, 0, 0, 8], "row 1 of the names is bytes 8 to 21 of buffer 0, which has 20"),
            (
                [.max, 0, 0, .max],
                "row 1 of the names is bytes 2147483647 to 4294967294 of buffer 0"
            ),
        ] as [([Int32], String)])
    func viewsMustLeadToTheirBuffers(view: [Int32], words: String) {
        let given = GivenStrings(views: [Array("nineteen characters".utf8)])
        let views = [1, 0, 0, 0] + view
        views.withUnsafeBytes {
            guard case .views(var bad) = given.strings.texts else { return }
            bad.table = $0.baseAddress
            expectInvalid(Strings(.views(bad), count: 2), words)
            // Of a null row it may be anything.
            #expect(throws: Never.self) {
                try Strings(.views(bad), count: 2).checkLayout("the names") { $0 == 1 }
            }
            let indices = Strings.Indices(table: nil, format: .int64, textCount: 2)
            expectInvalid(
                Strings(.views(bad), indices: indices, count: 0),
                "text 1 of the dictionary" + words.dropFirst("row 1".count))
        }
        withExtendedLifetime(given) {}
    }

    @Test func viewsNeedTheirTables() {
        var views = Strings.Views(table: nil, buffers: nil, bufferSizes: nil, bufferCount: 0)
        expectInvalid(Strings(.views(views), count: 1), "views of the names are NULL")
        #expect(throws: Never.self) { try Strings(.views(views), count: 0).check("the names") }
        for count in [1, -1, Int.max] {
            views.bufferCount = count
            expectInvalid(Strings(.views(views), count: 1), "\(count)")
        }
        views = Strings.Views(
            table: UnsafeRawPointer(bitPattern: 8), buffers: nil, bufferSizes: nil, bufferCount: 0)
        expectInvalid(Strings(.views(views), count: .max), "more than memory can hold")
    }

    @Test(arguments: [-1, 2, 127] as [Int8]) func indicesMustBeInTheDictionary(index: Int8) {
        let given = GivenStrings(["a", "b"])
        given.index([0, 1, index], as: .int8)
        expectInvalid(
            given.strings, "row 2 of the names is text \(index) of a dictionary that has 2")
        #expect(throws: Never.self) { try given.strings.checkLayout("the names") { $0 == 2 } }
        given.index([0, UInt64.max], as: .uint64)
        expectInvalid(given.strings, "row 1 of the names")
        withExtendedLifetime(given) {}
    }

    @Test func indicesNeedTheirTable() {
        let given = GivenStrings(["a", "b"])
        var strings = given.strings
        for format in [ValueFormat.bits, .bytes, .float16, .float64] {
            strings.indices = Strings.Indices(table: nil, format: format, textCount: 2)
            expectInvalid(strings, "cannot be given as \(format)")
        }
        strings.indices = Strings.Indices(table: nil, format: .int8, textCount: 2)
        expectInvalid(strings, "indices of the names are NULL")
        strings.indices!.textCount = -1
        expectInvalid(strings, "-1 texts")
        strings.count = .max
        strings.indices = Strings.Indices(
            table: UnsafeRawPointer(bitPattern: 8), format: .int8, textCount: 2)
        expectInvalid(strings, "more than memory can hold")
        withExtendedLifetime(given) {}
    }

    @Test func textsOfEveryLayoutMustBeUTF8() {
        let texts = [Array("fine".utf8), [0x61, 0xFF]]
        let indexed = GivenStrings(texts)
        indexed.index([1, 0] as [UInt8], as: .uint8)
        for (given, row) in [(GivenStrings(views: texts), 1), (indexed, 0)] {
            let sentence =
                "row \(row) of the names is not UTF-8: its byte 1, 0xFF, cannot stand there"
            #expect(throws: MartletError.badText(sentence)) { try given.strings.check("the names") }
            withExtendedLifetime(given) {}
        }
    }

    private func expectInvalid(_ strings: Strings, _ words: String) {
        #expect {
            try strings.check("the names")
        } throws: { error in
            guard case .invalidArgument(let sentence) = error as? MartletError else { return false }
            return sentence.contains(words)
        }
    }
}

@Suite struct ShortenedTextTests {
    @Test(arguments: ["", "a", "é", "🪶", String(repeating: "🪶", count: 60)])
    func aShortTextStays(text: String) {
        #expect(shortened(text) == text)
    }

    @Test(arguments: ["a", "é", "€", "🪶"])
    func aLongTextIsCutBetweenScalars(scalar: String) {
        for count in [61, 62, 63, 64, 65, 100_000] {
            for before in ["", "a", "ab", "abc"] {
                let short = before + String(repeating: scalar, count: 60 - before.utf8.count)
                #expect(shortened(before + String(repeating: scalar, count: count)) == short + "…")
            }
        }
    }

    @Test func anErrorEscapesWhatCannotBePrinted() {
        #expect(MartletError.idNotFound(id: "a\0\"é").description.contains(#""a\0\"é""#))
        #expect(MartletError.idExists(id: "", row: 3).description.contains(#"id "" at row 3"#))
    }

    private func shortened(_ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { String(shortening: $0) }
    }
}
