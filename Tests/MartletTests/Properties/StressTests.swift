import MartletTestSupport
import Synchronization
import Testing

@testable import Martlet

/// Every verb at once, from many threads. Meant to be run under the thread and address sanitizers, too.
///
/// Vectors come, change and go in groups, one call for a group, each group from a writer of its own. A
/// group carries a mark: in its vectors, which only the call that writes them all can change, and in
/// its metadata. So whoever meets half a group, or two marks in one, has seen half of a call.
@Suite struct StressTests {
    private static let groups = 24
    private static let size = 12
    private static let writers = 3
    private static let rounds = 60
    /// Tombstones need room in the beam, too.
    private static let width = groups * size * 2

    private let index: Index

    init() throws {
        index = try Index(Configuration(dim: 4, metric: .l2, M: 4, efConstruction: 20))
        try put(group: 0, mark: 0)
    }

    @Test func readersSeeWholeCallsOnly() throws {
        let looks = Atomic(0)
        let ended = Atomic(0)
        onThreads(Self.writers + 4) { thread in
            do {
                if thread < Self.writers {
                    defer { ended.add(1, ordering: .relaxed) }
                    var generator = SeededGenerator(UInt64(thread))
                    for round in 1...Self.rounds { try change(thread, round, &generator) }
                    return
                }
                repeat {
                    try look(thread, round: looks.load(ordering: .relaxed))
                    looks.add(1, ordering: .relaxed)
                } while ended.load(ordering: .relaxed) < Self.writers
            } catch {
                Issue.record(error)
            }
        }
        #expect(looks.load(ordering: .relaxed) >= 4)
        try index.checkInvariants()
        try checkWhole(index.view())
    }

    // MARK: - Writers

    private func change(
        _ writer: Int, _ round: Int, _ generator: inout SeededGenerator
    ) throws(MartletError) {
        let group = Int.random(in: 0..<Self.groups / Self.writers, using: &generator) * Self.writers
        let (ids, mark) = (Self.ids(of: group + writer), round * Self.writers + writer)
        switch Int.random(in: 0..<16, using: &generator) {
        case 0..<7: try put(group: group + writer, mark: mark)
        case 7..<11:
            do throws(MartletError) {
                try index.remove(ids: ids)
            } catch .idNotFound {  // It is gone already, or all is.
            }
        case 11..<14:
            do throws(MartletError) {
                try index.update(rows: ids.map { Int($0) }, [Self.marks(mark)])
            } catch .idNotFound {
            }
        case 14: try index.compact()
        default: if mark % 5 == 0 { try index.clear() }
        }
    }

    private func put(group: Int, mark: Int) throws(MartletError) {
        let (ids, marks) = (Self.ids(of: group), Self.marks(mark))
        let rows = (0..<Self.size).map { [Float(group), Float(mark), Float($0), 1] }
        var options = AddOptions()
        (options.columns, options.threads) = ([marks.source], mark % 3)
        try ids.withUnsafeBufferPointer { ids throws(MartletError) in
            options.ids = .integers(Integers(data: ids.baseAddress, count: ids.count))
            try withMatrix(rows, columns: 4) { matrix throws(MartletError) in
                try index.upsert(matrix, options)
            }
        }
        withExtendedLifetime(marks) {}
    }

    private static func marks(_ mark: Int) -> GivenColumn {
        GivenColumn("mark", [Int64?](repeating: Int64(mark), count: size))
    }

    private static func ids(of group: Int) -> [Int64] {
        (0..<Int64(size)).map { Int64(group * size) + $0 }
    }

    // MARK: - Readers

    private func look(_ thread: Int, round: Int) throws {
        switch (thread + round) % 4 {
        case 0: try checkWhole(index.view())
        case 1: try checkSearch(index)
        case 2: try checkFilter(mark: round)
        default: try checkLookUp(group: round % Self.groups)
        }
    }

    /// A view holds whole groups, each with one mark in its vectors and one in its metadata, and goes on
    /// doing so while the index changes.
    private func checkWhole(_ view: Index) throws {
        let found = try checkSearch(view)
        try #require(found.count == view.count)
        let statistics = try view.statistics()
        try #require(statistics.count == found.count)
        try #require(statistics.graph.reachable == found.count)
        let rows = try view.rows(found)
        for start in stride(from: 0, to: found.count, by: Self.size) {
            let group = rows[start..<start + Self.size]
            try #require(Set(group.map { [$0[0], $0[1]] }).count == 1)
            try #require(Set(group.map { $0[2] }).count == Self.size)
            let marks = try view.cells("mark", rows: Array(start..<start + Self.size))
            try #require(Set(marks.map { "\($0 as Any)" }).count == 1)
        }
        try #require(try checkSearch(view) == found)
    }

    /// Returns the ids that a search finds, group by group in the order in which these were added.
    @discardableResult
    private func checkSearch(_ index: Index) throws -> [Int64] {
        let hits = try index.nearest(to: [[0, 0, 0, 0]], k: Self.width, ef: Self.width)[0]
        let ids = hits.map(\.id)
        try #require(Set(ids).count == ids.count)
        for (_, group) in Dictionary(grouping: ids, by: { $0 / Int64(Self.size) }) {
            try #require(group.count == Self.size)
        }
        let rows = try index === self.index ? [] : index.rowNumbers(of: ids)
        return zip(rows, ids).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// What has one mark is a group, or none; the column may not be there.
    private func checkFilter(mark: Int) throws {
        let filter = Array("{\"mark\": \(mark % (Self.rounds * Self.writers))}".utf8)
        do {
            let count = try filter.withUnsafeBytes { filter throws(MartletError) in
                try index.count(filter: filter)
            }
            try #require(count % Self.size == 0)
        } catch MartletError.badFilter {
        }
    }

    private func checkLookUp(group: Int) throws {
        do {
            let rows = try index.rows(Self.ids(of: group))
            try #require(Set(rows.map { [$0[0], $0[1]] }).count == 1)
        } catch MartletError.idNotFound {
        }
    }
}

extension Index {
    fileprivate func rowNumbers(of ids: [Int64]) throws(MartletError) -> [Int64] {
        var rows = [Int64](repeating: -9, count: ids.count)
        try ids.withUnsafeBufferPointer { ids throws(MartletError) in
            try find(.integers(Integers(data: ids.baseAddress, count: ids.count)), into: &rows)
        }
        return rows
    }
}
