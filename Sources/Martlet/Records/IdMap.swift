/// The bijection between ids and slots: `ids[slot]` one way, a hash table the other.
///
/// A batch goes through `reserve`, `enter`, and `commit` or `withdraw`. Its ids are entered before it
/// is visible: whoever looks an id up must ignore slots at or behind the count of their version.
final class IdMap: @unchecked Sendable {
    /// Lookups wait no longer than this many entries.
    private static let rowsPerLock = 4096

    /// Guards `ids` and `table`, which only the one writer changes.
    private let mutex = Mutex()
    private var ids = AppendArray<Int64>()
    private var table: IdTable?
    /// One more than the largest id so far, at least 0; nil when that is beyond Int64.
    private(set) var nextId: Int64? = 0
    /// What takes the batch under way back.
    private var undo: Undo?

    private struct Undo {
        /// The first slot of the batch, and how many rows were entered.
        let first: Int
        var entered = 0
        let nextId: Int64?
        /// The table that a larger one has replaced; nil if none has.
        var replaced: IdTable??
    }

    deinit {
        ids.free()
        table?.free()
    }

    /// Slot to id.
    var bySlot: UnsafePointer<Int64>? { ids.base.map { UnsafePointer($0) } }

    /// Bytes in use for `count` ids.
    func bytes(count: Int) -> Int {
        mutex.withLock { count * MemoryLayout<Int64>.stride + (table?.bytes ?? 0) }
    }

    /// The slot of `id`, among the first `count`.
    func slot(of id: Int64, count: Int) -> Int? {
        mutex.withLock {
            guard let slot = table?.slot(of: id, ids), slot < count else { return nil }
            return slot
        }
    }

    /// Begins a batch at slot `count`; returns an outgrown array of ids.
    func reserve(rows: Int, count: Int) throws(MartletError) -> UnsafeMutableRawPointer? {
        undo = Undo(first: count, nextId: nextId)
        if table?.hasRoom(for: count + rows) != true {
            let larger = try IdTable(for: count + rows)
            for slot in 0..<count { _ = larger.insert(slot: slot, ids) }
            undo?.replaced = .some(table)
            mutex.withLock { table = larger }
        }
        var roomier = ids
        let outgrown = try roomier.reserve(count + rows, keeping: count)
        mutex.withLock { ids = roomier }
        return outgrown
    }

    /// Enters the ids of the batch, given or assigned.
    /// - Throws: `idExists`, `indexFull`.
    func enter(_ column: IdColumn?, rows: Int) throws(MartletError) {
        guard rows > 0 else { return }
        let largest: Int64
        if let column {
            largest = try enter(rows) { column[$0] }
        } else {
            let first = try firstAssigned(rows)
            largest = try enter(rows) { first + Int64($0) }
        }
        if let next = nextId, largest >= next { nextId = largest == .max ? nil : largest + 1 }
    }

    /// Ends a batch that succeeded.
    func commit() {
        undo?.replaced??.free()
        undo = nil
    }

    /// Ends a batch that failed: takes back all that it did.
    func withdraw() {
        guard let undo else { return }
        nextId = undo.nextId
        if let replaced = undo.replaced {
            let larger = table
            mutex.withLock { table = replaced }
            larger?.free()
        } else {
            inSlices(undo.entered) { row in
                table?.removeLatest(slot: undo.first + undo.entered - 1 - row, ids)
                return true
            }
        }
        self.undo = nil
    }

    /// Enters the ids of all rows; returns the largest.
    private func enter(_ rows: Int, _ id: (Int) -> Int64) throws(MartletError) -> Int64 {
        var largest = Int64.min
        let first = undo!.first
        let entered = inSlices(rows) { row in
            ids[first + row] = id(row)
            largest = max(largest, ids[first + row])
            return table!.insert(slot: first + row, ids)
        }
        undo?.entered = entered
        guard entered == rows else { throw .idExists(id: ids[first + entered], row: entered) }
        return largest
    }

    /// Calls `body` for each row, under the lock but for pauses, until it returns false; returns the
    /// number of rows for which it returned true.
    @discardableResult
    private func inSlices(_ rows: Int, _ body: (Int) -> Bool) -> Int {
        var row = 0
        while row < rows {
            let end = min(row + Self.rowsPerLock, rows)
            let isDone = mutex.withLock {
                while row < end {
                    guard body(row) else { return true }
                    row += 1
                }
                return false
            }
            if isDone { return row }
        }
        return rows
    }

    private func firstAssigned(_ rows: Int) throws(MartletError) -> Int64 {
        guard let first = nextId, first <= .max - Int64(rows) + 1 else {
            throw .indexFull(
                "\(rows) ids cannot be assigned, since the largest id in use is too close to 2^63; "
                    + "give ids")
        }
        return first
    }
}
