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
        from first: Int, to count: Int, _ vectors: VectorView, _ control: Control?
    ) throws(MartletError) {
        guard count >= Self.minCount || quantizer != nil else { return }
        guard count < 2 * training.count else { return try retrain(count, vectors, control) }
        guard let quantizer else { return }
        let before = codes
        let bytes = vectors.reader.codeStride
        _ = try codes.reserve(count * bytes, keeping: first * bytes)
        training.clamped += try encode(first..<count, vectors, quantizer, control)
        guard Double(training.clamped) > Self.maxClamped * Double(count * vectors.reader.dim) else {
            return
        }
        if codes.base != before.base { codes.free() }
        try retrain(count, vectors, control)
    }

    private mutating func retrain(
        _ count: Int, _ vectors: VectorView, _ control: Control?
    ) throws(MartletError) {
        (training, codes) = (Training(count: count), AppendArray())
        var exact = vectors
        exact.codes = nil
        quantizer = try Quantizer.train(exact, count: count, control)
        guard let quantizer else { return }
        _ = try codes.reserve(count * vectors.reader.codeStride, keeping: 0)
        _ = try encode(0..<count, vectors, quantizer, control)
    }

    /// Returns how many components were clamped.
    private func encode(
        _ slots: Range<Int>, _ vectors: VectorView, _ quantizer: Quantizer, _ control: Control?
    ) throws(MartletError) -> Int {
        var clamped = 0
        for slot in slots {
            if slot & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            clamped += quantizer.encode(
                vectors.row(UInt32(slot)), scale: vectors.scale(UInt32(slot)),
                to: codes.base! + slot &* vectors.reader.codeStride)
        }
        return clamped
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
        [codes.owned, quantizer.map { UnsafeMutableRawPointer($0.offsets) }].compactMap { $0 }
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

    /// Encodes a query; false if too much of it lies outside the codes' range for it to be of use.
    func encode(_ query: Query, to code: UnsafeMutablePointer<UInt8>) -> Bool {
        let scale = quantizer.reader.metric == .cosine ? 1 / query.length : 1
        let clamped = quantizer.encode(query.row, scale: scale, to: code)
        return clamped == 0
            || clamped * 16 <= quantizer.reader.dim && quantizer.isNear(query.row, scale: scale)
    }
}

extension VectorView {
    /// What a row is multiplied by before it is encoded.
    func scale(_ slot: UInt32) -> Float { reader.metric == .cosine ? aux![Int(slot)] : 1 }
}
