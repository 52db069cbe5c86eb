import MartletTestSupport
import Synchronization
import Testing

@testable import Martlet

/// Readers beside a writer. Meant to be run under the thread and address sanitizers, too.
@Suite struct ConcurrencyTests {
    private static let batch = 40
    private static let batches = 30

    /// Whatever a reader sees is a whole number of batches: all that had ended when it began, and
    /// no part of one that was running.
    @Test(arguments: [
        (Metric.l2, MemoryForm.balanced), (.l2, .fast), (.ip, .balanced), (.cosine, .balanced),
        (.cosine, .compact),
    ])
    func readersSeeWholeBatches(metric: Metric, memory: MemoryForm) throws {
        let data = Dataset(
            memory == .balanced ? .unevenLengths : .uniform, count: Self.batch * Self.batches,
            dim: 12,
            seed: 41)
        let index = try Index(
            Configuration(dim: 12, metric: metric, M: 4, efConstruction: 20, memory: memory))
        watch(index, data, isExact: memory != .compact) { batch in
            add(batch, to: index)
        }
        #expect(index.count == data.vectors.count)
        #expect(index.versions.read { ($0.graph.linkCodes != nil) == (memory == .fast) })
        #expect(index.versions.read { ($0.vectors!.rows == nil) == (memory == .compact) })
        try index.checkInvariants()
    }

    /// The same while the form of memory changes from one to another, before there are codes and after.
    @Test func readersSeeWholeBatchesInEveryForm() throws {
        let data = Dataset(.uniform, count: Self.batch * Self.batches, dim: 12, seed: 43)
        let index = try Index(Configuration(dim: 12, metric: .l2, M: 4, efConstruction: 20))
        watch(index, data, isExact: false) { batch in
            add(batch, to: index)
            for memory in [MemoryForm.fast, .compact, .fast, .balanced, .compact, .balanced] {
                #expect(throws: Never.self) { try index.convert(to: memory) }
            }
        }
        #expect(index.count == data.vectors.count)
        #expect(index.versions.read { $0.vectors!.codes != nil })
        try index.checkInvariants()
    }

    /// Failed adds between the good ones are never seen at all.
    @Test func readersSeeNothingOfAFailedAdd() throws {
        let data = Dataset(.uniform, count: Self.batch * Self.batches, dim: 5, seed: 42)
        let index = try Index(Configuration(dim: 5, metric: .ip, M: 4, efConstruction: 20))
        let isDone = Atomic(false)
        onThreads(3) { thread in
            if thread == 0 {
                for start in stride(from: 0, to: data.vectors.count, by: Self.batch) {
                    let words = ControlWords()
                    let control = words.controlCancelledOnceSomeAreDone
                    let longer = [[Float]](repeating: [1, 2, 3, 4, Float(start)], count: 300)
                    #expect(throws: MartletError.cancelled) {
                        try index.addRows(longer, threads: 1, control: control)
                    }
                    add(Array(data.vectors[start..<start + Self.batch]), to: index)
                }
                isDone.store(true, ordering: .relaxed)
                return
            }
            repeat {
                check(index, data, thread, isExact: true)
            } while !isDone.load(ordering: .relaxed)
        }
        try index.checkInvariants()
    }

    /// String ids are found once their batch has ended, and none of them before; nor those of the
    /// failed adds between.
    @Test func readersFindWholeBatchesOfStringIds() throws {
        let index = try Index(Configuration(dim: 1, M: 2, efConstruction: 2))
        let batches = (0..<100).map { batch in (0..<Self.batch).map { "\(batch)/\($0)" } }
        let rows = (0..<Self.batch).map { [Float($0)] }
        let added = Atomic(0)
        onThreads(3) { thread in
            if thread == 0 {
                for batch in batches {
                    #expect(throws: MartletError.self) {
                        try index.addRows(rows + [[0]], ids: batch + [batch[0]])
                    }
                    #expect(throws: Never.self) { try index.addRows(rows, ids: batch) }
                    added.add(1, ordering: .releasing)
                }
                return
            }
            while added.load(ordering: .acquiring) < batches.count {
                let before = added.load(ordering: .acquiring)
                for place in [before - 1, before, before + 1] where batches.indices ~= place {
                    let found = try? index.find(batches[place]).filter { $0 >= 0 }
                    let first = Int64(place * Self.batch)
                    let all = (0..<Int64(Self.batch)).map { first + $0 }
                    #expect(found == all || (found == [] && place >= before))
                }
            }
        }
        #expect(try index.find(batches.flatMap { $0 }) == (0..<Int64(index.count)).map { $0 })
        try index.checkInvariants()
    }

    /// Adds from several threads run one after the other.
    @Test func writersTakeTurns() throws {
        let index = try Index(Configuration(dim: 3, M: 4, efConstruction: 10))
        onThreads(4) { thread in
            for round in 0..<20 {
                let row = [Float(thread), Float(round), 1]
                add(
                    [row, row, row], to: index,
                    ids: (0..<3).map { Int64(thread * 100 + round * 3 + $0) })
            }
        }
        #expect(index.count == 240)
        for thread in 0..<4 {
            for round in 0..<20 {
                let row = [Float(thread), Float(round), 1]
                let ids = (0..<3).map { Int64(thread * 100 + round * 3 + $0) }
                #expect(try index.rows(ids) == [row, row, row])
            }
        }
        try index.checkInvariants()
    }

    /// Has one thread change the index, batch by batch, while three look at it, each at least once.
    private func watch(
        _ index: Index, _ data: Dataset, isExact: Bool, _ change: @Sendable ([[Float]]) -> Void
    ) {
        let isDone = Atomic(false)
        let rounds = Atomic(0)
        onThreads(4) { thread in
            if thread == 0 {
                for start in stride(from: 0, to: data.vectors.count, by: Self.batch) {
                    change(Array(data.vectors[start..<start + Self.batch]))
                }
                isDone.store(true, ordering: .relaxed)
                return
            }
            repeat {
                check(index, data, thread, isExact: isExact)
                rounds.add(1, ordering: .relaxed)
            } while !isDone.load(ordering: .relaxed)
        }
        #expect(rounds.load(ordering: .relaxed) >= 3)
    }

    private func add(_ rows: [[Float]], to index: Index, ids: [Int64]? = nil) {
        #expect(throws: Never.self) { try index.addRows(rows, ids: ids, threads: 2) }
    }

    /// Looks at the index in every way and checks what it sees against the counts before and after.
    /// - Parameter isExact: Whether vectors come back as they were given, and not rounded.
    private func check(_ index: Index, _ data: Dataset, _ thread: Int, isExact: Bool) {
        do {
            let total = data.vectors.count
            let before = index.count
            let hits = try index.nearest(to: [data.vectors[thread]], k: total, ef: total)[0]
            let found = try index.holds([Int64(before) - 1, Int64(total)])
            let statistics = try index.statistics()
            let rows = try before > 0 ? index.rows([Int64(before - 1)]) : []
            let after = index.count
            try #require(before % Self.batch == 0 && (before...after).contains(hits.count))
            try #require(hits.count % Self.batch == 0)
            try #require(hits.map(\.id).sorted() == (0..<Int64(hits.count)).map { $0 })
            try #require(found == [before > 0, false])
            try #require((before...after).contains(statistics.count))
            try #require(statistics.graph.reachable == statistics.count)
            let expected = before > 0 ? [data.vectors[before - 1]] : []
            let isNear = zip(rows, expected).allSatisfy {
                zip($0, $1).allSatisfy { abs($0 - $1) < 0.5 }
            }
            try #require(isExact ? rows == expected : isNear && rows.count == expected.count)
        } catch {
            Issue.record(error)
        }
    }
}
