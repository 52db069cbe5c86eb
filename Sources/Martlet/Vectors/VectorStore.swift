import CIntrinsics

/// The vectors of an index as float32 rows, exactly as given, and one derived float per row.
///
/// A row is `stride` floats: `dim` components and zeros up to a multiple of 8. The derived float
/// (`aux`) is, by metric:
/// - l2: not kept.
/// - cosine: 1 / length.
/// - ip: the lift. Inner product alone does not give a navigable graph (vectors of small length get
///   no links), so the graph is built on vectors lifted onto a sphere by one more component,
///   sqrt(R^2 - length^2), where R is at least every length: there the nearest by distance is the
///   largest by inner product (Bachrach et al., RecSys 2014, doi:10.1145/2645710.2645741).
struct VectorStore {
    let reader: VectorReader
    private(set) var rows = AppendArray<Float>()
    private(set) var aux = AppendArray<Float>()
    /// R of the lift.
    private(set) var radius: Float = 0

    private var stride: Int { reader.stride }
    private var metric: Metric { reader.metric }

    init(_ reader: VectorReader) { self.reader = reader }

    func free() {
        rows.free()
        aux.free()
    }

    /// Makes room for `rows` more than `count` vectors, and hands outgrown tables to `retired`.
    mutating func reserve(
        rows more: Int, count: Int, retired: inout RetiredMemory
    ) throws(MartletError) {
        let floats = (count + more).multipliedReportingOverflow(by: stride)
        guard !floats.overflow else { throw .outOfMemory(bytes: .max) }
        retired.add(try rows.reserve(floats.partialValue, keeping: count * stride))
        if metric != .l2 { retired.add(try aux.reserve(count + more, keeping: count)) }
    }

    /// Reads a batch from the caller's memory into the rows behind `count`, each once, and checks
    /// what was read. Room must be reserved; nothing is visible yet.
    /// - Throws: `notFinite`, `tooLong`, `tooShort`, `cancelled`, `outOfMemory`.
    mutating func read(
        _ matrix: Matrix, count: Int, control: Control?, retired: inout RetiredMemory
    ) throws(MartletError) {
        var longest: Float = 0
        for row in 0..<matrix.rows {
            if row & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            let squared = try reader.load(matrix, row: row, to: self.row(count + row))
            longest = max(longest, squared)
            if metric == .cosine { aux[count + row] = 1 / squared.squareRoot() }
        }
        if metric == .ip {
            try lift(squaredLength: longest, count: count, more: matrix.rows, &retired)
        }
    }

    /// Takes back what a failed batch did to the `count` vectors before it.
    mutating func restore(radius before: Float, count: Int) {
        guard radius != before else { return }
        radius = before
        for slot in 0..<count { aux[slot] = lift(slot) }
    }

    func row(_ slot: Int) -> UnsafeMutablePointer<Float> { rows.base! + slot &* stride }

    /// Lifts the new rows; a longer vector than ever before makes the sphere larger, by a tenth more
    /// than needed so that this stays rare, and lifts all rows anew, into a new table.
    private mutating func lift(
        squaredLength longest: Float, count: Int, more: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        var first = count
        if longest.squareRoot() > radius {
            var lifts = AppendArray<Float>()
            _ = try lifts.reserve(aux.capacity, keeping: 0)
            retired.add(UnsafeMutableRawPointer(aux.base))
            aux = lifts
            radius = longest.squareRoot() * (count == 0 ? 1 : 1.1)
            first = 0
        }
        for slot in first..<count + more { aux[slot] = lift(slot) }
    }

    private func lift(_ slot: Int) -> Float {
        max(0, radius * radius - reader.squaredLength(row(slot))).squareRoot()
    }
}

/// The vectors as one version's readers see them.
///
/// Safety: the pointers are valid while the version is pinned.
struct VectorView {
    let metric: Metric
    let stride: Int
    let rows: UnsafePointer<Float>
    let aux: UnsafePointer<Float>?
    let radius: Float
    let kernels: kernels_table

    func row(_ slot: UInt32) -> UnsafePointer<Float> { rows + Int(slot) &* stride }
}

extension VectorStore {
    /// nil as long as nothing was ever reserved.
    var view: VectorView? {
        guard let base = rows.base else { return nil }
        return VectorView(
            metric: reader.metric, stride: reader.stride, rows: base, aux: aux.base,
            radius: radius, kernels: reader.kernels)
    }
}
