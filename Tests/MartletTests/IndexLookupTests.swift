import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IndexLookupTests {
    @Test(arguments: Metric.all)
    func vectorsComeBackAsGiven(metric: Metric) throws {
        let data = Dataset(.unevenLengths, count: 300, dim: 9, seed: 5)
        let index = try Index(Configuration(dim: 9, metric: metric, efConstruction: 10))
        let ids = data.vectors.indices.map { Int64($0 * 7 - 1000) }
        for start in [0, 100, 200] {
            let batch = start..<start + 100
            try index.addRows(Array(data.vectors[batch]), ids: Array(ids[batch]))
        }
        #expect(try index.rows(ids.reversed()) == data.vectors.reversed())
        #expect(try index.rows([ids[5], ids[5]]) == [data.vectors[5], data.vectors[5]])
    }

    @Test func otherElementTypesComeBackAsFloats() throws {
        let index = try Index(Configuration(dim: 2))
        try index.addRows([[0.1, 1e-50]] as [[Double]])
        try index.addRows([[-128, 127]] as [[Int8]])
        try index.addRows([[255, 0]] as [[UInt8]])
        #expect(try index.rows([0, 1, 2]) == [[0.1, 0], [-128, 127], [255, 0]])
    }

    @Test func theFirstMissingIdIsNamed() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(throws: MartletError.idNotFound(id: 3)) { try index.rows([3]) }
        try index.addRows([[1], [2]] as [[Float]], ids: [4, 5])
        #expect(throws: MartletError.idNotFound(id: -1)) { try index.rows([4, -1, 5, 6]) }
        #expect(try index.rows([]) == [])
    }

    @Test func containsKnowsEachId() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(try index.holds([0, 1]) == [false, false])
        try index.addRows([[1], [2], [3]] as [[Float]], ids: [.min, -1, .max])
        #expect(
            try index.holds([-1, 0, .max, .min, 1, -1]) == [true, false, true, true, false, true])
        #expect(try index.holds([]) == [])
    }

    @Test func idsMayLieAnyDistanceApart() throws {
        let index = try Index(Configuration(dim: 1))
        try index.addRows([[1], [2], [3]] as [[Float]], ids: [10, 20, 30])
        try ([30, 0, 20, 0, 10] as [Int64]).withUnsafeBytes { bytes in
            let backward = IdColumn(data: bytes.baseAddress! + 32, stride: -16)
            var found = [Float](repeating: 0, count: 3)
            try index.get(backward, count: 3, into: &found)
            #expect(found == [1, 2, 3])
        }
    }
}
