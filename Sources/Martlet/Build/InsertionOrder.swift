import Glibc

/// The order in which a batch is inserted: a seeded random permutation of its slots.
final class InsertionOrder {
    let batch: Range<Int>
    /// Slots, in the order of insertion.
    private let slots: UnsafeMutablePointer<UInt32>
    /// The place of each slot of the batch in that order.
    private let ranks: UnsafeMutablePointer<UInt32>

    init(_ batch: Range<Int>, seed: UInt64) throws(MartletError) {
        self.batch = batch
        slots = try Memory.allocate(UInt32.self, 2 * batch.count)
        ranks = slots + batch.count
        for i in 0..<batch.count { slots[i] = UInt32(batch.lowerBound + i) }
        shuffle(seed: seed ^ SplitMix64.mix(UInt64(batch.lowerBound)))
        for i in 0..<batch.count { ranks[Int(slots[i]) - batch.lowerBound] = UInt32(i) }
    }

    deinit { free(slots) }

    var count: Int { batch.count }

    subscript(_ ranks: Range<Int>) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: slots + ranks.lowerBound, count: ranks.count)
    }

    /// Whether `slot` was inserted before the node of the batch with rank `rank`.
    @inline(__always)
    func isInserted(_ slot: UInt32, before rank: Int) -> Bool {
        Int(slot) < batch.lowerBound || ranks[Int(slot) - batch.lowerBound] < UInt32(rank)
    }

    /// Fisher-Yates.
    private func shuffle(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for i in stride(from: batch.count - 1, to: 0, by: -1) {
            let other = Int(random.next().multipliedFullWidth(by: UInt64(i + 1)).high)
            (slots[i], slots[other]) = (slots[other], slots[i])
        }
    }
}
