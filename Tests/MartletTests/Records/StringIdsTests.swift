import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct StringIdsTests {
    /// Random batches, some of which fail or are withdrawn, against a dictionary.
    @Test func behavesLikeADictionary() throws {
        try withEvery("seed", in: UInt64(0)..<8) { seed in
            var run = StringIdRun(seed: seed)
            for _ in 0..<30 {
                try run.step()
                try run.compare()
            }
        }
    }

    @Test func aBatchUnderWayIsInvisible() throws {
        let ids = Driver()
        try ids.enter(["a"])
        ids.commit()
        try ids.enter(["b"])
        #expect(try ids.slot(of: "b", count: 1) == nil)
        ids.commit()
        #expect(try ids.slot(of: "b", count: 2) == 1)
    }

    @Test func theErrorNamesTheSecondOfTwo() throws {
        let ids = Driver()
        try ids.enter(["a", ""])
        ids.commit()
        #expect(throws: MartletError.idExists(id: "c", row: 3)) {
            try ids.enter(["b", "c", "d", "c", "b"])
        }
        #expect(throws: MartletError.idExists(id: "", row: 1)) { try ids.enter(["b", ""]) }
        #expect(throws: MartletError.idExists(id: "a", row: 0)) { try ids.enter(["a"]) }
    }

    /// The text, 8 bytes for where it ends, and 4 bytes in a table that is at least a third full.
    @Test func memoryIsLittleMoreThanTheTexts() throws {
        let ids = Driver()
        let texts = (0..<100_000).map { "document-\($0)" }
        try ids.enter(texts)
        ids.commit()
        let length = texts.reduce(0) { $0 + $1.utf8.count }
        let beyond = ids.ids.bytes(of: ids.ids.texts) - length
        #expect(beyond >= 14 * texts.count && beyond <= 20 * texts.count)
    }
}

/// String ids as an index drives them.
private final class Driver {
    let ids = StringIds()
    private(set) var count = 0
    private var retired = RetiredMemory()

    deinit { retired.free() }

    func slot(of id: String, count: Int? = nil) throws -> Int? {
        var id = id
        return try id.withUTF8 { id in
            try ids.slot(of: UnsafeRawBufferPointer(id), count: count ?? self.count)
                .map { Int($0) }
        }
    }

    func enter(_ texts: [String]) throws {
        let given = GivenStrings(texts, before: [1, 2, 3], offsetBytes: 4)
        defer { withExtendedLifetime(given) {} }
        do {
            try ids.reserve(given.strings, count: count, &retired)
            try ids.enter(given.strings, nil)
        } catch {
            ids.withdraw()
            throw error
        }
        count += texts.count
    }

    func commit() { ids.commit() }

    func withdraw(_ rows: Int) {
        count -= rows
        ids.withdraw()
    }
}

private struct StringIdRun {
    private let driver = Driver()
    private var model: [String] = []
    private var slots: [String: Int] = [:]
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed) }

    mutating func step() throws {
        let batch = randomIds([1, 2, 20, 300, 9000].randomElement(using: &generator)!)
        let isNew = Set(batch).count == batch.count && batch.allSatisfy { slots[$0] == nil }
        do {
            try driver.enter(batch)
            try #require(isNew, "a batch with an id twice was entered")
        } catch let error as MartletError {
            guard case .idExists(.string(let id), let row) = error, !isNew else { throw error }
            try #require(batch[row] == id && (slots[id] != nil || batch[..<row].contains(id)))
            try #require(Set(batch[..<row]).count == row, "row \(row) is not the first at fault")
            return
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            driver.withdraw(batch.count)
        } else {
            driver.commit()
            for id in batch {
                slots[id] = model.count
                model.append(id)
            }
        }
    }

    func compare() throws {
        let texts = driver.ids.texts
        try #require(driver.count == model.count && texts.count == model.count)
        let late = model.indices.suffix(2000)
        try #require(late.allSatisfy { Array(texts[UInt32($0)]) == Array(model[$0].utf8) })
        for id in (0..<60).map({ "\($0)" }) { try #require(driver.slot(of: id) == slots[id]) }
        for id in model.suffix(100) { try #require(driver.slot(of: id) == slots[id]) }
    }

    /// From a small range if they are few, so that some were used before.
    private mutating func randomIds(_ count: Int) -> [String] {
        (0..<count).map { _ in
            let number = Int.random(in: 0..<(count < 10 ? 60 : 1 << 40), using: &generator)
            return "\(number)"
        }
    }
}
