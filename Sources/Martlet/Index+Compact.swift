/// Copies what contents still need: slots are given anew, in the order in which they were.
extension Contents {
    /// Contents of the same rows, in the same order, without the slots and texts that nobody needs.
    /// - Throws: `outOfMemory`, `cancelled`.
    func compacted(_ control: Control?) throws(MartletError) -> Contents {
        let moves = try SlotMoves(snapshot)
        let next = Contents(configuration)
        // What has been made goes with the new contents, if it is not all that is needed.
        next.vectors = try vectors.compacted(moves, control)
        next.tombstones = tombstones.map { moves.target(of: $0) }
        if !tombstones.isEmpty {
            next.live = try LiveSlots(
                nil, slotCount: next.slotCount, removing: next.tombstones)
        }
        try next.graphStore.copy(graphStore, moves, next.vectors.quantizer)
        try next.ids.copy(ids, moves)
        try next.metadata.copy(metadata, moves)
        if control?.isCancelled == true { throw .cancelled }
        return next
    }
}

/// Where slots go when contents are compacted.
final class SlotMoves {
    /// The slots that stay, in order: those that the graph has.
    let kept: [UInt32]
    /// By slot: its new one.
    private var targets: [UInt32]

    init(_ snapshot: Snapshot) throws(MartletError) {
        let nodes = try Bitmap(count: snapshot.slotCount)
        defer { nodes.free() }
        for slot in 0..<UInt32(snapshot.slotCount) where snapshot.isLive(slot) {
            nodes.insert(slot)
        }
        for slot in snapshot.tombstones { nodes.insert(slot) }
        kept = try nodes.list()
        try Memory.expect(UInt32.self, snapshot.slotCount)
        targets = [UInt32](repeating: LinkTable.none, count: snapshot.slotCount)
        for (target, slot) in kept.enumerated() { targets[Int(slot)] = UInt32(target) }
    }

    func target(of slot: UInt32) -> UInt32 { targets[Int(slot)] }
}
