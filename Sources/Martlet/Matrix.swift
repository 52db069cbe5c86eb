import CIntrinsics

/// The number format of a component in the caller's memory.
public enum Element: Int32, Sendable {
    case float32 = 0
    case float64 = 1
    case float16 = 2
    case int8 = 3
    case uint8 = 4
}

/// Rows of vectors in the caller's memory, read in place during a call.
///
/// Strides count bytes, may be zero or negative, and need not be aligned.
/// Safety: the caller vouches that every element of every row can be read.
public struct Matrix {
    /// Address of element (0, 0).
    public var data: UnsafeRawPointer?
    public var rows: Int
    public var columns: Int
    public var rowStride: Int
    public var componentStride: Int
    public var element: Element

    public init(
        data: UnsafeRawPointer?, rows: Int, columns: Int, rowStride: Int, componentStride: Int,
        element: Element
    ) {
        (self.data, self.rows, self.columns) = (data, rows, columns)
        (self.rowStride, self.componentStride) = (rowStride, componentStride)
        self.element = element
    }

    /// Rows of contiguous floats.
    public init(_ floats: UnsafePointer<Float>?, rows: Int, columns: Int) {
        let size = MemoryLayout<Float>.size
        self.init(
            data: floats, rows: rows, columns: columns,
            rowStride: columns * size, componentStride: size, element: .float32)
    }

    /// - Throws: `invalidArgument` if there are rows and no memory, or the address arithmetic would
    ///   overflow; `dimensionMismatch` if the columns are not the index's.
    func check(dim: Int) throws(MartletError) {
        guard columns == dim else { throw .dimensionMismatch(given: columns, expected: dim) }
        guard rows >= 0 else { throw .invalidArgument("rows is \(rows), but must be 0 or more") }
        guard rows > 0 else { return }
        guard data != nil else {
            throw .invalidArgument("the vectors are NULL, but rows is \(rows), not 0")
        }
        let down = rowStride.multipliedReportingOverflow(by: rows - 1)
        let across = componentStride.multipliedReportingOverflow(by: columns - 1)
        let span = down.partialValue.addingReportingOverflow(across.partialValue)
        guard !down.overflow, !across.overflow, !span.overflow else {
            throw .invalidArgument(
                "\(rows) rows \(rowStride) bytes apart span more than the address space")
        }
    }

    /// Converts one row to floats; returns the column of the first that is not finite, if any.
    @inline(__always)
    func convert(row: Int, to out: UnsafeMutablePointer<Float>, _ kernels: kernels_table) -> Int? {
        let source = data! + row &* rowStride
        let bad = kernels.convert(
            source, element.rawValue, Int64(componentStride), UInt64(columns), out)
        return bad == UInt64(columns) ? nil : Int(bad)
    }
}
