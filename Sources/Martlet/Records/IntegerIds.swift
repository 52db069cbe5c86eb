/// Integer ids: `ids[slot]` one way, a hash table the other.
///
/// See `Ids` for how a batch is entered.
final class IntegerIds: @unchecked Sendable {
    /// Guards `ids` and `table`, which only the one writer changes.
    private let mutex = Mutex()
    private var ids = AppendArray<Int64>()
    private var table: ProbeTable?
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
        var replaced: ProbeTable??
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
    func slot(of id: Int64, count: Int) -> UInt32? {
        mutex.withLock {
            guard let slot = table?.find(hash(id), { ids[Int($0)] == id }), slot < count
            else { return nil }
            return slot
        }
    }

    func reserve(
        rows: Int, count: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        undo = Undo(first: count, nextId: nextId)
        if table?.hasRoom(for: count + rows) != true {
            let larger = try ProbeTable(for: count + rows)
            for slot in 0..<count {
                _ = larger.insert(UInt32(slot), hash(ids[slot])) { _ in false }
            }
            undo?.replaced = .some(table)
            mutex.withLock { table = larger }
        }
        var roomier = ids
        retired.add(try roomier.reserve(count + rows, keeping: count))
        mutex.withLock { ids = roomier }
    }

    /// - Throws: `idExists`.
    func enter(_ given: Integers) throws(MartletError) {
        try enter(given.count) { given[$0] }
    }

    /// - Throws: `indexFull`.
    func assign(_ rows: Int) throws(MartletError) {
        let first = try firstAssigned(rows)
        try enter(rows) { first + Int64($0) }
    }

    func commit() {
        undo?.replaced??.free()
        undo = nil
    }

    func withdraw() {
        guard let undo else { return }
        nextId = undo.nextId
        if let replaced = undo.replaced {
            let larger = table
            mutex.withLock { table = replaced }
            larger?.free()
        } else {
            mutex.withLockInSlices(undo.entered) { row in
                let slot = undo.first + undo.entered - 1 - row
                table?.removeLatest(hash(ids[slot])) { $0 == UInt32(slot) }
                return true
            }
        }
        self.undo = nil
    }

    private func enter(_ rows: Int, _ id: (Int) -> Int64) throws(MartletError) {
        guard rows > 0 else { return }
        var largest = Int64.min
        let first = undo!.first
        let entered = mutex.withLockInSlices(rows) { row in
            let id = id(row)
            ids[first + row] = id
            largest = max(largest, id)
            return table!.insert(UInt32(first + row), hash(id)) { ids[Int($0)] == id } == nil
        }
        undo?.entered = entered
        guard entered == rows else {
            throw .idExists(id: .integer(ids[first + entered]), row: entered)
        }
        if let next = nextId, largest >= next { nextId = largest == .max ? nil : largest + 1 }
    }

    private func hash(_ id: Int64) -> UInt64 { SplitMix64.mix(UInt64(bitPattern: id)) }

    private func firstAssigned(_ rows: Int) throws(MartletError) -> Int64 {
        guard let first = nextId, first <= .max - Int64(rows) + 1 else {
            throw .indexFull(
                "\(rows) ids cannot be assigned, since the largest id in use is too close to 2^63; "
                    + "give ids")
        }
        return first
    }
}
