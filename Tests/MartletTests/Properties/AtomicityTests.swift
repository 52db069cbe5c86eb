import MartletTestSupport
import Synchronization
import Testing

@testable import Martlet

/// An add that fails leaves no trace, not even in what is added later.
@Suite struct AtomicityTests {
    /// What is wrong with a batch.
    enum Fault: CaseIterable {
        case notFinite, tooLong, zero, idTwice, idOfTheIndex, cancelledBefore, cancelledInTheMiddle
    }

    @Test(arguments: Fault.allCases, Metric.all)
    func aFailedAddLeavesNoTrace(fault: Fault, metric: Metric) throws {
        guard fault != .zero || metric == .cosine else { return }
        for earlier in [0, 1, 300, 1500] {
            let (index, twin) = (try Trial(metric), try Trial(metric))
            try index.addEarlier(earlier)
            try twin.addEarlier(earlier)
            let before = try index.state()
            try index.addBad(fault)
            #expect(try index.state() == before, "\(earlier) vectors")
            try index.index.checkInvariants()

            try index.addGood()
            try twin.addGood()
            #expect(try index.state() == twin.state(), "\(earlier) vectors")
            try index.index.checkInvariants()
        }
    }

    /// Many failures in a row, of all kinds, between adds that succeed.
    @Test(arguments: Metric.all)
    func manyFailuresLeaveNoTrace(metric: Metric) throws {
        let (index, twin) = (try Trial(metric), try Trial(metric))
        for round in 0..<4 {
            for fault in Fault.allCases where fault != .zero || metric == .cosine {
                try index.addBad(fault)
            }
            try index.addEarlier(100 + round)
            try twin.addEarlier(100 + round)
            #expect(try index.state() == twin.state())
            try index.index.checkInvariants()
        }
    }

    /// With string ids, at sizes before and behind the growth of all their tables.
    @Test(arguments: [1, 100, 5000])
    func whenStringIdsFail(rows: Int) throws {
        let index = try Index(Configuration(dim: 2, M: 4, efConstruction: 10))
        let data = Dataset(.uniform, count: 300 + rows, dim: 2, seed: 35).vectors
        let ids = data.indices.map { "a\(String(repeating: "b", count: $0 % 20))\($0)" }
        try index.addRows(Array(data[..<300]), ids: Array(ids[..<300]))
        let (digest, bytes) = (index.digest, try index.statistics().idBytes)
        let (late, lateIds) = (Array(data[300...]), Array(ids[300...]))
        let words = ControlWords()
        words.cancel()
        for _ in 0..<2 {
            expect(.idExists(id: .string(ids[7]), row: rows)) {
                try index.addRows(late + [[0, 0]], ids: lateIds + [ids[7]])
            }
            expect(.idExists(id: .string(lateIds[0]), row: rows)) {
                try index.addRows(late + [[0, 0]], ids: lateIds + [lateIds[0]])
            }
            expect(.notFinite(row: rows, column: 1)) {
                try index.addRows(late + [[0, .nan]], ids: lateIds + ["new"])
            }
            expect(.cancelled) { try index.addRows(late, ids: lateIds, control: words.control) }
            #expect(index.digest == digest)
            #expect(try index.statistics().idBytes == bytes)
            #expect(try index.find(lateIds).allSatisfy { $0 == -1 })
            try index.checkInvariants()
        }
        try index.addRows(late, ids: lateIds)
        #expect(try index.find(ids) == ids.indices.map { Int64($0) })
        try index.checkInvariants()
    }

    private func expect(_ error: MartletError, _ body: () throws -> Void) {
        #expect(throws: error, performing: body)
    }

    /// Another thread cancels at some moment of its own. An add that ends before is no trial.
    @Test func whenAnotherThreadCancels() throws {
        for _ in 0..<20 {
            let trial = try Trial(.ip)
            try trial.addEarlier(100)
            let before = try trial.state()
            if try !trial.addUntilCancelled() { continue }
            #expect(try trial.state() == before)
            return try trial.index.checkInvariants()
        }
        Issue.record("no add was cancelled")
    }

    @Test func whenIdsRunOut() throws {
        let (index, twin) = (try Trial(.ip), try Trial(.ip))
        for each in [index, twin] {
            try each.index.addRows([[1, 2, 3, 4]] as [[Float]], ids: [.max - 1])
        }
        let before = try index.state()
        #expect(throws: MartletError.self) {
            try index.index.addRows([[Float]](repeating: [9, 9, 9, 9], count: 1000))
        }
        #expect(try index.state() == before)
        for each in [index, twin] {
            #expect(try each.index.addRows([[9, 0, 9, 0]] as [[Float]]) == [.max])
        }
        #expect(try index.state() == twin.state())
    }

    @Test func whenMemoryRunsOut() throws {
        let index = try Index(Configuration(dim: 65_536))
        try withMatrix([[Float](repeating: 1, count: 65_536)], columns: 65_536) { matrix in
            try index.add(matrix)
            let digest = index.digest
            var endless = matrix
            (endless.rows, endless.rowStride) = (Configuration.maxVectors - 1, 0)
            #expect(throws: MartletError.outOfMemory(bytes: (endless.rows + 1) << 18)) {
                try index.add(endless)
            }
            endless.rows += 1
            #expect(throws: MartletError.self) { try index.add(endless) }
            #expect(index.digest == digest)
            try index.add(matrix)
        }
        #expect(index.count == 2)
        try index.checkInvariants()
    }

    @Test func whenSlotsRunOut() throws {
        let index = try Index(Configuration(dim: 1))
        try index.addRows([[1]] as [[Float]])
        let digest = index.digest
        withMatrix([[2]] as [[Float]], columns: 1) { matrix in
            var endless = matrix
            (endless.rows, endless.rowStride) = (Configuration.maxVectors, 0)
            let sentence =
                "4294967294 vectors do not fit beside 1: an index holds at most 4294967294"
            #expect(throws: MartletError.indexFull(sentence)) { try index.add(endless) }
        }
        #expect(index.digest == digest)
    }

    @Test func whenTheCallItselfIsWrong() throws {
        let index = try Trial(.l2)
        try index.addEarlier(10)
        let before = try index.state()
        #expect(throws: MartletError.dimensionMismatch(given: 3, expected: 4)) {
            try withMatrix([[1, 2, 3]] as [[Float]], columns: 3) { try index.index.add($0) }
        }
        #expect(throws: MartletError.self) {
            try index.index.addRows([[1, 2, 3, 4]] as [[Float]], threads: -1)
        }
        #expect(try index.state() == before)
    }
}

/// An index of 4-dimensional vectors, and batches for it.
private final class Trial {
    /// Everything that can be seen of an index.
    struct State: Equatable {
        let digest: Digest
        let count: Int
        let hits: [[Hit]]
        let graph: GraphStatistics
        let bytes: [Int]
        let found: [Bool]
    }

    let index: Index
    private var generator = SeededGenerator(31)
    private static let badRows = 700

    init(_ metric: Metric) throws {
        index = try Index(Configuration(dim: 4, metric: metric, M: 4, efConstruction: 20))
    }

    func state() throws -> State {
        let statistics = try index.statistics()
        return State(
            digest: index.digest, count: index.count,
            hits: try index.nearest(to: [[1, 2, 3, 4], [-9, 1, 0, 0]] as [[Float]], k: 20),
            graph: statistics.graph,
            bytes: [
                statistics.vectorBytes, statistics.codeBytes, statistics.linkBytes,
                statistics.idBytes, statistics.otherBytes,
            ],
            found: try index.holds((-5..<2000).map { Int64($0) }))
    }

    func addEarlier(_ count: Int) throws {
        try index.addRows((0..<count).map { _ in generator.normals(4) })
    }

    /// Longer than all before, so that the sphere of inner products grows.
    func addGood() throws {
        let data = Dataset(.unevenLengths, count: 500, dim: 4, seed: 33)
        try index.addRows(data.vectors.map { $0.map { 2 * $0 } }, threads: 2)
    }

    /// Fails in the last row, if rows are at fault: with longer vectors than all others.
    func addBad(_ fault: AtomicityTests.Fault) throws {
        let last = Self.badRows - 1
        var rows = Dataset(.uniform, count: Self.badRows, dim: 4, seed: 32).vectors.map {
            $0.map { 1000 * $0 }
        }
        var ids = rows.indices.map { 1_000_000 + Int64($0) }
        switch fault {
        case .notFinite:
            rows[last][3] = .nan
            expect(.notFinite(row: last, column: 3)) { try index.addRows(rows) }
        case .tooLong:
            rows[last][0] = 1e30
            expect(.tooLong(row: last)) { try index.addRows(rows) }
        case .zero:
            rows[last] = [0, 0, 0, 0]
            expect(.tooShort(row: last)) { try index.addRows(rows) }
        case .idTwice:
            ids[last] = ids[0]
            expect(.idExists(id: .integer(ids[0]), row: last)) { try index.addRows(rows, ids: ids) }
        case .idOfTheIndex:
            guard index.count > 0 else { return }
            ids[last] = 0
            expect(.idExists(id: 0, row: last)) { try index.addRows(rows, ids: ids) }
        case .cancelledBefore: addCancelledBefore(rows)
        case .cancelledInTheMiddle: addCancelledInTheMiddle(rows)
        }
    }

    /// Whether the add was cancelled: by another thread, when the first chunk was done.
    func addUntilCancelled() throws -> Bool {
        let (index, words) = (index, ControlWords())
        let rows = Dataset(.unevenLengths, count: 10_000, dim: 4, seed: 34).vectors
        let isCancelled = Atomic(false)
        onThreads(2) { thread in
            if thread == 1 {
                while words.done == 0 {}
                words.cancel()
            } else {
                do throws(MartletError) {
                    try index.addRows(rows, control: words.control)
                } catch {
                    isCancelled.store(error == .cancelled, ordering: .relaxed)
                }
            }
        }
        return isCancelled.load(ordering: .relaxed)
    }

    private func addCancelledBefore(_ rows: [[Float]]) {
        let words = ControlWords()
        words.cancel()
        expect(.cancelled) { try index.addRows(rows, control: words.control) }
        #expect(words.done == 0)
    }

    /// After the first chunk.
    private func addCancelledInTheMiddle(_ rows: [[Float]]) {
        let words = ControlWords()
        let control = words.controlCancelledOnceSomeAreDone
        expect(.cancelled) { try index.addRows(rows, threads: 2, control: control) }
        #expect(words.done == GraphBuilder.chunkSize)
    }

    private func expect(_ error: MartletError, _ body: () throws -> Void) {
        #expect(throws: error, performing: body)
    }
}
