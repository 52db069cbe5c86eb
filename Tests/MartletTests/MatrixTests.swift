import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct MatrixTests {
    /// What numpy would call a[::2, ::-1], a.T, a[0:1] repeated, and so on.
    @Test(
        arguments: [
            Layout(offset: 0, rowStride: 24, componentStride: 4),
            Layout(offset: 20, rowStride: 24, componentStride: -4),
            Layout(offset: 96, rowStride: -24, componentStride: 4),
            Layout(offset: 0, rowStride: 48, componentStride: 8),
            Layout(offset: 0, rowStride: 4, componentStride: 24),
            Layout(offset: 8, rowStride: 0, componentStride: 4),
            Layout(offset: 8, rowStride: 24, componentStride: 0),
            Layout(offset: 8, rowStride: 0, componentStride: 0),
        ], [0, 1])
    func readsEveryLayout(layout: Layout, misalignment: Int) throws {
        let index = try Index(Configuration(dim: 3))
        var generator = SeededGenerator(7)
        let floats = generator.normals(64).withUnsafeBytes { Array($0) }
        try ([UInt8](repeating: 0, count: misalignment) + floats).withUnsafeBytes { bytes in
            let start = bytes.baseAddress! + misalignment
            let expected = (0..<3).map { row in
                (0..<3).map { column in
                    let place = layout.offset + row * layout.rowStride
                    return start.loadUnaligned(
                        fromByteOffset: place + column * layout.componentStride, as: Float.self)
                }
            }
            try index.add(layout.matrix(start, rows: 3, columns: 3))
            #expect(try index.rows([0, 1, 2]) == expected)
        }
    }

    @Test func anEmptyMatrixNeedsNoMemory() throws {
        let empty = Matrix(
            data: nil, rows: 0, columns: 3, rowStride: .max, componentStride: .min,
            element: .float32)
        #expect(throws: Never.self) { try empty.check(dim: 3) }
        #expect(throws: MartletError.dimensionMismatch(given: 3, expected: 4)) {
            try empty.check(dim: 4)
        }
    }

    @Test func memoryIsNeededForRows() {
        expectInvalid("the vectors are NULL, but rows is 2, not 0") { $0.data = nil }
    }

    @Test func rowsAreCountable() {
        expectInvalid("rows is -1, but must be 0 or more") { $0.rows = -1 }
    }

    @Test(arguments: [
        (2, 2, Int.max, 1), (2, 2, 1, Int.max), (3, 2, Int.max, 0), (3, 1, Int.min, 0),
        (2, 3, 0, Int.min), (2, 2, Int.min, -1), (Int.max, 1, 2, 0), (Int.max, 2, -2, 4),
    ])
    func addressesMustNotOverflow(rows: Int, columns: Int, rowStride: Int, componentStride: Int) {
        expectInvalid("\(rows) rows \(rowStride) bytes apart span more than the address space") {
            $0.rows = rows
            $0.columns = columns
            $0.rowStride = rowStride
            $0.componentStride = componentStride
        }
    }

    @Test func oneRowAndColumnMayHaveAnyStride() throws {
        let index = try Index(Configuration(dim: 1))
        try [Float(5)].withUnsafeBytes { bytes in
            let layout = Layout(offset: 0, rowStride: .min, componentStride: .max)
            try index.add(layout.matrix(bytes.baseAddress!, rows: 1, columns: 1))
        }
        #expect(try index.rows([0]) == [[5]])
    }

    private func expectInvalid(_ sentence: String, _ damage: (inout Matrix) -> Void) {
        let floats: [Float] = [1, 2, 3, 4]
        floats.withUnsafeBufferPointer { floats in
            var matrix = Matrix(floats.baseAddress!, rows: 2, columns: 2)
            damage(&matrix)
            #expect(throws: MartletError.invalidArgument(sentence)) {
                try matrix.check(dim: matrix.columns)
            }
        }
    }
}

struct Layout: CustomTestStringConvertible {
    let offset: Int
    let rowStride: Int
    let componentStride: Int

    var testDescription: String { "\(offset) + \(rowStride) row + \(componentStride) column" }

    func matrix(_ memory: UnsafeRawPointer, rows: Int, columns: Int) -> Matrix {
        Matrix(
            data: memory + offset, rows: rows, columns: columns, rowStride: rowStride,
            componentStride: componentStride, element: .float32)
    }
}
