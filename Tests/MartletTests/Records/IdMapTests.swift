import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IdMapTests {
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
        let map = Ids()
        try map.add([-5, -9])
        #expect(map.map.nextId == 0)
        try map.add([10, 3])
        #expect(map.map.nextId == 11)
        #expect(try map.assign(2) == [11, 12])
        try map.add([4])
        #expect(map.map.nextId == 13)
    }

    @Test func allIdsMayBeUsedUp() throws {
        let map = Ids()
        try map.add([.max - 2, .min])
        #expect(throws: MartletError.self) { try map.assign(3) }
        #expect(map.map.nextId == Int64.max - 1)
        #expect(try map.assign(2) == [Int64.max - 1, .max])
        #expect(map.map.nextId == nil)
        #expect {
            try map.assign(1)
        } throws: { error in
            guard case .indexFull(let sentence) = error as? MartletError else { return false }
            return sentence.contains("give ids")
        }
        try map.add([5])
        #expect(map.map.nextId == nil)
        #expect(map.slot(of: 5) == 4)
    }

    @Test func aBatchUnderWayIsInvisible() throws {
        let map = Ids()
        try map.add([1])
        try map.enter([2])
        #expect(map.map.slot(of: 2, count: 1) == nil)
        map.commit()
        #expect(map.map.slot(of: 2, count: 2) == 1)
    }

    @Test func theErrorNamesTheSecondOfTwo() throws {
        let map = Ids()
        try map.add([1, 2])
        #expect(throws: MartletError.idExists(id: 8, row: 3)) { try map.enter([7, 8, 9, 8, 7]) }
        #expect(throws: MartletError.idExists(id: 2, row: 1)) { try map.enter([7, 2]) }
    }

    @Test func idsMayLieAnyDistanceApart() throws {
        let map = Ids()
        let column: [Int64] = [1, 0, 2, 0, 3]
        try column.withUnsafeBytes { bytes in
            try map.enter(IdColumn(data: bytes.baseAddress! + 32, stride: -16), rows: 3)
        }
        #expect([3, 2, 1].map { map.slot(of: $0) } == [0, 1, 2])
        #expect(throws: MartletError.idExists(id: 5, row: 1)) {
            try [Int64(5)].withUnsafeBytes { bytes in
                try map.enter(IdColumn(data: bytes.baseAddress!, stride: 0), rows: 2)
            }
        }
    }
}

/// An id map as an index drives it.
private final class Ids {
    let map = IdMap()
    private(set) var count = 0

    func slot(of id: Int64) -> Int? { map.slot(of: id, count: count) }

    func enter(_ ids: [Int64]) throws {
        try ids.withUnsafeBytes { bytes in
            try enter(bytes.baseAddress.map { IdColumn(data: $0) }, rows: ids.count)
        }
    }

    /// Enters a batch and keeps it.
    func add(_ ids: [Int64]) throws {
        try enter(ids)
        commit()
    }

    func enter(_ column: IdColumn?, rows: Int) throws {
        do {
            free(try map.reserve(rows: rows, count: count))
            try map.enter(column, rows: rows)
        } catch {
            map.withdraw()
            throw error
        }
        count += rows
    }

    func assign(_ rows: Int) throws -> [Int64] {
        try enter(nil, rows: rows)
        return (count - rows..<count).map { map.bySlot![$0] }
    }

    /// Keeps the latest batch.
    func commit() { map.commit() }

    /// Takes the latest batch back.
    func withdraw(_ rows: Int) {
        count -= rows
        map.withdraw()
    }
}

private struct IdRun {
    private let ids = Ids()
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
            if let batch { try ids.enter(batch) } else { _ = try ids.assign(rows) }
            try #require(isNew, "a batch with an id twice was entered")
        } catch is MartletError {
            try #require(!isNew, "a batch of new ids was refused")
            return
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            ids.withdraw(rows)
        } else {
            ids.commit()
            accept(batch ?? (0..<rows).map { nextId! + Int64($0) })
        }
    }

    func compare() throws {
        try #require(ids.count == model.count)
        try #require(ids.map.nextId == nextId)
        try #require((0..<ids.count).allSatisfy { ids.map.bySlot![$0] == model[$0] })
        for id in -60...60 as ClosedRange<Int64> { try #require(ids.slot(of: id) == slots[id]) }
        for id in model.suffix(100) { try #require(ids.slot(of: id) == slots[id]) }
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
