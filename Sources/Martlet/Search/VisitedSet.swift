import CIntrinsics
import Glibc

/// The slots that one search has met, emptied in O(1).
///
/// A 64-bit word holds 32 slots' bits and, in its upper half, the search that they belong to; bits
/// of an earlier search do not count. 2 bits a slot: the set of a million slots is 250 KB.
struct VisitedSet {
    private let words: UnsafeMutablePointer<UInt64>
    private var search: UInt64 = 0
    private let capacity: Int

    init(capacity: Int) throws(MartletError) {
        self.capacity = (capacity + 31) / 32
        words = try Memory.allocate(UInt64.self, self.capacity)
        words.initialize(repeating: 0, count: self.capacity)
    }

    func free() { Glibc.free(words) }

    mutating func removeAll() {
        search += 1
        if search > UInt64(UInt32.max) {
            words.update(repeating: 0, count: capacity)
            search = 1
        }
    }

    @inline(__always)
    func contains(_ slot: UInt32) -> Bool {
        let word = words[Int(slot >> 5)]
        return word >> 32 == search && word & UInt64(1) &<< UInt64(slot & 31) != 0
    }

    /// The word as this search sees it: emptied if it is another's. Without a branch, which would be
    /// mispredicted often.
    @inline(__always)
    private func current(_ word: UInt64) -> UInt64 {
        let empty = search &<< 32
        let isCurrent = UInt64(bitPattern: Int64(intrinsics_less(word ^ empty, 1 << 32)))
        return empty | word & isCurrent
    }

    /// Inserts `slot`; returns 1 if it was not in the set, else 0: a number, so that callers can
    /// count without a branch.
    @inline(__always)
    func insert(_ slot: UInt32) -> Int {
        let word = words + Int(slot >> 5)
        let bit = UInt64(1) &<< UInt64(slot & 31)
        let bits = current(word.pointee)
        word.pointee = bits | bit
        return bits & bit == 0 ? 1 : 0
    }

    /// Inserts `slot` if `bit` is 1; returns 1 if it was not in the set and now is, else 0.
    @inline(__always)
    func insert(_ slot: UInt32, if bit: Int) -> Int {
        let word = words + Int(slot >> 5)
        let bit = UInt64(truncatingIfNeeded: bit) &<< UInt64(slot & 31)
        let bits = current(word.pointee)
        word.pointee = bits | bit
        return bit & ~bits == 0 ? 0 : 1
    }
}
