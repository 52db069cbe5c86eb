@testable import Martlet

/// The rotation before vectors are encoded, by its definition, in plain loops: signs, then Hadamard's
/// matrix for the first components and for the last, as many as the largest power of two that fits.
struct PlainRotation {
    private let size: Int
    /// One list per round.
    private let signs: [[Double]]

    init(_ quantizer: Quantizer) {
        let (size, table) = (quantizer.reader.codeStride, quantizer.table)
        self.size = size
        signs = (1..<1 + quantizer.rounds).map { round in
            (0..<size).map { Double(table[round * size + $0]) }
        }
    }

    /// Fills `vector` up with zeros first.
    func rotate(_ vector: [Float]) -> [Double] {
        var values = vector.map { Double($0) }
        values += [Double](repeating: 0, count: size - vector.count)
        let part = 1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)
        for signs in signs {
            values = zip(values, signs).map { $0 * $1 }
            values = hadamard(values[..<part]) + values[part...]
            if part < size {
                values = values[..<(size - part)] + hadamard(values[(size - part)...])
            }
        }
        return values
    }

    private func hadamard(_ slice: ArraySlice<Double>) -> [Double] {
        let (values, scale) = (Array(slice), 1 / Double(slice.count).squareRoot())
        return values.indices.map { i in
            var sum = 0.0
            for j in values.indices {
                sum += (i & j).nonzeroBitCount % 2 == 0 ? values[j] : -values[j]
            }
            return sum * scale
        }
    }
}
