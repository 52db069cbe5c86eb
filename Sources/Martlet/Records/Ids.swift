/// The ids of an index: id to slot and back. All are integers or all are strings, as the first batch
/// has them that succeeds.
///
/// A batch goes through `reserve`, `enter`, and `commit` or `withdraw`. Its ids are entered before it
/// is visible: whoever looks an id up must ignore slots at or behind the count of their version.
final class Ids: @unchecked Sendable {
    private let integers = IntegerIds()
    private let strings = StringIds()
    /// The kind of all ids; nil as long as there is none. The writer's: readers ask their version.
    private var kind: IdKind?
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
        case .integers: integers.bytes(count: snapshot.count)
        case .strings: strings.bytes(of: snapshot.idTexts!)
        case nil: 0
        }
    }

    /// Calls `body` with each place in `ids` and the slot of the id there, nil if the version does
    /// not have it.
    func forEachSlot(
        of ids: IdColumn, in snapshot: Snapshot,
        _ body: (Int, UInt32?) throws(MartletError) -> Void
    ) throws(MartletError) {
        switch ids {
        case .integers(let ids):
            for place in 0..<ids.count { try body(place, slot(of: ids[place], in: snapshot)) }
        case .strings(let ids):
            for place in 0..<ids.count { try body(place, slot(of: ids[place], in: snapshot)) }
        }
    }

    /// The slot of an id in a version.
    func slot(of id: Int64, in snapshot: Snapshot) -> UInt32? {
        snapshot.idKind == .integers ? integers.slot(of: id, count: snapshot.count) : nil
    }

    /// The slot of an id, UTF-8, in a version.
    func slot(of id: UnsafeRawBufferPointer, in snapshot: Snapshot) -> UInt32? {
        snapshot.idKind == .strings ? strings.slot(of: id, count: snapshot.count) : nil
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

    /// Enters the ids of the batch.
    /// - Throws: `idExists`, `indexFull`.
    func enter(_ ids: IdColumn?, rows: Int) throws(MartletError) {
        switch ids {
        case .strings(let ids): try strings.enter(ids)
        case .integers(let ids): try integers.enter(ids)
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

    /// Writes the ids of slots, if they are integers, or else the slots' row numbers.
    func copy(_ slots: Range<Int>, to out: UnsafeMutablePointer<Int64>) {
        if let bySlot {
            out.update(from: bySlot + slots.lowerBound, count: slots.count)
        } else {
            for (place, slot) in slots.enumerated() { out[place] = Int64(slot) }
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

extension MartletError {
    static func mismatch(of given: IdKind, held: IdKind) -> MartletError {
        .idKind("the ids are \(given), but those of the index are \(held)")
    }
}
