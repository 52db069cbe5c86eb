import CIntrinsics
import Glibc

/// The codes of all vectors, if there are enough vectors to gain from them and the codes are fine
/// enough for these vectors.
///
/// Like the vector store, a value is one state; the next shares its table or replaces it.
struct CodeStore {
    /// Fewer vectors fit the caches as they are, and are too few to choose a quantizer by.
    static let minCount = 1024
    /// The share of components that may lie outside the codes' range before it is chosen anew.
    private static let maxClamped = 0.01

    var codes = AppendArray<UInt8>()
    var quantizer: Quantizer?
    var training = Training()

    /// When the quantizer was chosen, and how well it has fitted since.
    struct Training {
        /// How many vectors there were when it was chosen, or none found.
        var count = 0
        /// Components clamped since then.
        var clamped = 0
    }

    var view: CodeView? {
        quantizer.map { CodeView(codes: codes.base!, quantizer: $0) }
    }

    /// Encodes the rows from `first` on. Chooses the quantizer anew, for all rows, when their number
    /// has doubled or too much of what was added lies outside its range. Codes stay even if few vectors are
    /// left.
    mutating func append(
        from first: Int, to count: Int, _ vectors: VectorView,
        covering coverage: Quantizer.Coverage, _ control: Control?
    ) throws(MartletError) {
        guard count >= Self.minCount || quantizer != nil else { return }
        guard count < 2 * training.count else {
            return try retrain(count, vectors, covering: coverage, control)
        }
        guard let quantizer else { return }
        let before = codes
        let bytes = vectors.reader.codeStride
        _ = try codes.reserve(count * bytes, keeping: first * bytes)
        training.clamped += try encode(first..<count, of: vectors, quantizer, control)
        let most = Self.maxClamped * Double(count * quantizer.components)
        guard Double(training.clamped) > most else { return }
        if codes.base != before.base { codes.free() }
        try retrain(count, vectors, covering: coverage, control)
    }

    /// Chooses the quantizer anew and encodes all rows, or none if there is none for them.
    mutating func retrain(
        _ count: Int, _ vectors: VectorView, covering coverage: Quantizer.Coverage,
        _ control: Control?
    ) throws(MartletError) {
        (training, codes) = (Training(count: count), AppendArray())
        var exact = vectors
        exact.codes = nil
        quantizer = try Quantizer.train(exact, count: count, coverage, control)
        guard let quantizer else { return }
        _ = try codes.reserve(count * vectors.reader.codeStride, keeping: 0)
        _ = try encode(0..<count, of: vectors, quantizer, control)
    }

    /// Encodes rows of `vectors`, whose first is the row of slot `first`. Returns how many components were
    /// clamped.
    private func encode(
        _ rows: Range<Int>, of vectors: VectorView, from first: Int = 0, _ quantizer: Quantizer,
        _ control: Control?
    ) throws(MartletError) -> Int {
        var clamped = 0
        let rotated = try Memory.allocate(Float.self, vectors.reader.codeStride)
        defer { free(rotated) }
        for row in rows {
            if row & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            clamped += quantizer.encode(
                vectors.row(UInt32(row)), scale: vectors.scale(UInt32(row)), rotated: rotated,
                to: codes.base! + (first + row) &* vectors.reader.codeStride)
        }
        return clamped
    }

    /// Encodes `count` vectors behind `first` ones of which there are only codes, and clamps nothing: if
    /// they lie outside the codes' range, all codes are made anew, coarser.
    ///
    /// - Returns: false if codes would be too coarse; there are none then.
    mutating func extend(
        from first: Int, by count: Int, _ vectors: VectorView, _ control: Control?
    ) throws(MartletError) -> Bool {
        let (old, stride) = (view!, vectors.reader.codeStride)
        let next = try old.quantizer.covering(
            vectors, count: count, old, coded: first, control)
        let isNew = next.table != old.quantizer.table
        quantizer = next
        if isNew { codes = AppendArray() }
        var isFine = true
        if isNew {
            isFine = try next.isFine(for: vectors.replaced(by: old), count: first, control)
        }
        if isFine, count >= Self.minCount {
            isFine = try next.isFine(for: vectors, count: count, control)
        }
        guard isFine else {
            if isNew { free(next.table) }
            (quantizer, codes) = (nil, AppendArray())
            return false
        }
        _ = try codes.reserve((first + count) * stride, keeping: isNew ? 0 : first * stride)
        if isNew { try encode(old, first, next, control) }
        _ = try encode(0..<count, of: vectors, from: first, next, control)
        return true
    }

    /// Encodes anew what other codes stand for.
    private func encode(
        _ old: CodeView, _ count: Int, _ quantizer: Quantizer, _ control: Control?
    ) throws(MartletError) {
        let rotated = try Memory.allocate(Float.self, old.stride)
        defer { free(rotated) }
        for slot in 0..<count {
            if slot & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            old.quantizer.decode(old.row(UInt32(slot)), to: rotated)
            quantizer.encode(rotated: rotated, to: codes.base! + slot &* old.stride)
        }
    }

    /// A store of its own with the codes that stay.
    func compacted(_ moves: SlotMoves, stride: Int) throws(MartletError) -> CodeStore {
        var next = CodeStore()
        next.training = training
        guard let quantizer else { return next }
        next.codes = try AppendArray(room: moves.kept.count * stride)
        do throws(MartletError) {
            next.quantizer = try quantizer.copy()
        } catch {
            next.codes.free()
            throw error
        }
        for (target, slot) in moves.kept.enumerated() {
            (next.codes.base! + target * stride).update(
                from: codes.base! + Int(slot) * stride, count: stride)
        }
        return next
    }

    var tables: [UnsafeMutableRawPointer] {
        [codes.owned, quantizer.map { UnsafeMutableRawPointer($0.table) }].compactMap { $0 }
    }
}

/// The codes as one version's readers see them.
///
/// Safety: the pointers are valid while the version is pinned.
struct CodeView {
    let codes: UnsafePointer<UInt8>
    let quantizer: Quantizer

    /// Bytes per code.
    var stride: Int { quantizer.reader.codeStride }

    func row(_ slot: UInt32) -> UnsafePointer<UInt8> { codes + Int(slot) &* stride }

    /// Writes what a code stands for: a vector of `dim` components.
    /// - Parameters:
    ///   - length: Its length, if that is known: under cosine.
    ///   - room: `codeStride` floats.
    func decode(
        _ slot: UInt32, length: Float?, to out: UnsafeMutablePointer<Float>,
        room: UnsafeMutablePointer<Float>
    ) {
        let reader = quantizer.reader
        quantizer.decode(row(slot), to: room)
        quantizer.unrotate(room)
        (room + reader.dim).update(repeating: 0, count: stride - reader.dim)
        let squared = reader.squaredLength(room)
        let factor = squared > 0 ? (length.map { $0 / squared.squareRoot() } ?? 1) : 1
        for place in 0..<reader.dim { out[place] = room[place] * factor }
    }

    /// A query as codes see it, but not rounded: rotated, and in steps from the offsets.
    func steps(_ query: Query, to steps: UnsafeMutablePointer<Float>) {
        quantizer.steps(query.row, scale: scale(query), to: steps)
    }

    /// Encodes a query; false if too much of it lies outside the codes' range for it to be of use.
    func encode(_ query: Query, to room: QueryCode) -> Bool {
        let scale = scale(query)
        let clamped = quantizer.encode(
            query.row, scale: scale, rotated: room.rotated, to: room.code)
        return clamped == 0
            || clamped * 16 <= quantizer.components
                && quantizer.isNear(rotated: room.rotated, scale: scale)
    }

    /// Tables for estimates by the codes of links, of a query that was encoded.
    func lookup(_ query: Query, _ room: QueryCode) -> kernels_lookup {
        quantizer.reader.kernels.make_lookup(
            room.rotated, scale(query) * quantizer.stepsPerUnit, quantizer.offsets,
            UInt64(stride), room.tables)
    }

    private func scale(_ query: Query) -> Float {
        quantizer.reader.metric == .cosine ? 1 / query.length : 1
    }
}

/// Room for a query's code.
///
/// Safety: all have the quantizer's `codeStride` elements, the tables four times as many.
struct QueryCode {
    let rotated: UnsafeMutablePointer<Float>
    let steps: UnsafeMutablePointer<Float>
    let code: UnsafeMutablePointer<UInt8>
    let tables: UnsafeMutablePointer<UInt8>
}

extension VectorView {
    /// What a row is multiplied by before it is encoded.
    func scale(_ slot: UInt32) -> Float { reader.metric == .cosine ? aux![Int(slot)] : 1 }
}
