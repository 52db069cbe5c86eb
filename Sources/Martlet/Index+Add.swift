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
        let start = Clock.now
        try matrix.check(dim: configuration.dim)
        let idsStart = Clock.now
        try options.ids?.check(rows: matrix.rows)
        let idsEnd = Clock.now
        try ColumnSource.check(options.columns, rows: matrix.rows)
        let columnsEnd = Clock.now
        try Configuration.check("threads", options.threads, Configuration.threadCounts)
        options.control?.begin(total: matrix.rows)
        try writer.lock(options.control)
        defer { writer.unlock() }
        var report = AddReport(
            rows: matrix.rows, element: matrix.element, ids: idsEnd - idsStart,
            metadata: columnsEnd - idsEnd)
        if matrix.rows > 0 { try append(matrix, options, &report) }
        report.total = Clock.now - start
        lastAdd.value = report
    }

    /// Writes the batch behind the published count, then publishes all of it at once.
    private func append(
        _ matrix: Matrix, _ options: AddOptions, _ report: inout AddReport
    ) throws(MartletError) {
        let count = vectors.count
        guard matrix.rows <= Configuration.maxVectors - count else {
            throw .indexFull(
                "\(matrix.rows) vectors do not fit beside \(count): an index holds at most "
                    + "\(Configuration.maxVectors)")
        }
        let start = Clock.now
        var next = try vectors.appending(matrix, control: options.control)
        report.reading = Clock.now - start
        try next.encode(since: vectors, options.control)
        report.encoding = Clock.now - start - report.reading
        do throws(MartletError) {
            try enterIds(next, options, count..<count + matrix.rows, &report)
        } catch {
            next.free(sharedWith: vectors)
            throw error
        }
        for table in vectors.tables(notIn: next) { retired.add(table) }
        vectors = next
        publish()
    }

    private func enterIds(
        _ vectors: VectorStore, _ options: AddOptions, _ batch: Range<Int>,
        _ report: inout AddReport
    ) throws(MartletError) {
        let start = Clock.now
        do throws(MartletError) {
            try ids.reserve(
                options.ids, rows: batch.count, count: batch.lowerBound, &retired)
            try ids.enter(options.ids, rows: batch.count)
            report.ids += Clock.now - start
            try appendMetadata(vectors, options, batch, &report)
        } catch {
            ids.withdraw()
            throw error
        }
        ids.commit()
        if let assigned = options.assignedIds { ids.copy(batch, to: assigned) }
    }

    private func appendMetadata(
        _ vectors: VectorStore, _ options: AddOptions, _ batch: Range<Int>,
        _ report: inout AddReport
    ) throws(MartletError) {
        let start = Clock.now
        do throws(MartletError) {
            try metadata.append(options.columns, at: batch.lowerBound, &retired)
            report.metadata += Clock.now - start
            try buildGraph(vectors, options, batch, &report)
        } catch {
            metadata.withdraw()
            throw error
        }
        metadata.commit(&retired)
    }

    private func buildGraph(
        _ vectors: VectorStore, _ options: AddOptions, _ batch: Range<Int>,
        _ report: inout AddReport
    ) throws(MartletError) {
        let start = Clock.now
        let team = WorkerTeam(
            count: WorkerTeam.size(threads: options.threads, tasks: batch.count / 4))
        defer { team.stop() }
        report.threads = team.count
        report.distances = try graphStore.insert(
            batch, vectors.view, team, options.control, &retired)
        report.graph = Clock.now - start
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
