import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct VectorReaderTests {
    @Test func rowsArePaddedWithZeros() throws {
        for (dim, stride) in [(1, 8), (7, 8), (8, 8), (9, 16), (17, 24)] {
            let row = try Row(.l2, dim: dim)
            #expect(row.reader.stride == stride)
            let vector = (1...dim).map { Float($0) }
            #expect(try row.load([vector]) == vector.reduce(0) { $0 + $1 * $1 })
            #expect(row.floats == vector + [Float](repeating: 0, count: stride - dim))
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func theFirstComponentThatIsNotFiniteIsNamed(bad: Float) throws {
        let row = try Row(.l2, dim: 11)
        for column in 0..<11 {
            var vector = [Float](repeating: 1, count: 11)
            for i in column..<11 { vector[i] = bad }
            #expect(throws: MartletError.notFinite(row: 1, column: column)) {
                try row.load([[Float](repeating: 0, count: 11), vector], row: 1)
            }
        }
    }

    @Test func doublesBeyondFloatAreNotFinite() throws {
        let row = try Row(.l2, dim: 3)
        #expect(throws: MartletError.notFinite(row: 0, column: 2)) {
            try row.load([[0, 1, 1e39 as Double]])
        }
        #expect(try row.load([[1e-60 as Double, 3, 4]]) == 25)
    }

    @Test func lengthsAreBounded() throws {
        let longest = VectorReader.maxSquaredLength.squareRoot()
        for metric in [Metric.l2, .ip, .cosine] {
            let row = try Row(metric, dim: 1)
            #expect(throws: MartletError.tooLong(row: 0)) { try row.load([[longest * 1.001]]) }
            #expect(throws: Never.self) { try row.load([[longest * 0.999]]) }
        }
    }

    @Test func onlyCosineNeedsADirection() throws {
        let shortest = VectorReader.minCosineSquaredLength.squareRoot()
        for metric in [Metric.l2, .ip] {
            #expect(try Row(metric, dim: 2).load([[0 as Float, 0]]) == 0)
        }
        let row = try Row(.cosine, dim: 2)
        #expect(throws: MartletError.tooShort(row: 0)) { try row.load([[0 as Float, 0]]) }
        #expect(throws: MartletError.tooShort(row: 1)) {
            try row.load([[1, 1], [shortest * 0.999, 0]], row: 1)
        }
        #expect(throws: Never.self) { try row.load([[0, shortest * 1.001]]) }
    }
}

/// A reader and the memory of one row.
private final class Row {
    let reader: VectorReader
    private let memory: UnsafeMutablePointer<Float>

    init(_ metric: Metric, dim: Int) throws {
        reader = VectorReader(dim: dim, metric: metric, kernels: InstructionSet.kernels)
        memory = try Memory.allocate(Float.self, reader.stride)
        memory.initialize(repeating: -1, count: reader.stride)
    }

    deinit { free(memory) }

    var floats: [Float] { (0..<reader.stride).map { memory[$0] } }

    @discardableResult
    func load<C: Component>(_ rows: [[C]], row: Int = 0) throws(MartletError) -> Float {
        try withMatrix(rows, columns: reader.dim) { matrix throws(MartletError) in
            try reader.load(matrix, row: row, to: memory)
        }
    }
}
