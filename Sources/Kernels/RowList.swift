// The rows that a kernel scores in one call, and how they are asked for ahead of their use.
// Invariant: no address is made but that of a listed row.
//
// Safety: slots, rows and sizes come from the engine, as kernels.h states.

import CIntrinsics

/// The listed rows, in the list's order. Never empty.
struct RowList {
    let base: UnsafeRawPointer
    let bytes: Int
    let slots: UnsafePointer<UInt32>
    let count: Int

    @inline(__always)
    init?(
        _ base: UnsafeRawPointer?, _ stride: UInt64, _ slots: UnsafePointer<UInt32>?,
        _ count: UInt64
    ) {
        guard count > 0, let base, let slots else { return nil }
        self.base = base
        self.bytes = Int(truncatingIfNeeded: stride)
        self.slots = slots
        self.count = Int(truncatingIfNeeded: count)
    }

    @inline(__always)
    subscript(_ i: Int) -> UnsafeRawPointer { base + Int(slots[i]) &* bytes }

    /// Scores all rows: four at a time, so that they share each load of the query and the adding up
    /// at the end, and the last one, two or three alone.
    ///
    /// `group` is also handed the rows two groups ahead, if there are any, to ask for each of their
    /// cache lines when it comes to that place in its own rows. That was measured to be faster than
    /// asking for whole rows at once, and than one group ahead.
    @inline(__always)
    func score(
        to out: UnsafeMutablePointer<Float>,
        group: (RowGroup, _ ahead: RowGroup?) -> SIMD4<Float>,
        lone: (UnsafeRawPointer) -> Float
    ) {
        prefetch(first: 8)
        var i = 0
        while i &+ 8 < count {
            store(group(self.group(from: i), groupAhead(from: i &+ 8)), to: out + i)
            i &+= 4
        }
        while i &+ 4 <= count {
            store(group(self.group(from: i), nil), to: out + i)
            i &+= 4
        }
        while i < count {
            out[i] = lone(self[i])
            i &+= 1
        }
    }

    @inline(__always)
    private func store(_ scores: SIMD4<Float>, to out: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(out).storeBytes(of: scores, as: SIMD4<Float>.self)
    }

    @inline(__always)
    private func group(from i: Int) -> RowGroup {
        RowGroup(a: self[i], b: self[i &+ 1], c: self[i &+ 2], d: self[i &+ 3])
    }

    /// Behind the list's end, the last row stands in.
    @inline(__always)
    private func groupAhead(from i: Int) -> RowGroup {
        let last = count &- 1
        return RowGroup(
            a: self[i], b: self[min(i &+ 1, last)], c: self[min(i &+ 2, last)],
            d: self[min(i &+ 3, last)])
    }

    /// Asks for up to `number` rows at the list's beginning, at most 512 bytes of each.
    @inline(__always)
    private func prefetch(first number: Int) {
        let end = min(bytes, 512)
        var i = 0
        while i < min(number, count) {
            let row = self[i]
            var offset = 0
            while offset < end {
                intrinsics_prefetch(row + offset)
                offset &+= 64
            }
            i &+= 1
        }
    }
}

/// Four rows that are scored together.
struct RowGroup {
    let a, b, c, d: UnsafeRawPointer

    @inline(__always)
    func prefetch(_ offset: Int) {
        intrinsics_prefetch(a + offset)
        intrinsics_prefetch(b + offset)
        intrinsics_prefetch(c + offset)
        intrinsics_prefetch(d + offset)
    }
}
