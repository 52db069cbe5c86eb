extension Index {
    /// Adds vectors, all or none.
    ///
    /// Each row is read once, in place, whatever its strides and element type. The index does not
    /// depend on the number of threads.
    ///
    /// - Parameters:
    ///   - matrix: `dim` columns; every component finite as a float32.
    ///   - options: Ids (one per row, all new, of the kind that the index holds) or none to have
    ///     integers assigned, columns of metadata, threads, control.
    /// - Throws: Any `MartletError` but `idNotFound`; the index is unchanged then.
    /// - Complexity: Expected O(rows * (`efConstruction` + log *n*) * `M`) distances; and, per call,
    ///   O(*n* / 16) words to copy and clear, so that batches are cheaper than single vectors.
    public func add(_ matrix: Matrix, _ options: AddOptions = AddOptions()) throws(MartletError) {
        try add(matrix, options, as: .add)
    }

    /// Adds vectors as `add` does, in place of those that have their ids: all or none. What was stored
    /// under such an id is removed, metadata included, and the new row counts as added last.
    ///
    /// - Throws: As `add(_:_:)`; `idExists` if an id stands twice in the batch.
    public func upsert(
        _ matrix: Matrix, _ options: AddOptions = AddOptions()
    ) throws(MartletError) {
        try add(matrix, options, as: .upsert)
    }

    private func add(
        _ matrix: Matrix, _ options: AddOptions, as kind: RecordKind
    ) throws(MartletError) {
        let start = Clock.now
        try matrix.check(dim: dim)
        let idsStart = Clock.now
        try options.ids?.check(rows: matrix.rows)
        let idsEnd = Clock.now
        try ColumnSource.check(options.columns, rows: matrix.rows)
        let columnsEnd = Clock.now
        try Configuration.check("threads", options.threads, Configuration.threadCounts)
        options.control?.begin(total: matrix.rows)
        try lock(options.control)
        defer { writer.unlock() }
        var report = AddReport(
            rows: matrix.rows, element: matrix.element, ids: idsEnd - idsStart,
            metadata: columnsEnd - idsEnd)
        if matrix.rows > 0 {
            try contents.append(matrix, options, as: kind, &report)
            publish()
            compactIfSparse()
        }
        report.total = Clock.now - start
        lastAdd.value = report
    }
}

extension Contents {
    /// Writes the batch behind the published slots. If it throws, nothing has changed.
    fileprivate func append(
        _ matrix: Matrix, _ options: AddOptions, as kind: RecordKind, _ report: inout AddReport
    ) throws(MartletError) {
        guard matrix.rows <= Configuration.maxVectors - slotCount else {
            throw .indexFull(
                "\(matrix.rows) vectors do not fit beside \(slotCount): an index holds at most "
                    + "\(Configuration.maxVectors)")
        }
        let start = Clock.now
        var next = try vectors.appending(matrix, control: options.control)
        report.reading = Clock.now - start
        try next.encode(since: vectors, options.control)
        report.encoding = Clock.now - start - report.reading
        do throws(MartletError) {
            let removal = try Removal(
                kind == .upsert ? options.ids : nil, from: self, appending: matrix.rows)
            try removal.freeingIfThrows { () throws(MartletError) in
                try enterIds(next, options, kind, removal, &report)
            }
            replaceVectors(by: next)
            commit(removal)
        } catch {
            next.free(sharedWith: vectors)
            throw error
        }
    }

    private func enterIds(
        _ vectors: VectorStore, _ options: AddOptions, _ kind: RecordKind, _ removal: Removal,
        _ report: inout AddReport
    ) throws(MartletError) {
        let (start, batch) = (Clock.now, slotCount..<vectors.count)
        do throws(MartletError) {
            try ids.reserve(options.ids, rows: batch.count, count: slotCount, &retired)
            try ids.enter(options.ids, rows: batch.count, removal.live)
            report.ids += Clock.now - start
            try appendMetadata(vectors, options, kind, removal, &report)
        } catch {
            ids.withdraw()
            throw error
        }
        ids.commit()
        let row = (removal.live?.count ?? vectors.count) - batch.count
        if let assigned = options.assignedIds { ids.copy(batch, row: row, to: assigned) }
    }

    private func appendMetadata(
        _ vectors: VectorStore, _ options: AddOptions, _ kind: RecordKind, _ removal: Removal,
        _ report: inout AddReport
    ) throws(MartletError) {
        let start = Clock.now
        do throws(MartletError) {
            try metadata.append(options.columns, at: slotCount, &retired)
            report.metadata += Clock.now - start
            try changeGraph(vectors, options, kind, removal, &report)
        } catch {
            metadata.withdraw()
            throw error
        }
        metadata.commit(&retired)
    }

    private func changeGraph(
        _ vectors: VectorStore, _ options: AddOptions, _ kind: RecordKind, _ removal: Removal,
        _ report: inout AddReport
    ) throws(MartletError) {
        let (start, rows) = (Clock.now, vectors.count - slotCount)
        let team = WorkerTeam(
            count: WorkerTeam.size(
                threads: options.threads, tasks: max(rows / 4, removal.unlinked.count)),
            givingWayTo: traffic)
        defer { team.stop() }
        report.threads = team.count
        report.distances = try graphStore.change(
            GraphChange(
                inserted: slotCount..<vectors.count, unlinked: removal.unlinked,
                live: removal.live, memory: configuration.memory),
            vectors.view, team, options.control, &retired
        ) { () throws(MartletError) in try log(kind, vectors, options) }
        report.graph = Clock.now - start
    }

    /// Makes the batch durable, if the index is.
    private func log(
        _ kind: RecordKind, _ vectors: VectorStore, _ options: AddOptions
    ) throws(MartletError) {
        guard let journal else { return }
        let batch = slotCount..<vectors.count
        let assigned = Integers(data: ids.integers(from: slotCount), count: batch.count)
        try journal.append(kind) { record throws(MartletError) in
            try record.append(
                vectors, batch, ids: options.ids ?? .integers(assigned),
                metadata.pending(options.columns))
        }
    }
}

/// Where an add spent its time, in nanoseconds, and on what.
public struct AddReport: Sendable {
    public internal(set) var rows = 0
    public internal(set) var element = Element.float32
    public internal(set) var threads = 0
    public internal(set) var total = 0
    public internal(set) var reading = 0
    public internal(set) var encoding = 0
    public internal(set) var ids = 0
    public internal(set) var metadata = 0
    public internal(set) var graph = 0
    /// Distances computed while building the graph.
    public internal(set) var distances = 0
}
