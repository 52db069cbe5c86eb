import Testing

@testable import Martlet

@Suite struct InsertionOrderTests {
    @Test(arguments: [1, 2, 255, 256, 257, 1000], [0, 1, 5000])
    func isAPermutation(count: Int, start: Int) throws {
        let slots = try order(start..<start + count, seed: 3)
        #expect(slots.sorted() == (start..<start + count).map { UInt32($0) })
    }

    @Test func ranksFollowTheOrder() throws {
        let order = try InsertionOrder(100..<400, seed: 3)
        let slots = Array(order[0..<256]) + Array(order[256..<300])
        for (rank, slot) in slots.enumerated() {
            #expect(!order.isInserted(slot, before: rank))
            #expect(order.isInserted(slot, before: rank + 1))
        }
        #expect(order.isInserted(0, before: 0) && order.isInserted(99, before: 0))
    }

    @Test func dependsOnSeedAndPlaceAlone() throws {
        let first = try order(0..<100, seed: 1)
        #expect(try order(0..<100, seed: 1) == first)
        #expect(try order(0..<100, seed: 2) != first)
        #expect(try order(100..<200, seed: 1).map { $0 - 100 } != first)
    }

    /// 6000 seeds, 6 orders: about 1000 each, within five standard deviations.
    @Test func allOrdersAreEquallyLikely() throws {
        var counts: [[UInt32]: Int] = [:]
        for seed in 0..<6000 as Range<UInt64> {
            counts[try order(0..<3, seed: seed), default: 0] += 1
        }
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { abs($0 - 1000) <= 145 }, "\(counts)")
    }

    private func order(_ batch: Range<Int>, seed: UInt64) throws -> [UInt32] {
        let order = try InsertionOrder(batch, seed: seed)
        return withExtendedLifetime(order) { Array(order[0..<order.count]) }
    }
}
