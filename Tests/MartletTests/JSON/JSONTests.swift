import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct JSONTests {
    @Test(arguments: [
        ("null", JSONTree.null), (" \t\r\n true ", .bool(true)), ("false", .bool(false)),
        ("0", .integer(0)), ("-0", .integer(0)), ("-12", .integer(-12)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .double(0x1p63)), ("-9223372036854775809", .double(-0x1p63)),
        ("123456789012345678901234567890", .double(123_456_789_012_345_678_901_234_567_890)),
        ("1.0", .double(1)), ("-0.0", .double(-0.0)), ("1e2", .double(100)), ("1E+2", .double(100)),
        ("12.5e-1", .double(1.25)), ("0.1", .double(0.1)), ("1e23", .double(1e23)),
        ("1e-400", .double(0)), ("0e999999999999999999999", .double(0)),
        ("1e0000000000000002", .double(100)),
        ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)), ("5e-324", .double(5e-324)),
        ("9007199254740993.0", .double(9_007_199_254_740_992)),
        ("2.2250738585072011e-308", .double(2.2250738585072011e-308)),
        (#""""#, .string("")), (#""a b""#, .string("a b")), (#""日本🐦""#, .string("日本🐦")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
        (#""x\u0000y\u00e9\u20AC\ud83d\uDc26z""#, .string("x\0yé€🐦z")),
        ("\"\u{7f}\u{ffff}\"", .string("\u{7f}\u{ffff}")),
        ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([])), ("{ }", .object([])),
        ("[1,[2, []],{}]", .array([.integer(1), .array([.integer(2), .array([])]), .object([])])),
        (
            #" { "a" : [ { "b" : null } ] , "" : "" , "A" : 1 } "#,
            .object([
                Member("a", .array([.object([Member("b", .null)])])), Member("", .string("")),
                Member("A", .integer(1)),
            ])
        ),
    ])
    func accepts(text: String, value: JSONTree) throws {
        #expect(try JSONTree(json: text) == value)
    }

    @Test(arguments: [
        ("", "byte 0"), ("  ", "byte 2"), ("nul", "byte 3"), ("nulL", "byte 3"), ("True", "byte 0"),
        ("NaN", "byte 0"), ("Infinity", "byte 0"), ("-Infinity", "byte 1"), ("+1", "byte 0"),
        ("01", "byte 1"), ("-", "byte 1"), ("1.", "byte 2"), (".5", "byte 0"), ("1e", "byte 2"),
        ("1e+", "byte 3"), ("1.e1", "byte 2"), ("0x1", "byte 1"), ("1 2", "byte 2"),
        ("--1", "byte 1"),
        ("1e999", "byte 0"), ("-1e309", "byte 1"), ("'a'", "byte 0"), ("\"a", "byte 2"),
        ("\"a\nb\"", "byte 2"), ("\"\0\"", "byte 1"), (#""\x""#, "byte 2"),
        (#""\u12G4""#, "byte 5"),
        (#""\u123"#, "byte 6"), (#""\ud83d""#, "byte 1"), (#""\ud83d\n""#, "byte 8"),
        (#""\ud83dx""#, "byte 1"), (#""\ud83d\ud83d""#, "byte 1"), (#""\udc26""#, "byte 1"),
        ("[", "byte 1"), ("[1", "byte 2"), ("[1,", "byte 3"), ("[1,]", "byte 3"),
        ("[,1]", "byte 1"),
        ("[1 2]", "byte 3"), ("]", "byte 0"), ("[1}", "byte 2"), ("{", "byte 1"),
        ("{a:1}", "byte 1"),
        (#"{"a"}"#, "byte 4"), (#"{"a":}"#, "byte 5"), (#"{"a":1,}"#, "byte 7"),
        ("{1:2}", "byte 1"),
        (#"{"a":1 "b":2}"#, "byte 7"), (#"{"a":1]"#, "byte 6"), ("{}x", "byte 2"),
        ("[1] // no", "byte 4"), ("\u{feff}1", "byte 0"), ("1\u{a0}", "byte 1"),
        (#"{"a":1,"b":2,"a":3}"#, "\"a\""), (#"{"a":1,"\u0061":2}"#, "\"a\""),
    ])
    func refuses(text: String, place: String) {
        #expect {
            try JSONTree(json: text)
        } throws: { error in
            guard case .badText(let sentence) = error as? MartletError else { return false }
            return sentence.hasPrefix("not ") && sentence.contains(place)
        }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xFF, 0x22],
            [0x22, 0xE0, 0x80, 0xAF, 0x22],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        #expect {
            try JSONTree(json: bytes)
        } throws: { error in
            guard case .badText(let sentence) = error as? MartletError else { return false }
            return sentence.hasPrefix("not UTF-8") && sentence.contains("byte 1 ")
        }
    }

    @Test func nestsToTheLimitOnly() throws {
        let limit = JSON.maxDepth
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            func text(_ depth: Int) -> String {
                String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            }
            _ = try JSONTree(json: text(limit))
            #expect(throws: MartletError.self) { try JSONTree(json: text(limit + 1)) }
            #expect(throws: MartletError.self) { try JSONTree(json: text(1_000_000)) }
            #expect(throws: MartletError.self) {
                try JSONTree(json: String(repeating: open, count: 1_000_000))
            }
        }
        // Depth is not a count of what has been closed.
        _ = try JSONTree(json: "[" + String(repeating: "[],", count: 1000) + "{}]")
    }

    @Test func findsAKeyThatStandsTwiceAmongMany() throws {
        for count in [2, 8, 9, 10, 1000] {
            let keys = (0..<count).map { "\"key \($0)\":{\"x\":[1]}" }
            _ = try JSONTree(json: "{\(keys.joined(separator: ","))}")
            for (first, second) in [(0, 1), (0, count - 1), (count / 2, count - 1)]
            where first < second {
                var twice = keys
                twice[second] = twice[first]
                #expect(throws: MartletError.self) {
                    try JSONTree(json: "{\(twice.joined(separator: ","))}")
                }
            }
        }
    }

    @Test func randomTreesComeBack() throws {
        try withEvery("seed", in: UInt64(0)..<400) { seed in
            var generator = SeededGenerator(seed)
            let tree = JSONTree.random(depth: 5, &generator)
            let text = tree.json(&generator)
            try #require(try JSONTree(json: text) == tree, "\(text)")
        }
    }

    /// Doubles in Swift's shortest form and with many digits, against Swift's own reading.
    @Test func randomDoublesComeBack() throws {
        var generator = SeededGenerator(7)
        for _ in 0..<20_000 {
            let double = Double(bitPattern: generator.next())
            guard double.isFinite else { continue }
            try #require(try JSONTree(json: "\(double)") == .double(double))
            let power = Int.random(in: -60...60, using: &generator)
            let digits = "\(generator.next()).\(generator.next())e\(power)"
            try #require(try JSONTree(json: digits) == .double(Double(digits)!), "\(digits)")
            let few = "\(generator.next() >> 40).\(generator.next() >> 50)e\(power / 2)"
            try #require(try JSONTree(json: few) == .double(Double(few)!), "\(few)")
        }
    }

    /// Whatever the bytes are: a value or an error, and all of a text or none of it.
    @Test func damagedTextsDoNotTrap() throws {
        var generator = SeededGenerator(3)
        var (accepted, refused) = (0, 0)
        for _ in 0..<300 {
            let text = Array(JSONTree.random(depth: 4, &generator).json(&generator).utf8)
            for _ in 0..<60 {
                var damaged = text
                if Bool.random(using: &generator) {
                    damaged.removeLast(.random(in: 0...text.count, using: &generator))
                }
                for _ in 0..<Int.random(in: 0...2, using: &generator) where !damaged.isEmpty {
                    let place = damaged.indices.randomElement(using: &generator)!
                    damaged[place] =
                        Bool.random(using: &generator)
                        ? UInt8.random(in: 0...255, using: &generator)
                        : Array("[]{}\",:\\0-e.tu".utf8).randomElement(using: &generator)!
                }
                do {
                    _ = try JSONTree(json: damaged)
                    accepted += 1
                } catch is MartletError {
                    refused += 1
                }
            }
        }
        #expect(accepted > 1000 && refused > 1000)
    }

    @Test func readsLongLists() throws {
        let numbers = (0..<1_000_000).map { Int64($0) * 7919 - 1000 }
        let text = "[" + numbers.map { "\($0)" }.joined(separator: ", ") + "]"
        #expect(try JSONTree(json: text) == .array(numbers.map { .integer($0) }))
        let strings = (0..<100_000).map { "text \\u0041 \($0)" }
        let list = "[" + strings.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        #expect(
            try JSONTree(json: list)
                == .array((0..<100_000).map { .string("text A \($0)") }))
    }
}
