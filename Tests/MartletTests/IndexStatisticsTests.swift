import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IndexStatisticsTests {
    @Test func anEmptyIndexHasNothing() throws {
        let statistics = try Index(Configuration(dim: 4)).statistics()
        #expect(statistics.count == 0)
        #expect(statistics.graph == GraphStatistics())
        #expect([statistics.vectorBytes, statistics.codeBytes, statistics.linkBytes] == [0, 0, 0])
    }

    @Test(arguments: Metric.all)
    func theGraphIsCounted(metric: Metric) throws {
        let data = Dataset(.clustered, count: 500, dim: 10, seed: 6)
        let index = try Index(Configuration(dim: 10, metric: metric, M: 4, efConstruction: 20))
        try index.addRows(data.vectors)
        let graph = index.contents.graphStore.graph
        let degrees = (0..<500).map { graph.layer(0).count(of: $0) }
        let levels = (0..<500).map { Int(graph.levels![$0]) }
        let statistics = try index.statistics()
        #expect(statistics.count == 500)
        #expect(statistics.graph.links == degrees.reduce(0, +))
        #expect(statistics.graph.maxLinks == degrees.max())
        #expect(statistics.graph.reachable == 500)
        #expect(statistics.graph.levels == (0...15).map { level in levels.count { $0 == level } })
    }

    /// Rows of 16 floats, a derived float but under l2; 8 links on layer 0 and 4 per level above.
    @Test func bytesAreThoseInUse() throws {
        let data = Dataset(.uniform, count: 500, dim: 10, seed: 6)
        for metric in Metric.all {
            let index = try Index(Configuration(dim: 10, metric: metric, M: 4, efConstruction: 20))
            try index.addRows(data.vectors)
            let statistics = try index.statistics()
            let upperRows = statistics.graph.levels.enumerated().reduce(0) { $0 + $1.0 * $1.1 }
            #expect(statistics.vectorBytes == 500 * (16 + (metric == .l2 ? 0 : 1)) * 4)
            #expect(statistics.codeBytes == 0)
            #expect(statistics.linkBytes == (500 * 8 + upperRows * 4) * 4)
            #expect((500 * 12...500 * 20).contains(statistics.idBytes))
            #expect(statistics.otherBytes == 500 * 21)
        }
    }

    /// Padded to a multiple of 32 bytes.
    @Test(arguments: Metric.all)
    func codesAreCountedIfThereAreAny(metric: Metric) throws {
        let data = Dataset(.uniform, count: CodeStore.minCount, dim: 33, seed: 6)
        let index = try Index(Configuration(dim: 33, metric: metric, M: 4, efConstruction: 20))
        try index.addRows(data.vectors)
        #expect(try index.statistics().codeBytes == (metric == .ip ? 0 : data.vectors.count * 64))
    }

    @Test func theLatestAddIsReported() throws {
        let index = try Index(Configuration(dim: 3, efConstruction: 20))
        let data = Dataset(.uniform, count: 300, dim: 3, seed: 6)
        try index.addRows(data.vectors, threads: 2)
        let first = try index.statistics().lastAdd
        #expect(first.rows == 300 && first.element == .float32 && first.threads == 2)
        #expect(first.distances > 300 * 20)
        #expect(first.total >= first.reading + first.encoding + first.ids + first.graph)
        #expect(throws: MartletError.self) { try index.addRows([[1, 2, .nan]] as [[Float]]) }
        #expect(try index.statistics().lastAdd.rows == 300)
        try index.addRows([[1, 2, 3], [4, 5, 6]] as [[Int8]])
        let second = try index.statistics().lastAdd
        #expect(second.rows == 2 && second.element == .int8 && second.threads == 1)
    }

    @Test func distancesDoNotDependOnThreads() throws {
        let data = Dataset(.uniform, count: 600, dim: 3, seed: 6)
        let counts = try [1, 2, 5].map { threads in
            let index = try Index(Configuration(dim: 3, efConstruction: 20))
            try index.addRows(data.vectors, threads: threads)
            return try index.statistics().lastAdd.distances
        }
        #expect(counts[1] == counts[0] && counts[2] == counts[0])
    }
}
