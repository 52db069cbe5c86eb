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
    /// - Complexity: Expected O(rows * (`efConstruction` + log *n*) * `M`) distances.
    public func add(_ matrix: Matrix, _ options: AddOptions = AddOptions()) throws(MartletError) {
        let start = Clock.now
        try matrix.check(dim: configuration.dim)
        try options.ids?.check(rows: matrix.rows)
        try Configuration.check("threads", options.threads, Configuration.threadCounts)
        options.control?.begin(total: matrix.rows)
        writer.lock()
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
        let count = versions.read { $0.count }
        guard matrix.rows <= Configuration.maxVectors - count else {
            throw .indexFull(
                "\(matrix.rows) vectors do not fit beside \(count): an index holds at most "
                    + "\(Configuration.maxVectors)")
        }
        var retired = RetiredMemory()
        let radius = vectors.radius
        do throws(MartletError) {
            try readVectors(matrix, options, count, &report, &retired)
            try enterIds(matrix, options, count, &report, &retired)
        } catch {
            // Tables may have moved, so readers get the same content at the new place.
            vectors.restore(radius: radius, count: count)
            publish(count: count, retired)
            throw error
        }
        publish(count: count + matrix.rows, retired)
    }

    private func readVectors(
        _ matrix: Matrix, _ options: AddOptions, _ count: Int,
        _ report: inout AddReport, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let start = Clock.now
        try vectors.reserve(rows: matrix.rows, count: count, retired: &retired)
        try vectors.read(matrix, count: count, control: options.control, retired: &retired)
        report.reading = Clock.now - start
    }

    private func enterIds(
        _ matrix: Matrix, _ options: AddOptions, _ count: Int,
        _ report: inout AddReport, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let start = Clock.now
        let nextId = ids.nextId
        retired.add(try ids.reserve(rows: matrix.rows, count: count))
        try ids.enter(options.ids, rows: matrix.rows, count: count)
        report.ids = Clock.now - start
        do throws(MartletError) {
            try buildGraph(count..<count + matrix.rows, options, &report, &retired)
        } catch {
            ids.withdraw(rows: matrix.rows, count: count, nextId: nextId)
            throw error
        }
        options.assignedIds?.update(from: ids.ids.base! + count, count: matrix.rows)
    }

    private func buildGraph(
        _ batch: Range<Int>, _ options: AddOptions,
        _ report: inout AddReport, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        let start = Clock.now
        let team = WorkerTeam(
            count: WorkerTeam.size(threads: options.threads, tasks: batch.count / 4))
        defer { team.stop() }
        report.threads = team.count
        report.distances = try graphStore.insert(
            batch, vectors.view!, team, options.control, &retired)
        report.graph = Clock.now - start
    }

    private func publish(count: Int, _ retired: RetiredMemory) {
        let snapshot = Snapshot(
            count: count, graph: graphStore.graph, vectors: vectors.view,
            ids: ids.ids.base.map { UnsafePointer($0) })
        versions.publish(snapshot, replaced: retired)
    }
}

/// Where an add spent its time, in nanoseconds, and on what.
public struct AddReport: Sendable {
    public internal(set) var rows = 0
    public internal(set) var element = Element.float32
    public internal(set) var threads = 0
    public internal(set) var total = 0
    public internal(set) var reading = 0
    public internal(set) var ids = 0
    public internal(set) var graph = 0
    /// Distances computed while building the graph.
    public internal(set) var distances = 0
}
