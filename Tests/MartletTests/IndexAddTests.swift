import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IndexAddTests {
    /// Batches that end before, on and behind the borders of chunks (256) and of pages (32 rows).
    @Test(
        arguments: [
            [1000],
            [1, 31, 1, 32, 33, 255, 1, 256, 257],
            [0, 255, 0, 2, 255, 256, 1],
            [Int](repeating: 1, count: 70),
            [Int](repeating: 10, count: 30),
            [300, 1, 1, 1, 300],
        ], Metric.all)
    func everyStepKeepsTheInvariants(batches: [Int], metric: Metric) throws {
        let count = batches.reduce(0, +)
        let data = Dataset(.duplicates, count: count, dim: 5, seed: 8)
        let index = try Index(Configuration(dim: 5, metric: metric, M: 4, efConstruction: 20))
        for batch in batches {
            let start = index.count
            let ids = try index.addRows(Array(data.vectors[start..<start + batch]))
            try #require(ids == (start..<start + batch).map { Int64($0) })
            try #require(index.count == start + batch)
            try index.checkInvariants()
        }
        #expect(try index.rows((0..<count).map { Int64($0) }) == data.vectors)
    }

    /// A budget of 2 links leaves the tree the least room; 512 is more than there are nodes.
    @Test(arguments: [2, 3, 512], Dataset.Kind.allCases)
    func everyLinkBudgetKeepsTheInvariants(M: Int, kind: Dataset.Kind) throws {
        let data = Dataset(kind, count: 400, dim: 4, seed: 9)
        for metric in Metric.all {
            let index = try Index(Configuration(dim: 4, metric: metric, M: M, efConstruction: 10))
            for batch in [data.vectors[..<300], data.vectors[300...]] {
                try index.addRows(Array(batch))
                try index.checkInvariants()
            }
        }
    }

    @Test(arguments: [1, 2, 10_000_000])
    func everyBeamWidthKeepsTheInvariants(efConstruction: Int) throws {
        let data = Dataset(.clustered, count: 600, dim: 4, seed: 9)
        let index = try Index(Configuration(dim: 4, M: 5, efConstruction: efConstruction))
        try index.addRows(data.vectors)
        try index.checkInvariants()
    }

    /// Opposite vectors of the greatest allowed length, whose distance is near Float's largest.
    @Test(arguments: [Metric.l2, .ip])
    func theLongestVectorsKeepTheInvariants(metric: Metric) throws {
        let longest = VectorReader.maxSquaredLength.squareRoot()
        try withEvery("seed", in: UInt64(0)..<500) { seed in
            var generator = SeededGenerator(seed)
            let direction = generator.normals(12)
            let vectors = [longest, -longest].map { length in
                let nearly = direction.map { $0 * (1 + 1e-7 * generator.normal()) }
                let scale = length / Float(Oracle.dot(nearly, nearly).squareRoot())
                return nearly.map { $0 * scale }
            }
            let index = try Index(Configuration(dim: 12, metric: metric))
            do throws(MartletError) { try index.addRows(vectors) } catch { return }
            try index.checkInvariants()
            let hits = try index.nearest(to: vectors, k: 2)
            try #require(hits.joined().allSatisfy { $0.distance.isFinite }, "\(hits)")
        }
    }

    @Test func zeroRowsChangeNothing() throws {
        let index = try Index(Configuration(dim: 2))
        #expect(try index.addRows([[Float]]()) == [])
        try index.addRows([[1, 2]] as [[Float]])
        let digest = index.digest
        #expect(try index.addRows([[Float]]()) == [])
        #expect(index.digest == digest)
    }

    @Test func controlCountsRows() throws {
        let index = try Index(Configuration(dim: 3, efConstruction: 10))
        let words = ControlWords()
        let data = Dataset(.uniform, count: 600, dim: 3, seed: 1)
        try index.addRows(data.vectors, control: words.control)
        #expect(words.total == 600 && words.done == 600)
        try index.addRows(Array(data.vectors[..<5]), control: words.control)
        #expect(words.total == 5 && words.done == 5)
    }

    @Test(arguments: [-1, 1025])
    func threadsOutOfBounds(threads: Int) throws {
        let index = try Index(Configuration(dim: 1))
        let sentence = "threads is \(threads), but must be from 0 to 1024"
        #expect(throws: MartletError.invalidArgument(sentence)) {
            try index.addRows([[1]] as [[Float]], threads: threads)
        }
    }

    @Test func assignedIdsMayBeUnwanted() throws {
        let index = try Index(Configuration(dim: 2))
        try withMatrix([[1, 2], [3, 4]] as [[Float]], columns: 2) { try index.add($0) }
        #expect(try index.rows([1, 0]) == [[3, 4], [1, 2]])
    }

    @Test func givenIdsAreWrittenToAssignedIdsToo() throws {
        let index = try Index(Configuration(dim: 1))
        let (ids, rows): ([Int64], [[Float]]) = ([9, 7], [[1], [2]])
        var written: [Int64] = [0, 0]
        try ids.withUnsafeBytes { column in
            try written.withUnsafeMutableBufferPointer { written in
                var options = AddOptions()
                options.ids = .integers(Integers(data: column.baseAddress, count: 2))
                options.assignedIds = written.baseAddress
                try withMatrix(rows, columns: 1) { try index.add($0, options) }
            }
        }
        #expect(written == ids)
    }
}
