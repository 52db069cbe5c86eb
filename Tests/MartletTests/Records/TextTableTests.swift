import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct TextTableTests {
    /// Random batches, one text at a time or together, kept or taken back, against an array.
    @Test func behavesLikeADictionary() throws {
        try withEvery("seed", in: UInt64(0)..<10) { seed in
            var run = TextRun(seed: seed)
            for _ in 0..<30 {
                try run.step()
                try run.compare()
            }
        }
    }

    @Test func everyTextIsItself() throws {
        let texts = Texts()
        let odd = [
            "", "\0", "\0\0", "a", "a\0", "\0a", "é", "e\u{301}", "🪶", "12345678", "123456789",
        ]
        for (number, text) in odd.enumerated() {
            #expect(try texts.insert(text) == (UInt32(number), true))
        }
        for (number, text) in odd.enumerated() {
            #expect(try texts.insert(text) == (UInt32(number), false))
        }
        #expect(texts.all == odd.map { Array($0.utf8) })
    }

    @Test func oneLongTextIsItself() throws {
        let texts = Texts()
        let long = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(try texts.insert(long) == (0, true))
        #expect(try texts.insert(long.dropLast() + [0x62]) == (1, true))
        #expect(try texts.insert(long) == (0, false))
        #expect(texts.all[0] == long)
    }

    /// A reader's view stays as it was while the table grows.
    @Test func aViewDoesNotChange() throws {
        let texts = Texts()
        for i in 0..<50 { _ = try texts.insert("old \(i)") }
        let view = texts.table.view
        for i in 0..<5000 { _ = try texts.insert("new \(i)") }
        #expect(view.count == 50)
        for i in 0..<50 { #expect(Array(view[UInt32(i)]) == Array("old \(i)".utf8)) }
        #expect(try texts.number(of: "new 7", below: 50) == nil)
        #expect(try texts.number(of: "new 7", below: 5050) == 57)
    }

    @Test func aFailedBatchLeavesNoTrace() throws {
        let texts = Texts()
        for i in 0..<100 { _ = try texts.insert("\(i)") }
        texts.table.commit()
        let (memory, all) = (texts.table.memory(of: texts.table.view), texts.all)
        for _ in 0..<2 {
            for i in 0..<20_000 { _ = try texts.insert("failed \(i)") }
            #expect(texts.table.memory(of: texts.table.view) > memory)
            texts.table.truncate(to: 100)
            #expect(texts.table.memory(of: texts.table.view) == memory)
            #expect(texts.all == all)
            #expect(try texts.number(of: "failed 3", below: .max) == nil)
            #expect(try texts.number(of: "99", below: 100) == 99)
        }
    }
}

/// A table of texts, with the memory that it has outgrown.
private final class Texts {
    let table = TextTable()
    private var retired = RetiredMemory()

    deinit { retired.free() }

    var all: [[UInt8]] { (0..<UInt32(table.count)).map { Array(table.view[$0]) } }

    func insert(_ text: String) throws -> (UInt32, Bool) { try insert(Array(text.utf8)) }

    func insert(_ text: [UInt8]) throws -> (UInt32, Bool) {
        try text.withUnsafeBytes { text in
            let (number, isNew) = try table.insert(text, &retired)
            return (number, isNew)
        }
    }

    /// Appends texts together; returns how many were new before the first that was not.
    func append(_ texts: [[UInt8]]) throws -> Int {
        let given = GivenStrings(texts)
        defer { withExtendedLifetime(given) {} }
        try table.reserve(texts: texts.count, bytes: given.strings.byteCount(), &retired)
        return table.append(given.strings) { _ in false }
    }

    func number(of text: String, below count: Int) throws -> UInt32? {
        try number(of: Array(text.utf8), below: count)
    }

    func number(of text: [UInt8], below count: Int) throws -> UInt32? {
        try text.withUnsafeBytes { try table.number(of: $0, below: count) }
    }
}

private struct TextRun {
    private let texts = Texts()
    private var model: [[UInt8]] = []
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed) }

    mutating func step() throws {
        let batch = randomTexts([1, 5, 100, 3000].randomElement(using: &generator)!)
        var after = model
        if Bool.random(using: &generator) {
            var numbers = numbers(of: after)
            for text in batch {
                let known = numbers[text]
                try #require(try texts.insert(text) == (known ?? UInt32(after.count), known == nil))
                if known == nil {
                    numbers[text] = UInt32(after.count)
                    after.append(text)
                }
            }
        } else {
            let known = Set(after)
            let fresh = Array(Set(batch).subtracting(known)).sorted {
                $0.lexicographicallyPrecedes($1)
            }
            let stale = model.randomElement(using: &generator).map { [$0] } ?? []
            try #require(try texts.append(fresh + stale) == fresh.count)
            after += fresh
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            texts.table.truncate(to: model.count)
        } else {
            texts.table.commit()
            model = after
        }
    }

    func compare() throws {
        try #require(texts.all == model)
        for (text, number) in numbers(of: model) {
            try #require(texts.number(of: text, below: model.count) == number)
        }
        try #require(texts.number(of: Array("absent".utf8), below: model.count) == nil)
    }

    private func numbers(of texts: [[UInt8]]) -> [[UInt8]: UInt32] {
        Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, UInt32($0)) })
    }

    /// Of few different bytes and lengths, so that many were used before.
    private mutating func randomTexts(_ count: Int) -> [[UInt8]] {
        (0..<count).map { _ in
            let length = Int.random(in: 0..<14, using: &generator)
            return (0..<length).map { _ in UInt8.random(in: 0..<2, using: &generator) }
        }
    }
}
