import Glibc

/// A hash table of numbers whose keys lie elsewhere: open addressing, linear probing, 4 bytes a cell.
///
/// Callers bring a key's hash, and say which number has the key. Numbers are entered in rising order.
/// A key may be renewed: it then belongs to a later number, and readers of earlier versions still find
/// the one before.
struct ProbeTable {
    private static let empty = UInt32.max

    private let cells: UnsafeMutablePointer<UInt32>
    private let mask: Int
    /// By renewed number, one more than the number that had its key before: the system's zeros, which
    /// take no memory until they are written.
    private let earlier: UnsafeMutablePointer<UInt32>

    /// An empty table that is at most two thirds full with `count` numbers.
    init(for count: Int) throws(MartletError) {
        var size = 64
        while size * 2 < count * 3 { size *= 2 }
        cells = try Memory.allocate(UInt32.self, size)
        guard let zeros = calloc(size, MemoryLayout<UInt32>.stride) else {
            Glibc.free(cells)
            throw .outOfMemory(bytes: size * MemoryLayout<UInt32>.stride)
        }
        earlier = zeros.bindMemory(to: UInt32.self, capacity: size)
        cells.initialize(repeating: Self.empty, count: size)
        mask = size - 1
    }

    func free() {
        Glibc.free(cells)
        Glibc.free(earlier)
    }

    var bytes: Int { (mask + 1) * MemoryLayout<UInt32>.stride }

    func hasRoom(for count: Int) -> Bool { count * 3 <= (mask + 1) * 2 }

    /// The latest number below `count` with the key, if there is one.
    @inline(__always)
    func find(_ hash: UInt64, below count: Int, _ hasKey: (UInt32) -> Bool) -> UInt32? {
        var number = cells[cell(hash, hasKey)]
        guard number != Self.empty else { return nil }
        while Int(number) >= count {
            let before = earlier[Int(number)]
            guard before != 0 else { return nil }
            number = before - 1
        }
        return number
    }

    /// Enters a number whose key has the hash; returns the one that has that key already, if any, and
    /// enters nothing then, unless that one's key may be renewed.
    @inline(__always)
    func insert(
        _ number: UInt32, _ hash: UInt64, _ hasKey: (UInt32) -> Bool,
        renewing isRenewable: (UInt32) -> Bool = { _ in false }
    ) -> UInt32? {
        let cell = cell(hash, hasKey)
        if cells[cell] != Self.empty {
            guard isRenewable(cells[cell]) else { return cells[cell] }
            earlier[Int(number)] = cells[cell] + 1
        }
        cells[cell] = number
        return nil
    }

    /// Takes out the latest entry. Taking out all of a batch, the latest first, leaves the table as
    /// it was before.
    @inline(__always)
    func removeLatest(_ number: UInt32, _ hash: UInt64) {
        let before = earlier[Int(number)]
        cells[cell(hash) { $0 == number }] = before == 0 ? Self.empty : before - 1
        earlier[Int(number)] = 0
    }

    /// The cell that holds the key's number, or the empty one where it belongs.
    @inline(__always)
    private func cell(_ hash: UInt64, _ hasKey: (UInt32) -> Bool) -> Int {
        var cell = Int(truncatingIfNeeded: hash) & mask
        while cells[cell] != Self.empty && !hasKey(cells[cell]) { cell = (cell + 1) & mask }
        return cell
    }
}
