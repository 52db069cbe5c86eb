import Glibc

/// The bijection between ids and slots.
///
/// `ids[slot]` is the way forth. The way back is a hash table of slots (open addressing, linear
/// probing), which compares ids through `ids`, so that an entry costs 4 bytes. Ids of a batch under
/// way are entered before it is visible: whoever looks an id up must ignore slots at or behind the
/// count of their version.
final class IdMap: @unchecked Sendable {
    private static let empty = UInt32.max
    /// Lookups wait no longer than this many entries.
    private static let rowsPerLock = 4096

    /// Guards `ids`, `table` and `mask`; only the one writer changes them.
    private let mutex = Mutex()
    /// Slot to id. Written behind the published count only.
    private var ids = AppendArray<Int64>()
    var bySlot: UnsafePointer<Int64>? { ids.base.map { UnsafePointer($0) } }
    /// One more than the largest id so far, at least 0; nil when that is beyond Int64.
    private(set) var nextId: Int64? = 0

    private var table: UnsafeMutablePointer<UInt32>?
    private var mask = 0
    /// What the batch under way replaced them by a larger table from; for the writer alone.
    private var before: (table: UnsafeMutablePointer<UInt32>?, mask: Int)?

    deinit {
        ids.free()
        free(table)
    }

    /// Bytes in use for `count` ids.
    func bytes(count: Int) -> Int {
        mutex.withLock { count * 8 + (table == nil ? 0 : (mask + 1) * 4) }
    }

    /// The slot of `id`, among the first `count`.
    func slot(of id: Int64, count: Int) -> Int? {
        mutex.withLock {
            guard let table else { return nil }
            let slot = table[cell(of: id, in: table)]
            return Int(slot) < count ? Int(slot) : nil
        }
    }

    /// Makes room for slots up to `count + rows`. Returns an outgrown table of ids.
    func reserve(rows: Int, count: Int) throws(MartletError) -> UnsafeMutableRawPointer? {
        if table == nil || (count + rows) * 3 > (mask + 1) * 2 {
            try rehash(for: count + rows, count: count)
        }
        var roomier = ids
        let outgrown = try roomier.reserve(count + rows, keeping: count)
        mutex.withLock { ids = roomier }
        return outgrown
    }

    /// Enters the ids of a batch at slots `count...`, given or assigned; room must be reserved.
    /// - Throws: `idExists`, `indexFull`; no id was entered then.
    func enter(_ column: IdColumn?, rows: Int, count: Int) throws(MartletError) {
        guard let column else { return try assign(rows: rows, count: count) }
        var largest = Int64.min
        var row = 0
        while row < rows {
            let end = min(row + Self.rowsPerLock, rows)
            let clash = mutex.withLock {
                while row < end, insert(column[row], slot: count + row) {
                    largest = max(largest, ids[count + row])
                    row += 1
                }
                return row < end ? column[row] : nil
            }
            if let clash {
                withdraw(rows: row, count: count, nextId: nextId)
                throw .idExists(id: clash, row: row)
            }
        }
        if let next = nextId, rows > 0, largest >= next {
            nextId = largest == .max ? nil : largest + 1
        }
    }

    /// Ends a batch that succeeded.
    func commit() {
        if let before { free(before.table) }
        before = nil
    }

    /// Ends a batch that failed, taking back what it entered. Without deletions in between, emptying
    /// the cells in reverse order leaves the table as it was.
    /// - Parameters:
    ///   - rows: How many rows were entered.
    ///   - nextId: What it was before the batch.
    func withdraw(rows: Int, count: Int, nextId: Int64?) {
        self.nextId = nextId
        mutex.withLock {
            if let before {
                free(table)
                (table, mask) = before
            } else {
                for slot in stride(from: count + rows - 1, through: count, by: -1) {
                    table![cell(of: ids[slot], in: table!)] = Self.empty
                }
            }
        }
        before = nil
    }

    private func assign(rows: Int, count: Int) throws(MartletError) {
        guard rows > 0 else { return }
        guard let first = nextId, first <= .max - Int64(rows) + 1 else {
            throw .indexFull(
                "\(rows) ids cannot be assigned, since the largest id in use is too close to 2^63; "
                    + "give ids")
        }
        mutex.withLock {
            for row in 0..<rows { _ = insert(first + Int64(row), slot: count + row) }
        }
        let last = first + Int64(rows - 1)
        nextId = last == .max ? nil : last + 1
    }

    private func insert(_ id: Int64, slot: Int) -> Bool {
        let cell = cell(of: id, in: table!)
        guard table![cell] == Self.empty else { return false }
        ids[slot] = id
        table![cell] = UInt32(slot)
        return true
    }

    /// The cell that holds `id`, or the empty one where it belongs.
    private func cell(of id: Int64, in table: UnsafeMutablePointer<UInt32>) -> Int {
        var cell = Int(truncatingIfNeeded: SplitMix64.mix(UInt64(bitPattern: id))) & mask
        while table[cell] != Self.empty && ids[Int(table[cell])] != id { cell = (cell + 1) & mask }
        return cell
    }

    /// Replaces the table by one that is at most two thirds full with `needed` ids.
    private func rehash(for needed: Int, count: Int) throws(MartletError) {
        var size = 64
        while size * 2 < needed * 3 { size *= 2 }
        let larger = try Memory.allocate(UInt32.self, size)
        larger.initialize(repeating: Self.empty, count: size)
        mutex.withLock {
            before = (table, mask)
            (table, mask) = (larger, size - 1)
            for slot in 0..<count { larger[cell(of: ids[slot], in: larger)] = UInt32(slot) }
        }
    }
}
