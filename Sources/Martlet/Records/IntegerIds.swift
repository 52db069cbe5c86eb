/// Integer ids: `ids[slot]` one way, a hash table the other.
///
/// See `Ids` for how a batch is entered.
final class IntegerIds: @unchecked Sendable {
    /// Guards `ids` and `table`, which only the one writer changes.
    private let mutex = Mutex()
    private var ids = AppendArray<Int64>()
    /// nil if there is no id, or until it is needed, if they come from a file.
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

    /// The latest slot of `id`, among the first `count`.
    func slot(of id: Int64, count: Int) throws(MartletError) -> UInt32? {
        try mutex.withLock { () throws(MartletError) in
            try makeMissingTable(count)
            return table?.find(hash(id), below: count) { ids[Int($0)] == id }
        }
    }

    func reserve(
        rows: Int, count: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        undo = Undo(first: count, nextId: nextId)
        try mutex.withLock { () throws(MartletError) in try makeMissingTable(count) }
        if table?.hasRoom(for: count + rows) != true {
            let larger = try makeTable(for: count + rows, count)
            undo?.replaced = .some(table)
            mutex.withLock { table = larger }
        }
        var roomier = ids
        retired.add(try roomier.reserve(count + rows, keeping: count))
        mutex.withLock { ids = roomier }
    }

    /// - Throws: `idExists`.
    func enter(_ given: Integers, _ live: LiveSlots?) throws(MartletError) {
        try enter(given.count, live) { given[$0] }
    }

    /// - Throws: `indexFull`.
    func assign(_ rows: Int) throws(MartletError) {
        let first = try firstAssigned(rows)
        try enter(rows, nil) { first + Int64($0) }
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
                table?.removeLatest(UInt32(slot), hash(ids[slot]))
                return true
            }
        }
        self.undo = nil
    }

    /// Removed slots leave their ids to new ones.
    private func enter(
        _ rows: Int, _ live: LiveSlots?, _ id: (Int) -> Int64
    ) throws(MartletError) {
        guard rows > 0 else { return }
        var largest = Int64.min
        let first = undo!.first
        let entered = mutex.withLockInSlices(rows) { row in
            let id = id(row)
            ids[first + row] = id
            largest = max(largest, id)
            return table!.insert(UInt32(first + row), hash(id)) {
                ids[Int($0)] == id
            } renewing: {
                live?.slots.contains($0) == false
            } == nil
        }
        undo?.entered = entered
        guard entered == rows else {
            throw .idExists(id: .integer(ids[first + entered]), row: entered)
        }
        if let next = nextId, largest >= next { nextId = largest == .max ? nil : largest + 1 }
    }

    func goOn(from other: IntegerIds) { nextId = other.nextId }

    /// Becomes a copy of other ids, those of slots that stay.
    func copy(_ other: IntegerIds, _ moves: SlotMoves) throws(MartletError) {
        ids = try AppendArray(room: moves.kept.count)
        for (target, slot) in moves.kept.enumerated() { ids[target] = other.ids[Int(slot)] }
        table = try makeTable(for: moves.kept.count, moves.kept.count)
    }

    /// Becomes what a file holds.
    func read(_ file: SectionReader, _ parameters: Parameters) throws(MartletError) {
        nextId = parameters.nextId
        ids = try file.table(.integerIds, Int64.self, count: parameters.slots)
        let all = UnsafeBufferPointer(start: ids.base, count: parameters.slots)
        try file.check(
            nextId.map { next in all.allSatisfy { $0 < next } } ?? true, .integerIds,
            "all ids must be below the next one")
    }

    /// Under the lock. Readers and the writer may be the first to need it.
    private func makeMissingTable(_ count: Int) throws(MartletError) {
        if table == nil && count > 0 { table = try makeTable(for: count, count) }
    }

    /// A table with room for `needed` ids that finds those of the first `count` slots.
    private func makeTable(for needed: Int, _ count: Int) throws(MartletError) -> ProbeTable {
        let table = try ProbeTable(for: needed)
        for slot in 0..<count {
            let id = ids[slot]
            _ = table.insert(UInt32(slot), hash(id)) {
                ids[Int($0)] == id
            } renewing: { _ in
                true
            }
        }
        return table
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
