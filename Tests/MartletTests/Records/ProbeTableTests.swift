import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct ProbeTableTests {
    /// Keys by number, with hashes so bad that most numbers share a cell with others.
    @Test(arguments: [1, 7, 1 << 62])
    func behavesLikeADictionary(hashes: UInt64) throws {
        try withEvery("seed", in: UInt64(0)..<20) { seed in
            var generator = SeededGenerator(seed)
            let keys = (0..<400).map { _ in Int.random(in: 0..<300, using: &generator) }
            let table = try ProbeTable(for: keys.count)
            defer { table.free() }
            var numbers: [Int: UInt32] = [:]
            for (number, key) in keys.enumerated() {
                let hash = UInt64(key) % hashes
                let known = table.insert(UInt32(number), hash) { keys[Int($0)] == key }
                try #require(known == numbers[key])
                if known == nil { numbers[key] = UInt32(number) }
            }
            for key in 0..<310 {
                let found = table.find(UInt64(key) % hashes, below: keys.count) {
                    keys[Int($0)] == key
                }
                try #require(found == numbers[key])
            }
        }
    }

    @Test func takingOutTheLatestLeavesTheEarlierAsTheyWere() throws {
        let table = try ProbeTable(for: 60)
        defer { table.free() }
        // All in one run of cells.
        for number in 0..<60 as Range<UInt32> { _ = table.insert(number, 5) { _ in false } }
        for number in (20..<60 as Range<UInt32>).reversed() {
            table.removeLatest(number, 5)
        }
        for number in 0..<60 as Range<UInt32> {
            #expect(table.find(5, below: 60) { $0 == number } == (number < 20 ? number : nil))
        }
    }

    /// Keys that are given to later numbers again and again, some of it taken back, against a
    /// dictionary for each count of numbers.
    @Test func earlierNumbersOfARenewedKeyAreFoundByThoseWhoKnowNoLaterOnes() throws {
        try withEvery("seed", in: UInt64(0)..<20) { seed in
            var generator = SeededGenerator(seed)
            var keys: [Int] = []
            let table = try ProbeTable(for: 300)
            defer { table.free() }
            while keys.count < 300 {
                keys.append(Int.random(in: 0..<40, using: &generator))
                let number = UInt32(keys.count - 1)
                let known = table.insert(number, UInt64(keys.last! % 3)) {
                    keys[Int($0)] == keys.last!
                } renewing: { _ in
                    true
                }
                try #require(known == nil)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    table.removeLatest(number, UInt64(keys.removeLast() % 3))
                }
            }
            for count in 0...300 {
                for key in 0..<41 {
                    let found = table.find(UInt64(key % 3), below: count) { keys[Int($0)] == key }
                    try #require(found.map { Int($0) } == keys[..<count].lastIndex(of: key))
                }
            }
        }
    }

    /// At most two thirds full, and at least a third as long as it is not the smallest.
    @Test(arguments: [1, 42, 43, 85, 86, 100_000])
    func sizeFollowsCount(count: Int) throws {
        let table = try ProbeTable(for: count)
        defer { table.free() }
        #expect(table.hasRoom(for: count))
        #expect(!table.hasRoom(for: 2 * count + 43))
        #expect(table.bytes >= 6 * count && table.bytes <= max(12 * count, 256))
    }
}
