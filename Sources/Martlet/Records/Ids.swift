/// The ids of an index: id to slot and back. All are integers or all are strings, as the first batch
/// has them that succeeds.
///
/// A batch goes through `reserve`, `enter`, and `commit` or `withdraw`. Its ids are entered before it
/// is visible: whoever looks an id up must ignore slots at or behind the count of their version.
final class Ids: @unchecked Sendable {
    private let integers = IntegerIds()
    private let strings = StringIds()
    /// The kind of all ids; nil as long as there has been none. The writer's: readers ask their version.
    private(set) var kind: IdKind?
    /// The kind of the batch under way.
    private var batchKind: IdKind?

    /// One more than the largest integer so far, at least 0; nil when that is beyond Int64.
    var nextId: Int64? { integers.nextId }

    /// Slot to id, for readers of the next version; nil if the ids are strings.
    var bySlot: UnsafePointer<Int64>? { kind == .strings ? nil : integers.bySlot }

    /// The same if they are strings: an id's number is its slot.
    var texts: TextView? { kind == .strings ? strings.texts : nil }

    /// Bytes in use by the ids of a version.
    func bytes(of snapshot: Snapshot) -> Int {
        switch snapshot.idKind {
        case .integers: integers.bytes(count: snapshot.slotCount)
        case .strings: strings.bytes(of: snapshot.idTexts!)
        case nil: 0
        }
    }

    /// Calls `body` with each place in `ids` and the slot of the id there, nil if the version does
    /// not have it.
    fileprivate func forEachSlot(
        of ids: IdColumn, in snapshot: Snapshot,
        _ body: (Int, UInt32?) throws(MartletError) -> Void
    ) throws(MartletError) {
        switch ids {
        case .integers(let ids):
            for place in 0..<ids.count { try body(place, try slot(of: ids[place], in: snapshot)) }
        case .strings(let ids):
            for place in 0..<ids.count { try body(place, try slot(of: ids[place], in: snapshot)) }
        }
    }

    /// The slot of an id in a version.
    func slot(of id: Int64, in snapshot: Snapshot) throws(MartletError) -> UInt32? {
        guard snapshot.idKind == .integers else { return nil }
        return snapshot.live(try integers.slot(of: id, count: snapshot.slotCount))
    }

    /// The slot of an id, UTF-8, in a version.
    func slot(
        of id: UnsafeRawBufferPointer, in snapshot: Snapshot
    ) throws(MartletError) -> UInt32? {
        guard snapshot.idKind == .strings else { return nil }
        return snapshot.live(try strings.slot(of: id, count: snapshot.slotCount))
    }

    /// Begins a batch at slot `count`, whose ids are `ids`, or assigned integers. Outgrown memory goes
    /// to `retired`.
    /// - Throws: `idKind`, `outOfMemory`.
    func reserve(
        _ ids: IdColumn?, rows: Int, count: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        try check(ids)
        batchKind = ids?.kind ?? .integers
        switch ids {
        case .strings(let ids): try strings.reserve(ids, count: count, &retired)
        case .integers, nil: try integers.reserve(rows: rows, count: count, &retired)
        }
    }

    /// Enters the ids of the batch, which no slot of `live` may have.
    /// - Throws: `idExists`, `indexFull`.
    func enter(_ ids: IdColumn?, rows: Int, _ live: LiveSlots?) throws(MartletError) {
        switch ids {
        case .strings(let ids): try strings.enter(ids, live)
        case .integers(let ids): try integers.enter(ids, live)
        case nil: try integers.assign(rows)
        }
    }

    /// Ends a batch that succeeded.
    func commit() {
        kind = batchKind
        integers.commit()
        strings.commit()
    }

    /// Ends a batch that failed: takes back all that it did.
    func withdraw() {
        integers.withdraw()
        strings.withdraw()
    }

    /// The integers of the slots from `slot` on, of the batch under way, too.
    func integers(from slot: Int) -> UnsafePointer<Int64>? { integers.bySlot.map { $0 + slot } }

    /// Takes over what outlasts the other's ids: their kind, and what is assigned next.
    func goOn(from other: Ids) {
        kind = other.kind
        integers.goOn(from: other.integers)
    }

    /// Becomes what a file holds.
    func read(_ file: SectionReader, _ parameters: Parameters) throws(MartletError) {
        kind = parameters.idKind
        switch kind {
        case .integers: try integers.read(file, parameters)
        case .strings: try strings.read(file, count: parameters.slots)
        case nil: break
        }
    }

    /// Becomes a copy of other ids, those of slots that stay.
    func copy(_ other: Ids, _ moves: SlotMoves) throws(MartletError) {
        goOn(from: other)
        switch kind {
        case .integers: try integers.copy(other.integers, moves)
        case .strings: try strings.copy(other.strings, moves)
        case nil: break
        }
    }

    /// Writes the ids of slots, if they are integers, or else row numbers from `row` on.
    func copy(_ slots: Range<Int>, row: Int, to out: UnsafeMutablePointer<Int64>) {
        if let bySlot {
            out.update(from: bySlot + slots.lowerBound, count: slots.count)
        } else {
            for place in 0..<slots.count { out[place] = Int64(row + place) }
        }
    }

    private func check(_ ids: IdColumn?) throws(MartletError) {
        guard let kind, kind != ids?.kind ?? .integers else { return }
        guard let ids else {
            throw .idKind("the index holds string ids, which cannot be assigned: ids must be given")
        }
        throw .mismatch(of: ids.kind, held: kind)
    }
}

extension Snapshot {
    /// Calls `body` with each place in `ids` and the slot of the id there, nil if there is none.
    func forEachSlot(
        of ids: IdColumn, _ body: (Int, UInt32?) throws(MartletError) -> Void
    ) throws(MartletError) {
        try contents.ids.forEachSlot(of: ids, in: self, body)
    }

    /// The slots of ids, each of which must be there, once.
    /// - Throws: `idNotFound`, `idExists`, `idKind`, `badText`, `outOfMemory`.
    func slots(of ids: IdColumn) throws(MartletError) -> [UInt32] {
        if let held = idKind, held != ids.kind, ids.count > 0 {
            throw .mismatch(of: ids.kind, held: held)
        }
        let met = try Bitmap(count: slotCount)
        defer { met.free() }
        var slots = try Self.list(min(ids.count, count))
        try forEachSlot(of: ids) { row, slot throws(MartletError) in
            guard let slot else { throw .idNotFound(id: ids[row]) }
            guard !met.contains(slot) else { throw .idExists(id: ids[row], row: row) }
            met.insert(slot)
            slots.append(slot)
        }
        return slots
    }

    /// The slots of those of the ids that are there, in any order, each once.
    func slots(ofKnown ids: IdColumn) throws(MartletError) -> [UInt32] {
        let met = try Bitmap(count: slotCount)
        defer { met.free() }
        var slots = try Self.list(min(ids.count, count))
        try forEachSlot(of: ids) { _, slot in
            guard let slot, !met.contains(slot) else { return }
            met.insert(slot)
            slots.append(slot)
        }
        return slots
    }

    /// An empty list with room for so many.
    private static func list(_ count: Int) throws(MartletError) -> [UInt32] {
        try Memory.expect(UInt32.self, count)
        var list: [UInt32] = []
        list.reserveCapacity(count)
        return list
    }

    fileprivate func live(_ slot: UInt32?) -> UInt32? {
        guard let slot, let live, !live.slots.contains(slot) else { return slot }
        return nil
    }
}

extension MartletError {
    static func mismatch(of given: IdKind, held: IdKind) -> MartletError {
        .idKind("the ids are \(given), but those of the index are \(held)")
    }
}
