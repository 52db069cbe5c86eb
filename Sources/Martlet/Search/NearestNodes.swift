import CIntrinsics
import Glibc

/// The nearest of many nodes, in order, as entries of a beam: all at once, since a beam takes much longer
/// for one after the other.
struct NearestNodes {
    /// Sorted.
    private(set) var entries: UnsafeMutablePointer<UInt64>
    private(set) var count = 0
    /// Room for as many entries more.
    private var spare: UnsafeMutablePointer<UInt64>
    /// Per bucket, where its next entry goes.
    private let places: UnsafeMutablePointer<UInt32>
    private let memory: UnsafeMutablePointer<UInt64>

    private static let bucketBits = 8
    private static let bucketCount = 1 << bucketBits

    /// - Parameter capacity: The longest list.
    init(capacity: Int) throws(MartletError) {
        memory = try Memory.allocate(UInt64.self, 2 * capacity + Self.bucketCount / 2)
        (entries, spare) = (memory, memory + capacity)
        places = UnsafeMutableRawPointer(memory + 2 * capacity).bindMemory(
            to: UInt32.self, capacity: Self.bucketCount)
    }

    func free() { Glibc.free(memory) }

    /// Finds the `wanted` nearest nodes of a list, and perhaps some more.
    /// - Parameter excluded: A node of the list that does not count.
    mutating func find(
        _ wanted: Int, of slots: UnsafePointer<UInt32>, _ distances: UnsafePointer<Float>,
        count all: Int, but excluded: UInt32 = LinkTable.none
    ) {
        // Distances are not negative, so that their bits order as they do.
        let end = UInt64(Self.bound(distances, all, holding: wanted + 1).bitPattern) &+ 1
        let (entries, excluded) = (entries, UInt64(excluded))
        var count = 0
        for i in 0..<all {
            entries[count] = Beam.entry(slots[i], distances[i])
            let isOther = ~(intrinsics_less(UInt64(slots[i]) ^ excluded, 1))
            count &-= intrinsics_less(UInt64(distances[i].bitPattern), end) & isOther
        }
        self.count = count
        sort()
    }

    /// A distance within which `wanted` nodes lie, or up to an eighth more if halving finds one.
    private static func bound(
        _ distances: UnsafePointer<Float>, _ count: Int, holding wanted: Int
    ) -> Float {
        guard count > wanted else { return .infinity }
        var (low, high, within) = (Float(0), Float.infinity, count)
        var middle = distances[0]
        while within > wanted + wanted / 8 && low < middle && middle < high {
            let found = Self.count(distances, count, within: middle)
            if found < wanted { low = middle } else { (high, within) = (middle, found) }
            middle = high < .infinity ? low + (high - low) / 2 : 2 * middle
        }
        return high
    }

    private static func count(
        _ distances: UnsafePointer<Float>, _ count: Int, within bound: Float
    ) -> Int {
        var counts = SIMD8<Int32>.zero
        let bounds = SIMD8<Float>(repeating: bound)
        let end = count & ~7
        for i in stride(from: 0, to: end, by: 8) {
            let eight = UnsafeRawPointer(distances + i).load(as: SIMD8<Float>.self)
            counts = counts &+ SIMD8<Int32>.one.replacing(with: 0, where: eight .> bounds)
        }
        return (end..<count).reduce(Int(counts.wrappedSum())) {
            $0 + (distances[$1] <= bound ? 1 : 0)
        }
    }

    /// Sorts the entries: into buckets, if they are many, and then those that are near each other, unless
    /// too many of them are in one bucket.
    private mutating func sort() {
        if count > Self.bucketCount / 4 { distribute() }
        let entries = entries
        var moves = 0
        for i in stride(from: 1, to: count, by: 1) {
            let entry = entries[i]
            var place = i
            while place > 0 && entries[place &- 1] > entry {
                entries[place] = entries[place &- 1]
                place &-= 1
            }
            entries[place] = entry
            moves &+= i &- place
            if moves > 32 &* count {
                var all = UnsafeMutableBufferPointer(start: entries, count: count)
                return all.sort()
            }
        }
    }

    /// Orders the entries by their highest bits that differ.
    private mutating func distribute() {
        let (entries, spare, places) = (entries, spare, places)
        var (least, most) = (UInt64.max, UInt64.zero)
        for i in 0..<count {
            least = min(least, entries[i])
            most = max(most, entries[i])
        }
        let bits = UInt64.bitWidth - (most - least).leadingZeroBitCount
        let shift = UInt64(max(bits - Self.bucketBits, 0))
        places.update(repeating: 0, count: Self.bucketCount)
        for i in 0..<count { places[Int((entries[i] &- least) &>> shift)] &+= 1 }
        var end: UInt32 = 0
        for bucket in 0..<Self.bucketCount {
            let size = places[bucket]
            places[bucket] = end
            end &+= size
        }
        for i in 0..<count {
            let bucket = Int((entries[i] &- least) &>> shift)
            spare[Int(places[bucket])] = entries[i]
            places[bucket] &+= 1
        }
        (self.entries, self.spare) = (spare, entries)
    }
}
