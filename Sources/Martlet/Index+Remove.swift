extension Index {
    /// Removes vectors, all or none, with their ids and metadata. Their ids can be added again.
    ///
    /// No later search finds them. The graph leads through them until there are enough of them to be
    /// worth taking out together; see `Removal`.
    ///
    /// - Parameter ids: Of vectors in the index, each once.
    /// - Throws: `invalidArgument`, `badText`, `idExists` (an id stands twice in the batch),
    ///   `idNotFound`, `idKind`, `outOfMemory`, `cancelled`; nothing has changed then.
    /// - Complexity: O(*n* / 64) words to copy; and, amortized, O(`M`^2) distances per removed vector.
    public func remove(_ ids: IdColumn, _ control: Control? = nil) throws(MartletError) {
        try ids.check()
        control?.begin(total: ids.count)
        try lock(control)
        defer { writer.unlock() }
        guard try contents.remove(ids, control) else { return }
        publish()
        compactIfSparse()
        control?.advance(by: ids.count)
    }

    /// Removes all vectors, ids and metadata. The kind of the ids stays, and assigned ids go on counting
    /// up.
    /// - Throws: `invalidArgument` if this is a view.
    public func clear() throws(MartletError) {
        try lock(nil)
        defer { writer.unlock() }
        let empty = Contents(contents.configuration)
        empty.ids.goOn(from: contents.ids)
        try contents.journal?.append(.clear)
        replaceContents(by: empty)
    }

    /// Gives back the memory of what was removed or replaced. Row numbers and results stay the same.
    /// - Throws: `outOfMemory`, `cancelled`, `invalidArgument`; nothing has changed then.
    /// - Complexity: Copies the index: there must be memory for a second one while it runs.
    public func compact(_ control: Control? = nil) throws(MartletError) {
        try lock(control)
        defer { writer.unlock() }
        try contents.unlinkTombstones(control)
        let compacted = try contents.compacted(control)
        try contents.journal?.append(.compact)
        replaceContents(by: compacted)
    }

    /// Compacts if more than a tenth of the slots are empty: removals then cost ten copied slots each,
    /// and memory is never more than a ninth above what the vectors take. Without memory for it, it is
    /// left for later.
    func compactIfSparse() {
        let empty = contents.slotCount - contents.snapshot.nodeCount
        guard empty * 10 > contents.slotCount, let compacted = try? contents.compacted(nil)
        else { return }
        replaceContents(by: compacted)
    }

    /// Makes `next` the newest version. The old contents go when their last reader has gone.
    private func replaceContents(by next: Contents) {
        let retired = contents.retired
        contents.retired = RetiredMemory()
        next.journal = contents.journal
        contents = next
        versions.publish(next.snapshot, replaced: retired)
    }
}

/// What a change takes out.
///
/// A removed slot holds no row any more, but the graph still leads through it: it is a tombstone. When
/// more than one in 64 nodes is one, the graph is repaired and leads around all of them; see
/// `Repair.swift`. Taking them out one by one would mean to look through all links each time.
struct Removal {
    /// Which slots hold rows after the change; nil if all do.
    let live: LiveSlots?
    let tombstones: [UInt32]
    /// Tombstones that the graph is to lose.
    let unlinked: [UInt32]
    /// Whether `live` is new.
    private let isNew: Bool

    /// Of the vectors with these ids, if they are there, in a change that also appends slots.
    init(
        _ ids: IdColumn?, from contents: Contents, appending rows: Int
    ) throws(MartletError) {
        let removed = try ids.map { ids throws(MartletError) in
            try contents.snapshot.slots(ofKnown: ids)
        }
        try self.init(removed ?? [], from: contents, appending: rows)
    }

    init(
        _ removed: [UInt32], from contents: Contents, appending rows: Int,
        unlinkingAll: Bool = false
    ) throws(MartletError) {
        let slots = contents.slotCount + rows
        try Memory.expect(UInt32.self, 2 * (contents.tombstones.count + removed.count))
        let left = contents.tombstones + removed
        let nodes = contents.snapshot.nodeCount + rows
        let isDue = unlinkingAll || left.count * Self.nodesPerTombstone > nodes
        (unlinked, tombstones) = isDue ? (left.sorted(), []) : ([], left)
        isNew = !removed.isEmpty || (contents.live != nil && rows > 0)
        live =
            isNew
            ? try LiveSlots(contents.live, slotCount: slots, removing: removed) : contents.live
    }

    private static let nodesPerTombstone = 64

    func freeingIfThrows(_ body: () throws(MartletError) -> Void) throws(MartletError) {
        do throws(MartletError) {
            try body()
        } catch {
            if isNew { live?.free() }
            throw error
        }
    }
}

extension Contents {
    /// Returns false if there is nothing to remove. If it throws, nothing has changed.
    fileprivate func remove(
        _ ids: IdColumn, _ control: Control?
    ) throws(MartletError) -> Bool {
        let removed = try snapshot.slots(of: ids)
        guard !removed.isEmpty else { return false }
        try change(try Removal(removed, from: self, appending: 0), control) {
            () throws(MartletError) in
            try journal?.append(.remove) { record throws(MartletError) in try record.append(ids) }
        }
        return true
    }

    fileprivate func unlinkTombstones(_ control: Control?) throws(MartletError) {
        guard !tombstones.isEmpty else { return }
        try change(try Removal([], from: self, appending: 0, unlinkingAll: true), control) {}
    }

    /// - Parameter confirm: Called when nothing else can go wrong.
    private func change(
        _ removal: Removal, _ control: Control?, confirm: () throws(MartletError) -> Void
    ) throws(MartletError) {
        try removal.freeingIfThrows { () throws(MartletError) in
            guard !removal.unlinked.isEmpty else { return try confirm() }
            let team = WorkerTeam(
                count: WorkerTeam.size(threads: 0, tasks: removal.unlinked.count),
                givingWayTo: traffic)
            defer { team.stop() }
            let change = GraphChange(
                inserted: slotCount..<slotCount, unlinked: removal.unlinked, live: removal.live,
                memory: configuration.memory)
            _ = try graphStore.change(
                change, vectors.view, team, control, &retired, confirm: confirm)
        }
        commit(removal)
    }

    func commit(_ removal: Removal) {
        if let live, live.slots.words != removal.live?.slots.words {
            for table in live.tables { retired.add(table) }
        }
        (live, tombstones) = (removal.live, removal.tombstones)
    }
}
