import Glibc

/// The vectors of an index as float32 rows, exactly as given, and what is derived from them. In the
/// compact form, the codes alone, once there are codes; see `VectorStore+Compact.swift`.
///
/// A row is `stride` floats: `dim` components and zeros up to a multiple of 8. Derived are, by
/// metric, one float per row (`aux`):
/// - l2: none.
/// - cosine: 1 / length.
/// - ip: the lift, sqrt(R^2 - length^2), where R is at least every length; see `Space`.
///
/// and, for l2 and cosine, a code per row, which searches walk on if codes are fine enough for the
/// vectors; see `Quantizer`.
///
/// A value is one state of the store. The next one, from `appending`, shares the tables that have
/// room, writing behind `count` only; the old one stays valid.
struct VectorStore {
    let reader: VectorReader
    var memory: MemoryForm
    private(set) var count = 0
    var rows = AppendArray<Float>()
    /// The slot of the first row; 0 unless those before are codes.
    var firstRow = 0
    private(set) var aux = AppendArray<Float>()
    /// R of the lift.
    private(set) var radius: Float = 0
    var codes = CodeStore()

    init(_ reader: VectorReader, _ memory: MemoryForm) {
        (self.reader, self.memory) = (reader, memory)
    }

    /// Returns the store with a batch read from the caller's memory, each row once, and checked,
    /// but not encoded yet.
    /// - Throws: `notFinite`, `tooLong`, `tooShort`, `cancelled`, `outOfMemory`.
    func appending(_ matrix: Matrix, control: Control?) throws(MartletError) -> VectorStore {
        var next = self
        do throws(MartletError) {
            try next.append(matrix, control)
        } catch {
            next.free(sharedWith: self)
            throw error
        }
        return next
    }

    private mutating func append(_ matrix: Matrix, _ control: Control?) throws(MartletError) {
        let needed = count + matrix.rows
        let floats = (needed - firstRow).multipliedReportingOverflow(by: reader.stride)
        guard !floats.overflow else { throw .outOfMemory(bytes: .max) }
        _ = try rows.reserve(floats.partialValue, keeping: (count - firstRow) * reader.stride)
        if reader.metric == .cosine { _ = try aux.reserve(needed, keeping: count) }
        var longest: Float = 0
        for row in 0..<matrix.rows {
            if row & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            let squared = try reader.load(matrix, row: row, to: self.row(count + row))
            longest = max(longest, squared)
            if reader.metric == .cosine { aux[count + row] = 1 / squared.squareRoot() }
        }
        if reader.metric == .ip { try lift(upTo: needed, longest: longest.squareRoot()) }
        count = needed
    }

    /// Encodes what was appended to `before`; frees this store's own tables if it fails.
    mutating func encode(since before: VectorStore, _ control: Control?) throws(MartletError) {
        guard reader.metric != .ip else { return }
        do throws(MartletError) {
            if before.areCodes {
                try encodeBehindCodes(control)
            } else {
                try codes.append(from: before.count, to: count, view, covering: coverage, control)
            }
        } catch {
            free(sharedWith: before)
            throw error
        }
    }

    /// Lifts the rows from `count` on. A longer vector than ever before makes the sphere larger, by a
    /// tenth more than needed so that this stays rare, and lifts all rows anew, into a new table.
    private mutating func lift(upTo needed: Int, longest: Float) throws(MartletError) {
        var first = count
        if longest > radius || count == 0 {
            radius = longest * (count == 0 ? 1 : 1.1)
            aux = AppendArray()
            first = 0
        }
        _ = try aux.reserve(needed, keeping: count)
        for slot in first..<needed {
            let squared = radius * radius - reader.squaredLength(row(slot))
            aux[slot] = max(0, squared).squareRoot()
        }
    }

    /// A store of its own with the rows that stay.
    func compacted(_ moves: SlotMoves, _ control: Control?) throws(MartletError) -> VectorStore {
        var next = VectorStore(reader, memory)
        guard !moves.kept.isEmpty else { return next }
        do throws(MartletError) {
            try next.copy(self, moves, control)
        } catch {
            next.free()
            throw error
        }
        return next
    }

    private mutating func copy(
        _ other: VectorStore, _ moves: SlotMoves, _ control: Control?
    ) throws(MartletError) {
        (count, radius) = (moves.kept.count, other.radius)
        if other.areCodes {
            firstRow = count
        } else {
            rows = try AppendArray(room: count * reader.stride)
            for (target, slot) in moves.kept.enumerated() {
                if target & 1023 == 0, control?.isCancelled == true { throw .cancelled }
                row(target).update(from: other.row(Int(slot)), count: reader.stride)
            }
        }
        if other.aux.base != nil {
            aux = try AppendArray(room: count)
            for (target, slot) in moves.kept.enumerated() { aux[target] = other.aux[Int(slot)] }
        }
        codes = try other.codes.compacted(moves, stride: reader.codeStride)
    }

    /// Becomes what a file holds.
    mutating func read(_ file: SectionReader, _ parameters: Parameters) throws(MartletError) {
        (count, radius) = (parameters.slots, parameters.radius)
        if memory == .compact, parameters.stepsPerUnit > 0 {
            firstRow = count
        } else {
            rows = try file.table(.rows, Float.self, count: count * reader.stride)
        }
        if reader.metric != .l2 { aux = try file.table(.derived, Float.self, count: count) }
        codes = try CodeStore(reader, file, parameters)
    }

    func row(_ slot: Int) -> UnsafeMutablePointer<Float> {
        rows.base! + (slot &- firstRow) &* reader.stride
    }

    /// nil if there are no codes.
    var quantizer: Quantizer? { codes.quantizer }

    var view: VectorView {
        VectorView(
            reader: reader, rows: areCodes ? nil : rows.base, aux: aux.base, radius: radius,
            codes: codes.view,
            training: codes.training)
    }

    /// The tables of this store that `other` does not have.
    func tables(notIn other: VectorStore) -> [UnsafeMutableRawPointer] {
        let others = other.tables
        return tables.filter { !others.contains($0) }
    }

    /// Frees the tables but for those of `other`.
    func free(sharedWith other: VectorStore? = nil) {
        for table in other.map(tables(notIn:)) ?? tables { Glibc.free(table) }
    }

    private var tables: [UnsafeMutableRawPointer] {
        [rows.owned, aux.owned].compactMap { $0 } + codes.tables
    }
}

/// The vectors as one version's readers see them.
///
/// Safety: the pointers are valid while the version is pinned.
struct VectorView {
    let reader: VectorReader
    /// nil if vectors are what their codes stand for.
    let rows: UnsafePointer<Float>?
    let aux: UnsafePointer<Float>?
    /// See `VectorStore`.
    let radius: Float
    /// nil if searches walk on the rows themselves.
    var codes: CodeView?
    let training: CodeStore.Training

    func row(_ slot: UInt32) -> UnsafePointer<Float> { rows! + Int(slot) &* reader.stride }

    /// Bytes of `count` vectors, without their codes.
    func bytes(count: Int) -> Int {
        count * ((rows == nil ? 0 : reader.stride) + (aux == nil ? 0 : 1))
            * MemoryLayout<Float>.size
    }

    /// Writes the vector of a slot: `dim` components.
    /// - Parameter room: `codeStride` floats.
    func copy(
        _ slot: UInt32, to out: UnsafeMutablePointer<Float>, room: UnsafeMutablePointer<Float>
    ) {
        guard rows == nil, let codes else {
            return out.update(from: row(slot), count: reader.dim)
        }
        codes.decode(slot, length: aux.map { 1 / $0[Int(slot)] }, to: out, room: room)
    }

    /// Bytes per row that distances are computed of.
    var comparedBytes: Int { codes?.stride ?? reader.stride * MemoryLayout<Float>.size }

    /// The same vectors, to be compared by themselves, if they are more than their codes.
    var exact: VectorView {
        var view = self
        if rows != nil { view.codes = nil }
        return view
    }

    /// Whether codes cannot tell the nodes of a beam apart, by the distance of the one at `place` or
    /// else the last: most of that is rounding then.
    func isBlurred(_ beam: Beam, at place: Int) -> Bool {
        guard codes != nil, beam.count > 0 else { return false }
        return beam.distance(min(place, beam.count - 1)) < Quantizer.leastReadable
    }
}
