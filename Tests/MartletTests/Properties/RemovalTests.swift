import MartletTestSupport
import Testing

@testable import Martlet

/// What removals do to a graph; that results are right is in `ModelTests`.
@Suite struct RemovalTests {
    /// Random vectors and whole neighborhoods, again and again, as many new ones in their place.
    @Test(arguments: Metric.all, [false, true])
    func everyVectorStaysInReachOfAGoodSearch(metric: Metric, wholeNeighborhoods: Bool) throws {
        let data = Dataset(.clustered, count: 6000, dim: 16, seed: 21).vectors
        let index = try Index(Configuration(dim: 16, metric: metric, M: 8, efConstruction: 40))
        var generator = SeededGenerator(4)
        var (stored, spare) = (Array(0..<3000), Array(3000..<5900))
        try index.addRows(stored.map { data[$0] }, ids: stored.map(Int64.init))
        for _ in 0..<8 {
            var removed = Array(stored.shuffled(using: &generator).prefix(600))
            if wholeNeighborhoods {
                let oracle = Oracle(metric, stored.map { data[$0] })
                let near = oracle.nearest(to: data[removed[0]], k: 600)
                removed = near.map { stored[$0.row] }
            }
            try index.remove(ids: removed.map(Int64.init))
            try index.checkInvariants()
            spare.shuffle(using: &generator)
            let added = Array(spare.prefix(600))
            try index.addRows(added.map { data[$0] }, ids: added.map(Int64.init))
            spare = spare.dropFirst(600) + removed
            stored = stored.filter { !Set(removed).contains($0) } + added
            try index.checkInvariants()
            let statistics = try index.statistics()
            try #require(statistics.graph.reachable == 3000)
            try #require(statistics.removed <= 600)
        }
        let fresh = try Index(index.configuration)
        try fresh.addRows(stored.map { data[$0] }, ids: stored.map(Int64.init))
        let queries = Array(data[5900...])
        let oracle = Oracle(metric, stored.map { data[$0] })
        let rows = Dictionary(uniqueKeysWithValues: zip(stored.map(Int64.init), 0...))
        let (old, new) = (
            try recall(index, queries, oracle, rows), try recall(fresh, queries, oracle, rows)
        )
        #expect(old >= new - 0.03, "\(old) after the changes, \(new) when built anew")
    }

    /// Of 400 copies of one vector and 400 of another, among others, half are removed.
    @Test(arguments: Metric.all)
    func copiesAreAllFoundThatAreLeft(metric: Metric) throws {
        let others = Dataset(.uniform, count: 800, dim: 4, seed: 3).vectors
        let (one, two): ([Float], [Float]) = ([0.5, 0.25, 0.75, 1], [0.75, 0.5, 0.25, 0.5])
        let index = try Index(Configuration(dim: 4, metric: metric, M: 4, efConstruction: 20))
        for part in 0..<8 {
            var rows: [[Float]] = []
            for place in part * 50..<(part + 1) * 50 {
                rows += [one, two, others[2 * place], others[2 * place + 1]]
            }
            try index.addRows(rows)
        }
        var generator = SeededGenerator(5)
        let removed = (0..<1600 as Range<Int64>).filter { _ in Bool.random(using: &generator) }
        for part in stride(from: 0, to: removed.count, by: 90) {
            try index.remove(ids: Array(removed[part..<min(part + 90, removed.count)]))
            try index.checkInvariants()
        }
        let left = (0..<1600 as Range<Int64>).filter { !Set(removed).contains($0) }
        for (vector, kind) in [(one, 0), (two, 1)] as [([Float], Int64)] {
            let copies = left.filter { $0 % 4 == kind }
            let hits = try index.nearest(to: [vector], k: copies.count, ef: copies.count + 50)[0]
            #expect(metric == .ip || hits.map(\.id) == copies)
        }
    }

    @Test(arguments: [MemoryForm.balanced, .fast, .compact])
    func aFailedChangeLeavesNoTrace(memory: MemoryForm) throws {
        let data = LooseClusters(count: 3000, dim: 12, seed: 22).vectors
        let (index, other) = (try changed(data, memory), try changed(data, memory))
        let before = index.digest
        let words = ControlWords()
        words.cancel()
        #expect(throws: MartletError.cancelled) {
            try index.remove(ids: Array(500..<1500), control: words.control)
        }
        #expect(throws: MartletError.notFinite(row: 700, column: 0)) {
            let bad = (0..<701).map { $0 == 700 ? [Float](repeating: .nan, count: 12) : data[$0] }
            try index.upsertRows(bad, ids: (300..<1001).map { $0 })
        }
        #expect(throws: MartletError.idExists(id: 300, row: 2)) {
            try index.upsertRows(Array(data[..<3]), ids: [300, 301, 300])
        }
        #expect(index.digest == before)
        for index in [index, other] {
            try index.upsertRows(Array(data[..<900]), ids: (300..<1200).map { $0 })
            try index.remove(ids: Array(1000..<1200))
            try index.addRows(Array(data[..<50]))
        }
        #expect(index.digest == other.digest)
        try index.checkInvariants()
    }

    @Test(arguments: [MemoryForm.balanced, .fast, .compact])
    func changesDoNotDependOnThreads(memory: MemoryForm) throws {
        let data = LooseClusters(count: 3000, dim: 12, seed: 23).vectors
        let alone = try changed(data, memory).digest
        for threads in [2, 3, 8] {
            #expect(try changed(data, memory, threads: threads).digest == alone)
        }
    }

    /// Removed from, and compacted, several times while it is open.
    @Test(arguments: [MemoryForm.balanced, .fast, .compact])
    func aViewStaysAsItWas(memory: MemoryForm) throws {
        let data = LooseClusters(count: 3000, dim: 12, seed: 24).vectors
        let index = try changed(data, memory)
        let view = index.view()
        // The tree is the writer's alone.
        let (before, columns) = (view.digest, try view.nearest(to: [data[0]], k: 500, ef: 500))
        try index.remove(ids: Array(200..<1700))
        try index.upsertRows(Array(data[..<900]), ids: (1700..<2600).map { $0 })
        try index.compact()
        #expect(index.count == 1400 && view.count == 2900)
        try index.clear()
        try index.addRows(Array(data[..<10]))
        var after = view.digest
        after.tree = before.tree
        #expect(after == before)
        #expect(try view.nearest(to: [data[0]], k: 500, ef: 500) == columns)
        #expect(throws: MartletError.self) { try view.addRows(Array(data[..<10])) }
        #expect(throws: MartletError.self) { try view.remove(ids: [1700]) }
        #expect(throws: MartletError.self) { try view.clear() }
        #expect(throws: MartletError.self) { try view.compact() }
    }

    @Test(arguments: [MemoryForm.balanced, .fast, .compact])
    func compactingGivesBackWhatIsNotUsed(memory: MemoryForm) throws {
        let data = LooseClusters(count: 3000, dim: 12, seed: 25).vectors
        let index = try changed(data, memory)
        let hits = try index.nearest(to: Array(data[..<50]), k: 20, ef: 100)
        try index.remove(ids: [2999])
        #expect(try index.statistics().removed > 0)
        try index.compact()
        let statistics = try index.statistics()
        #expect(statistics.removed == 0 && statistics.count == 2899)
        try index.checkInvariants()
        let after = try index.nearest(to: Array(data[..<50]), k: 20, ef: 100)
        #expect(
            zip(hits, after).allSatisfy { Set($0.map(\.id)).subtracting($1.map(\.id)).count < 3 })
    }

    /// Strings count up to the last id, whatever the others were.
    @Test func stringIdsAreGivenAgain() throws {
        let index = try Index(Configuration(dim: 2))
        for round in 0..<40 {
            let names = (0..<30).map { "\($0 * (round % 3 + 1))" }
            let known = try names.filter { try index.contains($0) }
            try index.remove(known)
            try index.add(names.map { [Float(round), Float($0.utf8.count)] }, ids: names)
            try index.checkInvariants()
            #expect(try names.allSatisfy { try index.contains($0) })
            #expect(try index.get(names[3])[0] == Float(round))
        }
    }

    /// An index that has been changed in every way.
    private func changed(
        _ data: [[Float]], _ memory: MemoryForm = .balanced, threads: Int = 1
    ) throws -> Index {
        let index = try Index(
            Configuration(dim: 12, M: 6, efConstruction: 30, seed: 2, memory: memory))
        try index.addRows(data, threads: threads)
        try index.remove(ids: Array(100..<130))
        try index.remove(ids: Array(0..<70))
        try index.upsertRows(Array(data[150..<160]), ids: (150..<160).map { $0 })
        return index
    }

    private func recall(
        _ index: Index, _ queries: [[Float]], _ oracle: Oracle, _ rows: [Int64: Int]
    ) throws -> Double {
        let hits = try index.nearest(to: queries, k: 10, ef: 30)
        var found = 0
        for (hits, query) in zip(hits, queries) {
            let exact = Set(oracle.nearest(to: query, k: 10).map(\.row))
            found += hits.count { exact.contains(rows[$0.id]!) }
        }
        return Double(found) / Double(queries.count * 10)
    }
}
