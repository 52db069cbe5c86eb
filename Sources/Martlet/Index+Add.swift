extension Index {
    /// Adds vectors, all or none.
    ///
    /// Each row is read once, in place, whatever its strides and element type. The index does not
    /// depend on the number of threads.
    ///
    /// - Parameters:
    ///   - matrix: `dim` columns; every component finite as a float32.
    ///   - options: Ids (one per row, all new) or none to have them assigned, threads, control.
    /// - Throws: Any `MartletError` but `idNotFound`; the index is unchanged then.
    /// - Complexity: Expected O(rows * (`efConstruction` + log *n*) * `M`) distances; and, per call,
    ///   O(*n* / 16) words to copy and clear, so that batches are cheaper than single vectors.
    public func add(_ matrix: Matrix, _ options: AddOptions = AddOptions()) throws(MartletError) {
        let start = Clock.now
        try matrix.check(dim: configuration.dim)
        try options.ids?.check(rows: matrix.rows)
        try Configuration.check("threads", options.threads, Configuration.threadCounts)
        options.control?.begin(total: matrix.rows)
        try writer.lock(options.control)
        defer { writer.unlock() }
        var report = AddReport(rows: matrix.rows, element: matrix.element)
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
        versions.publish(
            Snapshot(
                count: next.count, graph: graphStore.graph, vectors: next.view, ids: ids.bySlot),
            replaced: retired)
        retired = RetiredMemory()
    }

    private func enterIds(
        _ vectors: VectorStore, _ options: AddOptions, _ batch: Range<Int>,
        _ report: inout AddReport
    ) throws(MartletError) {
        let start = Clock.now
        do throws(MartletError) {
            retired.add(try ids.reserve(rows: batch.count, count: batch.lowerBound))
            try ids.enter(options.ids, rows: batch.count)
            report.ids = Clock.now - start
            try buildGraph(vectors, options, batch, &report)
        } catch {
            ids.withdraw()
            throw error
        }
        ids.commit()
        options.assignedIds?.update(from: ids.bySlot! + batch.lowerBound, count: batch.count)
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
    public internal(set) var graph = 0
    /// Distances computed while building the graph.
    public internal(set) var distances = 0
}
