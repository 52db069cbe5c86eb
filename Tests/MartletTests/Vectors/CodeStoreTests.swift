import MartletTestSupport
import Testing

@testable import Martlet

/// Codes of vectors, and when there are any.
@Suite struct CodeStoreTests {
    @Test(arguments: [Metric.l2, .cosine])
    func fewVectorsHaveNone(metric: Metric) throws {
        let data = Dataset(.uniform, count: CodeStore.minCount, dim: 16, seed: 1)
        let stored = try StoredVectors(metric, Array(data.vectors.dropLast()))
        #expect(stored.view.codes == nil)
        try stored.append([data.vectors.last!])
        #expect(stored.view.codes != nil)
    }

    @Test func innerProductHasNone() throws {
        let data = Dataset(.uniform, count: 2000, dim: 16, seed: 1)
        #expect(try StoredVectors(.ip, data.vectors).view.codes == nil)
    }

    /// Half a step per component of the rotated vectors, but for the few that were clamped.
    @Test(arguments: [Metric.l2, .cosine], [20, 31, 32, 33])
    func codesAreTheRotatedVectorsRounded(metric: Metric, dim: Int) throws {
        let data = Dataset(.uniform, count: 2000, dim: dim, seed: 2)
        let stored = try StoredVectors(metric, data.vectors)
        let codes = try #require(stored.view.codes)
        #expect(codes.stride == (dim + 31) / 32 * 32)
        let rotation = PlainRotation(codes.quantizer)
        var far = 0
        for (slot, vector) in data.vectors.enumerated() {
            let length = Float(Oracle.dot(vector, vector).squareRoot())
            let scaled = metric == .cosine ? vector.map { $0 / length } : vector
            for (i, component) in rotation.rotate(scaled).enumerated() {
                let code = Float(codes.row(UInt32(slot))[i])
                let exact =
                    Float(component) * codes.quantizer.stepsPerUnit - codes.quantizer.offsets[i]
                if abs(code - exact) > 0.501 { far += 1 }
            }
        }
        #expect(far < data.vectors.count * dim / 100)
    }

    /// The vectors are spread over all components, however few they have.
    @Test(arguments: [12, 32, 40])
    func rotationsMixAllComponents(dim: Int) throws {
        let data = Dataset(.uniform, count: 2000, dim: dim, seed: 8)
        let quantizer = try #require(StoredVectors(.l2, data.vectors).view.codes).quantizer
        #expect(quantizer.rounds == Quantizer.usualRounds)
        let rotation = PlainRotation(quantizer)
        for place in 0..<dim {
            let rotated = rotation.rotate((0..<dim).map { $0 == place ? 1 : 0 })
            #expect(rotated.map(abs).max()! < 0.9, "component \(place)")
        }
    }

    /// Distances of codes are the vectors', in steps.
    @Test(arguments: [Metric.l2, .cosine])
    func distancesOfCodesFollowTheVectors(metric: Metric) throws {
        let data = Dataset(.uniform, count: 2000, dim: 40, seed: 3)
        let stored = try StoredVectors(metric, data.vectors)
        let codes = try #require(stored.view.codes)
        let unit = codes.quantizer.stepsPerUnit * codes.quantizer.stepsPerUnit
        let slots = (0..<2000).map { UInt32($0) }
        var distances = [Float](repeating: 0, count: 2000)
        Scorer(7, in: .searched, of: stored.view).score(slots, 2000, &distances)
        let oracle = Oracle(metric, data.vectors)
        for slot in 0..<2000 where slot != 7 {
            let exact = oracle.distance(data.vectors[7], slot) * (metric == .cosine ? 2 : 1)
            #expect(abs(Double(distances[slot] / unit) / exact - 1) < 0.1, "slot \(slot)")
        }
        #expect(distances[7] == 0)
    }

    /// Where rounding would hide who is near, searches walk on the vectors themselves.
    @Test func coarseCodesAreNotUsed() throws {
        var generator = SeededGenerator(4)
        let centers = (0..<20).map { _ in generator.normals(8).map { $0 * 1000 } }
        let tight = (0..<2000).map { i in centers[i % 20].map { $0 + generator.normal() } }
        #expect(try StoredVectors(.l2, tight).view.codes == nil)
        let same = [[Float]](repeating: [1, 2, 3], count: 2000)
        #expect(try StoredVectors(.l2, same).view.codes == nil)
    }

    /// A float cannot tell parts of a step that far from zero.
    @Test func codesFarFromZeroAreNotUsed() throws {
        let data = Dataset(.uniform, count: 2000, dim: 32, seed: 4)
        #expect(try StoredVectors(.l2, data.vectors).view.codes != nil)
        let far = data.vectors.map { $0.map { $0 + 1e6 } }
        #expect(try StoredVectors(.l2, far).view.codes == nil)
    }

    @Test(arguments: [12, 32, 33])
    func codesAreChosenAnewWhenTheCountHasDoubled(dim: Int) throws {
        let data = Dataset(.uniform, count: 4000, dim: dim, seed: 5)
        let stored = try StoredVectors(.l2, Array(data.vectors[..<1024]))
        let first = try #require(stored.view.codes).quantizer.offsets
        try stored.append(Array(data.vectors[1024..<2047]))
        #expect(stored.view.codes?.quantizer.offsets == first)
        try stored.append([data.vectors[2047]])
        #expect(stored.view.codes != nil && stored.view.codes?.quantizer.offsets != first)
    }

    /// Of the 100 added, all components lie outside of what the first 2000 span.
    @Test func codesAreChosenAnewWhenTooMuchIsClamped() throws {
        let data = Dataset(.uniform, count: 2000, dim: 32, seed: 6)
        let stored = try StoredVectors(.l2, data.vectors)
        let first = try #require(stored.view.codes).quantizer
        try stored.append(data.vectors[..<10].map { $0.map { $0 + 4 } })
        #expect(stored.view.codes?.quantizer.offsets == first.offsets)
        try stored.append(data.vectors[..<100].map { $0.map { $0 + 4 } })
        let second = try #require(stored.view.codes).quantizer
        #expect(second.stepsPerUnit < 0.8 * first.stepsPerUnit)
    }

    /// A query far outside of the codes' range is compared with the vectors themselves.
    @Test func queriesOutOfRangeAreNotEncoded() throws {
        let data = Dataset(.uniform, count: 2000, dim: 32, seed: 7)
        let stored = try StoredVectors(.l2, data.vectors)
        let codes = try #require(stored.view.codes)
        let inside = try StoredVectors(.l2, [data.vectors[5]])
        let outside = try StoredVectors(.l2, [data.vectors[5].map { $0 + 50 }])
        defer { withExtendedLifetime((inside, outside)) {} }
        try withQueryCode(stride: codes.stride) { room in
            #expect(codes.encode(Query(row: inside.view.row(0), length: 1), to: room))
            #expect((0..<codes.stride).allSatisfy { room.code[$0] == codes.row(5)[$0] })
            #expect(!codes.encode(Query(row: outside.view.row(0), length: 1), to: room))
        }
    }
}
