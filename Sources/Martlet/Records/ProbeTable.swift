import Glibc

/// A hash table of numbers whose keys lie elsewhere: open addressing, linear probing, 4 bytes a cell.
///
/// Callers bring a key's hash, and say which number has the key.
struct ProbeTable {
    private static let empty = UInt32.max

    private let cells: UnsafeMutablePointer<UInt32>
    private let mask: Int

    /// An empty table that is at most two thirds full with `count` numbers.
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

    /// The number with the key, if there is one.
    @inline(__always)
    func find(_ hash: UInt64, _ hasKey: (UInt32) -> Bool) -> UInt32? {
        let number = cells[cell(hash, hasKey)]
        return number == Self.empty ? nil : number
    }

    /// Enters a number whose key has the hash; returns the one that has that key already, if any, and
    /// enters nothing then.
    @inline(__always)
    func insert(_ number: UInt32, _ hash: UInt64, _ hasKey: (UInt32) -> Bool) -> UInt32? {
        let cell = cell(hash, hasKey)
        guard cells[cell] == Self.empty else { return cells[cell] }
        cells[cell] = number
        return nil
    }

    /// Takes out the latest entry. Taking out all of a batch, the latest first, leaves the table as
    /// it was before.
    @inline(__always)
    func removeLatest(_ hash: UInt64, _ hasKey: (UInt32) -> Bool) {
        cells[cell(hash, hasKey)] = Self.empty
    }

    /// The cell that holds the key's number, or the empty one where it belongs.
    @inline(__always)
    private func cell(_ hash: UInt64, _ hasKey: (UInt32) -> Bool) -> Int {
        var cell = Int(truncatingIfNeeded: hash) & mask
        while cells[cell] != Self.empty && !hasKey(cells[cell]) { cell = (cell + 1) & mask }
        return cell
    }
}
