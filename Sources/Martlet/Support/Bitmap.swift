import Glibc

/// A set of slots, one bit each: which may be returned.
///
/// Bits at and behind `count` are zero. Safety: whoever made it frees it, once.
struct Bitmap {
    static let bitsPerWord = 64

    let words: UnsafeMutablePointer<UInt64>
    let count: Int

    var wordCount: Int { (count + Self.bitsPerWord - 1) / Self.bitsPerWord }

    /// The empty set of slots below `count`.
    init(count: Int) throws(MartletError) {
        self.count = count
        words = try Memory.allocate(UInt64.self, max((count + 63) / 64, 1))
        words.initialize(repeating: 0, count: max((count + 63) / 64, 1))
    }

    func free() { Glibc.free(words) }

    @inline(__always)
    func contains(_ slot: UInt32) -> Bool { words[Int(slot >> 6)] >> UInt64(slot & 63) & 1 == 1 }

    @inline(__always)
    func insert(_ slot: UInt32) { words[Int(slot >> 6)] |= 1 &<< UInt64(slot & 63) }

    @inline(__always)
    func remove(_ slot: UInt32) { words[Int(slot >> 6)] &= ~(1 &<< UInt64(slot & 63)) }

    /// How many slots are in the set.
    var population: Int {
        (0..<wordCount).reduce(0) { $0 + words[$1].nonzeroBitCount }
    }

    /// The slots in the set, in order.
    func list() throws(MartletError) -> [UInt32] {
        let count = population
        try Memory.expect(UInt32.self, count)
        return [UInt32](unsafeUninitializedCapacity: count) { buffer, listed in
            if let target = buffer.baseAddress { list(to: target) }
            listed = count
        }
    }

    /// Writes the slots in the set, in order, to `target`, which has room for all.
    func list(to target: UnsafeMutablePointer<UInt32>) {
        var next = target
        for place in 0..<wordCount {
            var word = words[place]
            while word != 0 {
                next.pointee = UInt32(place * Self.bitsPerWord + word.trailingZeroBitCount)
                next += 1
                word &= word &- 1
            }
        }
    }

    /// Keeps the slots that `other`, of the same count, has too.
    func formIntersection(_ other: Bitmap) {
        for i in 0..<wordCount { words[i] &= other.words[i] }
    }

    /// Adds the slots of `other`, of the same count.
    func formUnion(_ other: Bitmap) {
        for i in 0..<wordCount { words[i] |= other.words[i] }
    }

    /// Swaps who is in and who is not.
    func formComplement() {
        for i in 0..<wordCount { words[i] = ~words[i] }
        if count % 64 != 0 { words[wordCount - 1] &= (1 &<< UInt64(count % 64)) - 1 }
    }
}
