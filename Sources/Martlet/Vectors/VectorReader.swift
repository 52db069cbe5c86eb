import CIntrinsics

/// Reads vectors out of the caller's memory into rows, and checks them: stored ones and queries.
struct VectorReader {
    /// Keeps squared distances finite: |x - y|^2 <= 4 max |x|^2, and twice that is room for rounding
    /// and for the lift.
    static let maxSquaredLength = Float.greatestFiniteMagnitude / 8
    static let minCosineSquaredLength: Float = 1e-30

    let dim: Int
    /// Floats per row: `dim`, rounded up to what the kernels work in.
    let stride: Int
    /// Bytes per code: `dim`, likewise rounded up.
    let codeStride: Int
    let metric: Metric
    let kernels: kernels_table

    init(dim: Int, metric: Metric, kernels: kernels_table) {
        (self.dim, self.metric, self.kernels) = (dim, metric, kernels)
        (stride, codeStride) = ((dim + 7) & ~7, Self.codeStride(dim))
    }

    static func codeStride(_ dim: Int) -> Int { (dim + 31) & ~31 }

    /// Converts one row, whatever its element type and strides, and returns its squared length.
    /// - Throws: `notFinite`, `tooLong`, `tooShort`.
    @inline(__always)
    func load(
        _ matrix: Matrix, row: Int, to out: UnsafeMutablePointer<Float>
    ) throws(MartletError) -> Float {
        if let column = matrix.convert(row: row, to: out, kernels) {
            throw .notFinite(row: row, column: column)
        }
        (out + dim).update(repeating: 0, count: stride - dim)
        let squared = squaredLength(out)
        guard squared <= Self.maxSquaredLength else { throw .tooLong(row: row) }
        guard metric != .cosine || squared >= Self.minCosineSquaredLength else {
            throw .tooShort(row: row)
        }
        return squared
    }

    func squaredLength(_ row: UnsafePointer<Float>) -> Float {
        var (first, squared): (UInt32, Float) = (0, 0)
        kernels.dot_products(row, row, UInt64(stride * 4), &first, 1, &squared)
        return squared
    }
}
