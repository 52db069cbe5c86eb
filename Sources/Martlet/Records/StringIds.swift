/// String ids: id to slot and back. Slots are filled in order and ids are all different, so that an
/// id's number in the table of texts is its slot.
///
/// See `Ids` for how a batch is entered.
final class StringIds: @unchecked Sendable {
    private let table = TextTable()
    /// The first slot of the batch under way.
    private var batchStart: Int?

    var texts: TextView { table.view }

    func bytes(of texts: TextView) -> Int { table.memory(of: texts) }

    /// The slot of `id`, among the first `count`.
    func slot(of id: UnsafeRawBufferPointer, count: Int) -> UInt32? {
        table.number(of: id, below: count)
    }

    func reserve(
        _ ids: Strings, count: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        batchStart = count
        try table.reserve(texts: ids.count, bytes: ids.byteCount, &retired)
    }

    /// - Throws: `idExists`.
    func enter(_ ids: Strings) throws(MartletError) {
        let entered = table.append(ids)
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
}
