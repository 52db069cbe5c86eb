import CIntrinsics

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

    /// Takes over the entries of another beam of at most this one's capacity.
    mutating func fill(from other: Beam) {
        count = other.count
        entries.update(from: other.entries, count: count)
    }

    /// Becomes the nearest of many nodes, as many as there is room for.
    mutating func fill(from nodes: NearestNodes) {
        count = min(nodes.count, capacity)
        entries.update(from: nodes.entries, count: count)
    }

    /// Inserts a node if it is near enough. Returns whether it is the next to be expanded.
    @inline(__always) @discardableResult
    mutating func insert(_ slot: UInt32, _ distance: Float) -> Bool {
        let entry = Self.entry(slot, distance)
        if count == capacity {
            guard count > 0, entry < entries[count &- 1] else { return false }
            count &-= 1
        }
        let place = firstPlace(after: entry)
        let target = entries + place
        (target + 1).update(from: target, count: count &- place)
        target.pointee = entry
        count &+= 1
        guard place <= cursor else { return false }
        cursor = place
        return true
    }

    /// Orders as distances do; nodes at equal distances, as slots.
    @inline(__always)
    static func entry(_ slot: UInt32, _ distance: Float) -> UInt64 {
        UInt64(distance.bitPattern) &<< 33 | UInt64(slot) &<< 1
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

    /// What is not nearer than this will not be inserted.
    @inline(__always)
    var bound: Float { count == capacity ? distance(count &- 1) : .infinity }

    /// Moves those nodes to the front of a list that are not too far away to be inserted at present;
    /// returns how many. Without branches, which would be mispredicted often.
    @inline(__always)
    func sift(
        _ slots: UnsafeMutablePointer<UInt32>, _ distances: UnsafeMutablePointer<Float>,
        _ count: Int
    ) -> Int {
        let end = UInt64(bound.bitPattern) &+ 1
        var kept = 0
        for i in 0..<count {
            let (slot, distance) = (slots[i], distances[i])
            (slots[kept], distances[kept]) = (slot, distance)
            kept &-= intrinsics_less(UInt64(distance.bitPattern), end)
        }
        return kept
    }

    func slot(_ place: Int) -> UInt32 { Self.slot(entries[place]) }

    func distance(_ place: Int) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: entries[place] &>> 33))
    }

    @inline(__always)
    private static func slot(_ entry: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: entry &>> 1)
    }

    /// Binary search without branches, which would be mispredicted half of the time.
    @inline(__always)
    private func firstPlace(after entry: UInt64) -> Int {
        guard count > 0 else { return 0 }
        var (first, length) = (entries, count)
        while length > 1 {
            let half = length &>> 1
            first += half & intrinsics_less(first[half &- 1], entry)
            length &-= half
        }
        return (first - entries) &+ (1 & intrinsics_less(first.pointee, entry))
    }
}
