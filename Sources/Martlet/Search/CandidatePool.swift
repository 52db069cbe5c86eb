import CIntrinsics

/// The nodes nearest to the query by estimates, those that were taken among them: so many that, when
/// all are taken, the walk has gone far enough.
///
/// They are few and many turn up at once, so that they are merged into all that there are, without a
/// branch (kernels_merge). An entry is one word, whose order as a number is that by distance, then slot:
///
///     0 | distance (30 bits: neither its sign nor its last bit) | slot (32) | taken (1)
struct CandidatePool {
    private let entries: UnsafeMutablePointer<UInt64>
    /// Those that are not among the entries yet.
    private let fresh: UnsafeMutablePointer<UInt64>
    private var freshCount = 0
    private var count = 0
    /// No entry before this one is to be taken.
    private var cursor = 0

    /// Words that there must be for `count` candidates.
    static func room(_ count: Int) -> Int { roundedUp(count) + LinkCodes.linksPerBlock }

    private static func roundedUp(_ count: Int) -> Int { (count + 3) & ~3 }

    /// In the place of a candidate that there is not: taken, and endlessly far away.
    private static let none = UInt64(Float.infinity.bitPattern) << 32 | (1 << 33 - 1)

    /// Safety: `memory` must have `room(capacity)` words for any capacity set, from a multiple of 32
    /// bytes on.
    init(memory: UnsafeMutablePointer<UInt64>) {
        (fresh, entries) = (memory, memory + LinkCodes.linksPerBlock)
    }

    mutating func removeAll(capacity: Int) {
        count = Self.roundedUp(capacity)
        (freshCount, cursor) = (0, 0)
        entries.update(repeating: Self.none, count: count)
    }

    /// Adds one of at most 32 nodes, if `one` is 1 and not 0: a number, so that there is no branch.
    @inline(__always)
    mutating func add(_ slot: UInt32, _ distance: Float, if one: Int = 1) {
        fresh[freshCount] = UInt64(distance.bitPattern & ~1) &<< 32 | UInt64(slot) &<< 1
        freshCount &+= one
    }

    /// Keeps the nearest of what there was and what was added.
    @inline(__always)
    mutating func merge(_ kernel: kernels_merge) {
        guard freshCount > 0 else { return }
        while freshCount & 3 != 0 {
            fresh[freshCount] = Self.none
            freshCount &+= 1
        }
        let place = kernel(
            UnsafeMutableRawPointer(entries).assumingMemoryBound(to: Double.self), UInt64(count),
            UnsafeMutableRawPointer(fresh).assumingMemoryBound(to: Double.self),
            UInt64(freshCount))
        cursor = min(cursor, Int(truncatingIfNeeded: place))
        freshCount = 0
    }

    /// The nearest node not yet taken, which it marks.
    @inline(__always)
    mutating func take() -> UInt32? {
        while cursor < count {
            let entry = entries[cursor]
            cursor &+= 1
            if entry & 1 == 0 {
                entries[cursor &- 1] = entry | 1
                return UInt32(truncatingIfNeeded: entry &>> 1)
            }
        }
        return nil
    }

    /// What is not nearer than this will not be kept.
    @inline(__always)
    var bound: Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: entries[count &- 1] &>> 32) & ~1)
    }
}
