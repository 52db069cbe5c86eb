import MartletTestSupport
import Testing

@testable import Martlet

/// Random calls, good and bad, against a dictionary and the oracle.
@Suite struct ModelTests {
    @Test(arguments: Metric.all)
    func anIndexBehavesLikeADictionary(metric: Metric) throws {
        try withEvery("seed", in: UInt64(0)..<16) { seed in
            var run = try ModelRun(metric, seed < 12 ? .balanced : .fast, seed: seed)
            for _ in 0..<25 {
                try run.step()
                try run.index.checkInvariants()
            }
        }
    }
}

private struct ModelRun {
    let index: Index
    private let dim: Int
    private var oracle: Oracle
    /// By row.
    private var ids: [Int64] = []
    private var rowOfId: [Int64: Int] = [:]
    private var nextId: Int64 = 0
    private var generator: SeededGenerator

    init(_ metric: Metric, _ memory: MemoryForm, seed: UInt64) throws {
        generator = SeededGenerator(seed)
        dim = Int.random(in: 1...20, using: &generator)
        let M = Int.random(in: 2...8, using: &generator)
        let ef = Int.random(in: 1...40, using: &generator)
        index = try Index(
            Configuration(
                dim: dim, metric: metric, M: M, efConstruction: ef, seed: seed, memory: memory))
        oracle = Oracle(metric, [])
    }

    mutating func step() throws {
        switch Int.random(in: 0..<17, using: &generator) {
        case 0..<3: try add(ids: nil)
        case 3..<5: try add(ids: randomIds(randomCount()))
        case 5: try addBad()
        case 6: try lookUp()
        case 7..<9: try remove()
        case 9: try removeBad()
        case 10: try upsert()
        case 11: try compactOrClear()
        case 12: try index.convert(to: Bool.random(using: &generator) ? .fast : .balanced)
        default: try search()
        }
        try #require(index.count == oracle.vectors.count)
    }

    /// Ids of the index, or twice in the batch, may be among them: then the batch is refused.
    private mutating func add(ids: [Int64]?) throws {
        let vectors = randomVectors(ids?.count ?? randomCount())
        let isNew =
            Set(ids ?? []).count == ids?.count ?? 0
            && (ids ?? []).allSatisfy { rowOfId[$0] == nil }
        let threads = Int.random(in: 0...3, using: &generator)
        do throws(MartletError) {
            try accept(try index.addRows(vectors, ids: ids, threads: threads), vectors, ids)
        } catch {
            guard case .idExists(.integer(let id), let row) = error, !isNew else { throw error }
            try #require(ids![row] == id)
            try #require(rowOfId[id] != nil || ids![..<row].contains(id))
            return
        }
        try #require(isNew)
    }

    private mutating func accept(
        _ assigned: [Int64], _ vectors: [[Float]], _ given: [Int64]?
    ) throws(MartletError) {
        let ids = given ?? vectors.indices.map { nextId + Int64($0) }
        if assigned != ids { throw .invalidArgument("assigned \(assigned), not \(ids)") }
        append(vectors, ids)
    }

    private mutating func append(_ vectors: [[Float]], _ ids: [Int64]) {
        for (id, vector) in zip(ids, vectors) {
            rowOfId[id] = oracle.vectors.count
            oracle.vectors.append(vector)
        }
        self.ids += ids
        nextId = max(nextId, (ids.max() ?? -1) + 1)
    }

    private mutating func forget(_ removed: Set<Int64>) {
        let kept = ids.indices.filter { !removed.contains(ids[$0]) }
        (ids, oracle.vectors) = (kept.map { ids[$0] }, kept.map { oracle.vectors[$0] })
        rowOfId = Dictionary(uniqueKeysWithValues: zip(ids, 0...))
    }

    /// Now and then all, or a whole neighborhood.
    private mutating func remove() throws {
        let share = [0, 1, 2, 10, ids.count / 3, ids.count].randomElement(using: &generator)!
        var removed = Array(ids.shuffled(using: &generator).prefix(share))
        if Bool.random(using: &generator),
            let center = oracle.vectors.randomElement(using: &generator)
        {
            removed = oracle.nearest(to: center, k: share).map { ids[$0.row] }
        }
        try index.remove(ids: removed)
        forget(Set(removed))
    }

    private mutating func removeBad() throws {
        let known = Array(ids.shuffled(using: &generator).prefix(5))
        let missing = nextId + 7
        #expect(throws: MartletError.idNotFound(id: .integer(missing))) {
            try index.remove(ids: known + [missing])
        }
        guard let first = known.first else { return }
        #expect(throws: MartletError.idExists(id: .integer(first), row: known.count)) {
            try index.remove(ids: known + [first])
        }
    }

    private mutating func upsert() throws {
        let known = ids.shuffled(using: &generator).prefix(randomCount())
        let given = Array(
            Set(known).union(randomIds(randomCount())).sorted().shuffled(using: &generator))
        let vectors = randomVectors(given.count)
        try index.upsertRows(vectors, ids: given)
        forget(Set(given))
        append(vectors, given)
    }

    private mutating func compactOrClear() throws {
        guard Int.random(in: 0..<3, using: &generator) == 0 else { return try index.compact() }
        try index.clear()
        forget(Set(ids))
    }

    private mutating func addBad() throws {
        var vectors = randomVectors(randomCount() + 1)
        let row = Int.random(in: vectors.indices, using: &generator)
        let column = Int.random(in: 0..<dim, using: &generator)
        vectors[row][column] = [.nan, .infinity].randomElement(using: &generator)!
        #expect(throws: MartletError.notFinite(row: row, column: column)) {
            try index.addRows(vectors)
        }
    }

    private mutating func lookUp() throws {
        let known = Array(rowOfId.keys.sorted().shuffled(using: &generator).prefix(20))
        try #require(try index.rows(known) == known.map { oracle.vectors[rowOfId[$0]!] })
        let ids = known + randomIds(20)
        try #require(try index.holds(ids) == ids.map { rowOfId[$0] != nil })
        if let missing = ids.first(where: { rowOfId[$0] == nil }) {
            #expect(throws: MartletError.idNotFound(id: .integer(missing))) { try index.rows(ids) }
        }
    }

    /// With a beam as wide as the index, which must be exact.
    private mutating func search() throws {
        let queries = randomVectors(5)
        let k = Int.random(in: 0...oracle.vectors.count + 3, using: &generator)
        let threads = Int.random(in: 0...2, using: &generator)
        let hits = try index.nearest(
            to: queries, k: k, ef: max(oracle.vectors.count, 1), threads: threads)
        for (hits, query) in zip(hits, queries) {
            try checkExact(hits, query, k: k, oracle) { rowOfId[$0]! }
        }
    }

    private mutating func randomCount() -> Int {
        [0, 1, 2, 3, 30, 31, 64, 255, 257].randomElement(using: &generator)!
    }

    private mutating func randomIds(_ count: Int) -> [Int64] {
        let bound = Int64(count < 4 ? 50 : 1_000_000)
        return (0..<count).map { _ in Int64.random(in: -bound...bound, using: &generator) }
    }

    /// Some of them on a coarse grid, so that many are copies.
    private mutating func randomVectors(_ count: Int) -> [[Float]] {
        let isCoarse = Bool.random(using: &generator)
        return (0..<count).map { _ in
            let vector = generator.normals(dim)
            guard isCoarse else { return vector }
            return [vector[0].rounded() + 0.25] + vector.dropFirst().map { $0.rounded() }
        }
    }
}
