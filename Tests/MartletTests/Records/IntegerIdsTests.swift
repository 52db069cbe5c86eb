import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IntegerIdsTests {
    /// Random batches, given and assigned, some of which fail or are withdrawn, against a
    /// dictionary.
    @Test func behavesLikeADictionary() throws {
        try withEvery("seed", in: UInt64(0)..<30) { seed in
            var run = IdRun(seed: seed)
            for _ in 0..<60 {
                try run.step()
                try run.compare()
            }
        }
    }

    @Test func nextIdIsOneMoreThanTheLargest() throws {
        let ids = Driver()
        try ids.add([-5, -9])
        #expect(ids.ids.nextId == 0)
        try ids.add([10, 3])
        #expect(ids.ids.nextId == 11)
        #expect(try ids.assign(2) == [11, 12])
        try ids.add([4])
        #expect(ids.ids.nextId == 13)
    }

    @Test func allIdsMayBeUsedUp() throws {
        let ids = Driver()
        try ids.add([.max - 2, .min])
        #expect(throws: MartletError.self) { try ids.assign(3) }
        #expect(ids.ids.nextId == Int64.max - 1)
        #expect(try ids.assign(2) == [Int64.max - 1, .max])
        #expect(ids.ids.nextId == nil)
        #expect {
            try ids.assign(1)
        } throws: { error in
            guard case .indexFull(let sentence) = error as? MartletError else { return false }
            return sentence.contains("give ids")
        }
        try ids.add([5])
        #expect(ids.ids.nextId == nil)
        #expect(try ids.slot(of: 5) == 4)
    }

    @Test func aBatchUnderWayIsInvisible() throws {
        let ids = Driver()
        try ids.add([1])
        try ids.enter([2])
        #expect(try ids.ids.slot(of: 2, count: 1) == nil)
        ids.commit()
        #expect(try ids.ids.slot(of: 2, count: 2) == 1)
    }

    @Test func theErrorNamesTheSecondOfTwo() throws {
        let ids = Driver()
        try ids.add([1, 2])
        #expect(throws: MartletError.idExists(id: 8, row: 3)) { try ids.enter([7, 8, 9, 8, 7]) }
        #expect(throws: MartletError.idExists(id: 2, row: 1)) { try ids.enter([7, 2]) }
    }

    @Test func idsMayLieAnyDistanceApart() throws {
        let ids = Driver()
        let column: [Int64] = [1, 0, 2, 0, 3]
        try column.withUnsafeBytes { bytes in
            try ids.enter(Integers(data: bytes.baseAddress! + 32, stride: -16, count: 3), rows: 3)
        }
        #expect(try [3, 2, 1].map { try ids.slot(of: $0) } == [0, 1, 2])
        #expect(throws: MartletError.idExists(id: 5, row: 1)) {
            try [Int64(5)].withUnsafeBytes { bytes in
                try ids.enter(Integers(data: bytes.baseAddress!, stride: 0, count: 2), rows: 2)
            }
        }
    }
}

/// Integer ids as an index drives them.
private final class Driver {
    let ids = IntegerIds()
    private(set) var count = 0
    private var retired = RetiredMemory()

    deinit { retired.free() }

    func slot(of id: Int64) throws -> Int? {
        try ids.slot(of: id, count: count).map { Int($0) }
    }

    func enter(_ given: [Int64]) throws {
        try given.withUnsafeBytes { bytes in
            try enter(Integers(data: bytes.baseAddress, count: given.count), rows: given.count)
        }
    }

    /// Enters a batch and keeps it.
    func add(_ given: [Int64]) throws {
        try enter(given)
        commit()
    }

    func enter(_ given: Integers?, rows: Int) throws {
        do {
            try ids.reserve(rows: rows, count: count, &retired)
            if let given { try ids.enter(given, nil) } else { try ids.assign(rows) }
        } catch {
            ids.withdraw()
            throw error
        }
        count += rows
    }

    func assign(_ rows: Int) throws -> [Int64] {
        try enter(nil, rows: rows)
        return (count - rows..<count).map { ids.bySlot![$0] }
    }

    /// Keeps the latest batch.
    func commit() { ids.commit() }

    /// Takes the latest batch back.
    func withdraw(_ rows: Int) {
        count -= rows
        ids.withdraw()
    }
}

private struct IdRun {
    private let driver = Driver()
    private var model: [Int64] = []
    private var slots: [Int64: Int] = [:]
    private var nextId: Int64? = 0
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed) }

    mutating func step() throws {
        let rows = [1, 2, 50, 300, 9000].randomElement(using: &generator)!
        let batch = Int.random(in: 0..<3, using: &generator) == 0 ? nil : randomIds(rows)
        let isNew =
            Set(batch ?? []).count == (batch?.count ?? 0)
            && (batch ?? []).allSatisfy { slots[$0] == nil }
        do {
            if let batch { try driver.enter(batch) } else { _ = try driver.assign(rows) }
            try #require(isNew, "a batch with an id twice was entered")
        } catch is MartletError {
            try #require(!isNew, "a batch of new ids was refused")
            return
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            driver.withdraw(rows)
        } else {
            driver.commit()
            accept(batch ?? (0..<rows).map { nextId! + Int64($0) })
        }
    }

    func compare() throws {
        try #require(driver.count == model.count)
        try #require(driver.ids.nextId == nextId)
        try #require((0..<driver.count).allSatisfy { driver.ids.bySlot![$0] == model[$0] })
        for id in -60...60 as ClosedRange<Int64> { try #require(driver.slot(of: id) == slots[id]) }
        for id in model.suffix(100) { try #require(driver.slot(of: id) == slots[id]) }
    }

    private mutating func accept(_ batch: [Int64]) {
        for id in batch {
            slots[id] = model.count
            model.append(id)
        }
        nextId = max(nextId!, batch.max()! + 1)
    }

    /// From a small range if they are few, so that some were used before.
    private mutating func randomIds(_ rows: Int) -> [Int64] {
        let bound: Int64 = rows < 10 ? 60 : 1 << 40
        return (0..<rows).map { _ in Int64.random(in: -bound...bound, using: &generator) }
    }
}
