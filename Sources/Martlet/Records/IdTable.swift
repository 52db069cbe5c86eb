import Glibc

/// A hash table of slots that finds ids: open addressing, linear probing. It compares ids through
/// the array of ids by slot, so that an entry costs 4 bytes.
struct IdTable {
    private static let empty = UInt32.max

    private let cells: UnsafeMutablePointer<UInt32>
    private let mask: Int

    /// An empty table that is at most two thirds full with `count` ids.
    init(for count: Int) throws(MartletError) {
        var size = 64
        while size * 2 < count * 3 { size *= 2 }
        cells = try Memory.allocate(UInt32.self, size)
        cells.initialize(repeating: Self.empty, count: size)
        mask = size - 1
    }

    func free() { Glibc.free(cells) }

    var bytes: Int { (mask + 1) * MemoryLayout<UInt32>.stride }

    func hasRoom(for count: Int) -> Bool { count * 3 <= (mask + 1) * 2 }

    func slot(of id: Int64, _ ids: AppendArray<Int64>) -> Int? {
        let slot = cells[cell(of: id, ids)]
        return slot == Self.empty ? nil : Int(slot)
    }

    /// Enters `ids[slot]`; returns false if that id is there.
    func insert(slot: Int, _ ids: AppendArray<Int64>) -> Bool {
        let cell = cell(of: ids[slot], ids)
        guard cells[cell] == Self.empty else { return false }
        cells[cell] = UInt32(slot)
        return true
    }

    /// Takes out the latest entry. Taking out all of a batch, the latest first, leaves the table as
    /// it was before.
    func removeLatest(slot: Int, _ ids: AppendArray<Int64>) {
        cells[cell(of: ids[slot], ids)] = Self.empty
    }

    /// The cell that holds `id`, or the empty one where it belongs.
    private func cell(of id: Int64, _ ids: AppendArray<Int64>) -> Int {
        var cell = Int(truncatingIfNeeded: SplitMix64.mix(UInt64(bitPattern: id))) & mask
        while cells[cell] != Self.empty && ids[Int(cells[cell])] != id { cell = (cell + 1) & mask }
        return cell
    }
}
