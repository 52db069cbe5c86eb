import MartletTestSupport
import Synchronization
import Testing

@testable import Martlet

/// Threads that change an index and look at it, all at once, so that a call seen half is noticed.
///
/// Vectors come, change and go in groups, one call for a group, each group from a writer of its own. A
/// group carries a mark: in its vectors, which only the call that writes them all can change, and in
/// its metadata. So whoever meets half a group, or two marks in one, has seen half of a call.
struct MarkedGroups {
    static let count = 24
    static let writers = 3
    static let rounds = 60
    /// Tombstones need room in the beam, too.
    private var width: Int { Self.count * size * 2 }

    let index: Index
    /// Vectors in a group.
    let size: Int

    init(index: Index, size: Int = 12) { (self.index, self.size) = (index, size) }

    /// - Parameter dim: 4 or more.
    static func configuration(
        dim: Int = 4, _ memory: MemoryForm = .balanced
    ) throws -> Configuration {
        try Configuration(dim: dim, metric: .l2, M: 4, efConstruction: 20, memory: memory)
    }

    // MARK: - Threads

    /// A call of `change` is one of a writer's rounds; its group is one of the writer's.
    struct Turn {
        let writer: Int
        let group: Int
        let mark: Int
        /// Of 16 ways.
        let way: Int
    }

    /// Runs the writers to their end, and beside them threads that look, each at least once. Returns how
    /// often they did.
    func stress(
        change: @Sendable (Turn) throws -> Void,
        look: @Sendable (_ thread: Int, _ round: Int) throws -> Void
    ) -> Int {
        let looks = Atomic(0)
        let ended = Atomic(0)
        onThreads(Self.writers + 4) { thread in
            do {
                if thread < Self.writers {
                    defer { ended.add(1, ordering: .relaxed) }
                    for turn in Self.turns(thread) { try change(turn) }
                    return
                }
                repeat {
                    try look(thread, looks.load(ordering: .relaxed))
                    looks.add(1, ordering: .relaxed)
                } while ended.load(ordering: .relaxed) < Self.writers
            } catch {
                Issue.record(error)
            }
        }
        return looks.load(ordering: .relaxed)
    }

    private static func turns(_ writer: Int) -> [Turn] {
        var generator = SeededGenerator(UInt64(writer))
        return (1...rounds).map { round in
            let group = Int.random(in: 0..<count / writers, using: &generator) * writers
            return Turn(
                writer: writer, group: group + writer, mark: round * writers + writer,
                way: Int.random(in: 0..<16, using: &generator))
        }
    }

    // MARK: - Changes

    func add(group: Int, mark: Int) throws(MartletError) {
        try put(group, mark) { matrix, options throws(MartletError) in
            try index.add(matrix, options)
        }
    }

    func upsert(group: Int, mark: Int) throws(MartletError) {
        try put(group, mark) { matrix, options throws(MartletError) in
            try index.upsert(matrix, options)
        }
    }

    func remove(group: Int) throws(MartletError) { try index.remove(ids: ids(of: group)) }

    func update(group: Int, mark: Int) throws(MartletError) {
        try index.update(rows: ids(of: group).map { Int($0) }, [marks(mark)])
    }

    private func put(
        _ group: Int, _ mark: Int, _ call: (Matrix, AddOptions) throws(MartletError) -> Void
    ) throws(MartletError) {
        let (ids, marks) = (self.ids(of: group), self.marks(mark))
        let rows = (0..<size).map {
            [Float(group), Float(mark), Float($0), 1] + filling(group * size + $0)
        }
        var options = AddOptions()
        (options.columns, options.threads) = ([marks.source], mark % 3)
        try ids.withUnsafeBufferPointer { ids throws(MartletError) in
            options.ids = .integers(Integers(data: ids.baseAddress, count: ids.count))
            try withMatrix(rows, columns: index.configuration.dim) { matrix throws(MartletError) in
                try call(matrix, options)
            }
        }
        withExtendedLifetime(marks) {}
    }

    /// The components that carry no mark, far from those of other vectors.
    private func filling(_ id: Int) -> [Float] {
        var generator = SeededGenerator(UInt64(id))
        return generator.normals(index.configuration.dim - 4).map { $0 * 100 }
    }

    private func marks(_ mark: Int) -> GivenColumn {
        GivenColumn("mark", [Int64?](repeating: Int64(mark), count: size))
    }

    private func ids(of group: Int) -> [Int64] {
        (0..<Int64(size)).map { Int64(group * size) + $0 }
    }

    // MARK: - Looks

    /// A view holds whole groups, each with one mark in its vectors and one in its metadata, and goes on
    /// doing so while the index changes.
    func checkWhole() throws { _ = try MarkedGroups(index: index.view(), size: size).contents() }

    /// The marks of what is there, group by group in the order in which these were added. Nothing may
    /// change meanwhile.
    func contents() throws -> [Marks] {
        let found = try checkSearch()
        try #require(found.count == index.count)
        let statistics = try index.statistics()
        try #require(statistics.count == found.count)
        try #require(statistics.graph.reachable == found.count)
        let numbers = try index.rowNumbers(of: found)
        let ids = zip(numbers, found).sorted { $0.0 < $1.0 }.map(\.1)
        let rows = try index.rows(ids)
        let contents = try stride(from: 0, to: ids.count, by: size).map { start in
            let group = rows[start..<start + size]
            try #require(Set(group.map { [$0[0], $0[1]] }).count == 1)
            try #require(Set(group.map { $0[2] }).count == size)
            let marks = try index.cells("mark", rows: Array(start..<start + size))
            try #require(Set(marks.map { "\($0 as Any)" }).count == 1)
            let (id, vector) = (Int(ids[start]), rows[start])
            return Marks(group: id / size, ofVectors: Int(vector[1]), ofMetadata: marks[0])
        }
        try #require(try checkSearch() == found)
        return contents
    }

    /// A group as it is stored.
    struct Marks: Equatable {
        var group: Int
        var ofVectors: Int
        var ofMetadata: Cell?
    }

    /// Returns the ids that a search finds, nearest first.
    @discardableResult
    func checkSearch() throws -> [Int64] {
        let query = [Float](repeating: 0, count: index.configuration.dim)
        let hits = try index.nearest(to: [query], k: width, ef: width)[0]
        let ids = hits.map(\.id)
        try #require(Set(ids).count == ids.count)
        for (_, group) in Dictionary(grouping: ids, by: { $0 / Int64(size) }) {
            try #require(group.count == size)
        }
        return ids
    }

    /// What has one mark is a group, or none; the column may not be there.
    func checkFilter(mark: Int) throws {
        let filter = Array("{\"mark\": \(mark % (Self.rounds * Self.writers))}".utf8)
        do {
            let count = try filter.withUnsafeBytes { filter throws(MartletError) in
                try index.count(filter: filter)
            }
            try #require(count % size == 0)
        } catch MartletError.badFilter {
        }
    }

    func checkLookUp(group: Int) throws {
        do {
            let rows = try index.rows(ids(of: group % Self.count))
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
