import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct VectorStoreTests {
    @Test(arguments: Metric.all)
    func rowsAreStoredAsGiven(metric: Metric) throws {
        var generator = SeededGenerator(1)
        let stored = StoredVectors(metric, dim: 5)
        var all: [[Float]] = []
        for count in [1, 2, 40, 2000, 500] {
            let batch = (0..<count).map { _ in generator.normals(5) }
            try stored.append(batch)
            all += batch
        }
        #expect(stored.store.count == all.count)
        let rows = all.indices.map { slot in (0..<8).map { stored.store.row(slot)[$0] } }
        #expect(rows == all.map { $0 + [0, 0, 0] })
    }

    @Test func cosineKeepsReciprocalLengths() throws {
        let stored = try StoredVectors(.cosine, [[3, 4], [0, -2]])
        #expect(stored.aux == [0.2, 0.5])
    }

    @Test func theFirstBatchesLongestVectorIsTheRadius() throws {
        let stored = try StoredVectors(.ip, [[3, 0], [0, 5], [0, 0]])
        #expect(stored.store.radius == 5)
        #expect(stored.aux == [4, 0, 5])
    }

    @Test func zeroVectorsHaveNoRadius() throws {
        let stored = try StoredVectors(.ip, [[0, 0], [0, 0]])
        #expect(stored.store.radius == 0)
        #expect(stored.aux == [0, 0])
    }

    @Test func aLongerVectorMakesTheSphereATenthLargerThanNeeded() throws {
        let stored = try StoredVectors(.ip, [[3, 0], [0, 5]])
        try stored.append([[0, 5]])
        #expect(stored.store.radius == 5)
        try stored.append([[0, 10]])
        #expect(abs(stored.store.radius - 11) < 1e-5)
        let lifts = [112, 96, 96, 21].map { Float($0).squareRoot() }
        #expect(zip(stored.aux, lifts).allSatisfy { abs($0 - $1) < 1e-4 })
        try stored.append([[0, 10.9]])
        #expect(abs(stored.store.radius - 11) < 1e-5)
    }

    /// A state stays what it was, whatever became of the next.
    @Test(arguments: Metric.all, [MemoryForm.balanced, .compact])
    func earlierStatesStayValid(metric: Metric, memory: MemoryForm) throws {
        let data = Dataset(.uniform, count: 3000, dim: 6, seed: 2)
        let stored = StoredVectors(metric, dim: 6, memory)
        var states: [(VectorView, Int, Checksum)] = []
        for start in stride(from: 0, to: 3000, by: 300) {
            let batch = data.vectors[start..<start + 300].map { $0.map { $0 * Float(1 + start) } }
            try stored.appendInVain(batch.map { $0.map { $0 * 9 } })
            try stored.append(batch)
            let view = stored.view
            states.append((view, start + 300, checksum(view, start + 300)))
        }
        for (view, count, before) in states { #expect(checksum(view, count) == before) }
    }

    @Test(arguments: Metric.all, [MemoryForm.balanced, .compact])
    func whatFailsLeavesNoTrace(metric: Metric, memory: MemoryForm) throws {
        let data = Dataset(.uniform, count: 2300, dim: 6, seed: 2)
        let stored = StoredVectors(metric, dim: 6, memory)
        let twin = StoredVectors(metric, dim: 6, memory)
        for start in [0, 100, 1000] {
            let end = start == 1000 ? 2300 : start == 100 ? 1000 : 100
            let longer = data.vectors[start..<end].map { $0.map { $0 * 100 } }
            try stored.appendInVain(longer)
            #expect(throws: MartletError.notFinite(row: end - start, column: 5)) {
                try stored.append(longer + [[1, 2, 3, 4, 5, .nan]])
            }
            try stored.append(Array(data.vectors[start..<end]))
            try twin.append(Array(data.vectors[start..<end]))
            #expect(checksum(stored.view, end) == checksum(twin.view, end))
            #expect(stored.store.radius == twin.store.radius)
        }
    }

    private func checksum(_ view: VectorView, _ count: Int) -> Checksum {
        var sum = Checksum()
        for slot in 0..<UInt32(count) {
            if view.rows != nil {
                for i in 0..<view.reader.stride { sum.add(view.row(slot)[i].bitPattern) }
            }
            if let aux = view.aux { sum.add(aux[Int(slot)].bitPattern) }
            guard let codes = view.codes else { continue }
            for i in 0..<codes.stride { sum.add(codes.row(slot)[i]) }
        }
        return sum
    }
}
