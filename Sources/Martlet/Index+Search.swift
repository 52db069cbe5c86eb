extension Index {
    /// Finds the `k` nearest stored vectors to each row of `queries`, or all if there are fewer.
    ///
    /// Greedy descent, then a beam search of layer 0 (Malkov & Yashunin 2018, Algorithms 5 and 2).
    /// Equal distances come in the order in which the vectors were added.
    ///
    /// - Parameters:
    ///   - queries: `dim` columns; every component finite as a float32.
    ///   - k: Matches wanted per query, 0 or more.
    ///   - output: Where the results go; its contents are unspecified after a failure.
    /// - Returns: What was decided, why, and what it cost.
    /// - Throws: `invalidArgument`, `dimensionMismatch`, `notFinite`, `tooLong`, `tooShort`,
    ///   `badText`, `idKind`, `badFilter`, `outOfMemory`, `cancelled`.
    /// - Complexity: Expected O((`ef` + log *n*) * `M`) distances per query, or less if fewer match.
    @discardableResult
    public func search(
        _ queries: Matrix, k: Int, _ options: SearchOptions = SearchOptions(),
        into output: SearchOutput
    ) throws(MartletError) -> SearchExplanation {
        try check(queries, k, options, output)
        options.control?.begin(total: queries.rows)
        return try versions.read { snapshot throws(MartletError) in
            let selection = try selection(options, in: snapshot).flatMap {
                $0.count == snapshot.nodeCount ? nil : $0
            }
            let plan = SearchPlan(
                ef: options.ef, k: k, count: snapshot.nodeCount,
                matching: selection?.count ?? snapshot.nodeCount, links: snapshot.graph.base.width,
                bytes: snapshot.vectors?.comparedBytes ?? 0)
            let batch = QueryBatch(
                queries: queries, k: k, plan: plan, selection: selection, output: output,
                snapshot: snapshot, traffic: snapshot.contents.traffic)
            guard queries.rows > 0 else { return SearchExplanation(batch, []) }
            let threads = options.threads
            let tasks = threads == 0 ? queries.rows / Self.queriesPerThread : queries.rows
            let workers = WorkerTeam.size(threads: threads, tasks: tasks)
            if workers == 1 {
                return try searchAlone(batch, options.control)
            } else {
                return try searchTogether(batch, options.control, workers)
            }
        }
    }

    /// Fewer are not worth starting a thread for.
    private static let queriesPerThread = 8

    private func searchAlone(
        _ batch: QueryBatch, _ control: Control?
    ) throws(MartletError) -> SearchExplanation {
        let searcher = try searchers.take(for: batch, reader)
        defer { searchers.give(back: searcher) }
        for row in 0..<batch.queries.rows {
            guard control?.isCancelled != true else { throw .cancelled }
            try searcher.search(batch, row: row, reader)
            control?.advance(by: 1)
        }
        return SearchExplanation(batch, [searcher])
    }

    /// Shares the rows out to threads. Of several rows at fault, the first is reported.
    private func searchTogether(
        _ batch: QueryBatch, _ control: Control?, _ workers: Int
    ) throws(MartletError) -> SearchExplanation {
        var lent: [Searcher] = []
        defer { for searcher in lent { searchers.give(back: searcher) } }
        for _ in 0..<workers { lent.append(try searchers.take(for: batch, reader)) }
        let team = WorkerTeam(count: workers)
        defer { team.stop() }
        let failure = FirstFailure()
        let isDone = team.forEach(batch.queries.rows, grain: 4, control: control) {
            [lent] worker, row in
            do throws(MartletError) {
                try lent[worker].search(batch, row: row, reader)
                control?.advance(by: 1)
            } catch {
                failure.record(error, row: row)
            }
        }
        if let error = failure.error { throw error }
        if !isDone { throw .cancelled }
        return SearchExplanation(batch, lent)
    }

    private func check(
        _ queries: Matrix, _ k: Int, _ options: SearchOptions, _ output: SearchOutput
    ) throws(MartletError) {
        try queries.check(dim: dim)
        try Configuration.check("k", k, 0...Int.max)
        try Configuration.check("ef", options.ef, Configuration.beamWidths)
        try Configuration.check("threads", options.threads, Configuration.threadCounts)
        let places = queries.rows.multipliedReportingOverflow(by: k)
        let bytes = places.partialValue.multipliedReportingOverflow(by: MemoryLayout<Int64>.size)
        guard !places.overflow, !bytes.overflow else {
            throw .invalidArgument("rows \(queries.rows) times k \(k) is more than memory can hold")
        }
        guard places.partialValue == 0 || (output.ids != nil && output.distances != nil) else {
            throw .invalidArgument("ids and distances must not be NULL, since rows and k are not 0")
        }
    }
}

/// The failure of the lowest row, whichever thread meets which first.
private final class FirstFailure: @unchecked Sendable {
    private let mutex = Mutex()
    private var row = Int.max
    private(set) var error: MartletError?

    func record(_ error: MartletError, row: Int) {
        mutex.withLock {
            if row < self.row { (self.row, self.error) = (row, error) }
        }
    }
}
