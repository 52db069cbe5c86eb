/// String ids: id to slot and back. Slots are filled in order, one text each, so that an id's number
/// in the table of texts is its slot.
///
/// See `Ids` for how a batch is entered.
final class StringIds: @unchecked Sendable {
    private let table = TextTable()
    /// The first slot of the batch under way.
    private var batchStart: Int?

    var texts: TextView { table.view }

    func bytes(of texts: TextView) -> Int { table.memory(of: texts) }

    /// The latest slot of `id`, among the first `count`.
    func slot(of id: UnsafeRawBufferPointer, count: Int) throws(MartletError) -> UInt32? {
        try table.number(of: id, below: count)
    }

    func reserve(
        _ ids: Strings, count: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        batchStart = count
        try table.reserve(texts: ids.count, bytes: try ids.byteCount(), &retired)
    }

    /// - Throws: `idExists`.
    func enter(_ ids: Strings, _ live: LiveSlots?) throws(MartletError) {
        let entered = table.append(ids) { live?.slots.contains($0) == false }
        guard entered == ids.count else {
            throw .idExists(id: .string(String(shortening: ids[entered])), row: entered)
        }
    }

    func commit() {
        table.commit()
        batchStart = nil
    }

    func withdraw() {
        if let batchStart { table.truncate(to: batchStart) }
        batchStart = nil
    }

    /// Becomes what a file holds.
    func read(_ file: SectionReader, count: Int) throws(MartletError) {
        try table.read(file, .ids, count: count)
    }

    /// Becomes a copy of other ids, those of slots that stay.
    func copy(_ other: StringIds, _ moves: SlotMoves) throws(MartletError) {
        let texts = other.texts
        var nothing = RetiredMemory()
        let bytes = moves.kept.reduce(0) { $0 + texts[$1].count }
        try table.reserve(texts: moves.kept.count, bytes: bytes, &nothing)
        for slot in moves.kept { table.append(texts[slot]) }
        table.commit()
    }
}
