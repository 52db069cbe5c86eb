/// The nearest nodes that a search has found, at most `capacity`, nearest first, each with a mark of
/// whether it was expanded.
///
/// One sorted array serves as both queues of the paper's Algorithm 2 (candidates and results). An
/// entry is one word, so that one comparison orders by distance, then slot:
///
///     distance (31 bits: not negative, so the sign is dropped) | slot (32) | expanded (1)
struct Beam {
    private let entries: UnsafeMutablePointer<UInt64>
    private(set) var count = 0
    private var capacity = 0
    /// No entry before this one is unexpanded.
    private var cursor = 0

    /// Safety: `entries` must have room for one more than any capacity set.
    init(entries: UnsafeMutablePointer<UInt64>) { self.entries = entries }

    mutating func removeAll(capacity: Int) {
        (count, cursor, self.capacity) = (0, 0, capacity)
    }

    /// Takes over the entries of another beam of at most `capacity`.
    mutating func removeAll(capacity: Int, filledFrom other: Beam) {
        removeAll(capacity: capacity)
        count = other.count
        entries.update(from: other.entries, count: count)
    }

    @inline(__always)
    mutating func insert(_ slot: UInt32, _ distance: Float, expanded: Bool = false) {
        let entry = UInt64(distance.bitPattern) &<< 33 | UInt64(slot) &<< 1 | (expanded ? 1 : 0)
        if count == capacity {
            guard entry < entries[count &- 1] else { return }
            count &-= 1
        }
        let place = firstPlace(after: entry)
        var moved = count
        while moved > place {
            entries[moved] = entries[moved &- 1]
            moved &-= 1
        }
        entries[place] = entry
        count &+= 1
        if place < cursor { cursor = place }
    }

    /// The nearest node not yet expanded, which it marks.
    @inline(__always)
    mutating func expandNext() -> UInt32? {
        while cursor < count {
            let entry = entries[cursor]
            cursor &+= 1
            if entry & 1 == 0 {
                entries[cursor &- 1] = entry | 1
                return Self.slot(entry)
            }
        }
        return nil
    }

    /// The node that `expandNext` would return, if nothing nearer turns up.
    @inline(__always)
    var nextToExpand: UInt32? {
        cursor < count ? Self.slot(entries[cursor]) : nil
    }

    func slot(_ place: Int) -> UInt32 { Self.slot(entries[place]) }

    func distance(_ place: Int) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: entries[place] &>> 33))
    }

    @inline(__always)
    private static func slot(_ entry: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: entry &>> 1)
    }

    @inline(__always)
    private func firstPlace(after entry: UInt64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low &+ high) &>> 1
            if entries[middle] < entry { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}
