/// The codes of all vectors, if there are enough vectors to gain from them and the codes are fine
/// enough for these vectors.
///
/// Like the vector store, a value is one state; the next shares its table or replaces it.
struct CodeStore {
    /// Fewer vectors fit the caches as they are, and are too few to choose a quantizer by.
    static let minCount = 1024
    /// The share of components that may lie outside the codes' range before it is chosen anew.
    private static let maxClamped = 0.01

    private var codes = AppendArray<UInt8>()
    private var quantizer: Quantizer?
    /// How many vectors there were when the quantizer was chosen, or none found.
    private var trainedCount = 0
    /// Components clamped since then.
    private var clamped = 0

    var view: CodeView? {
        quantizer.map { CodeView(codes: codes.base!, quantizer: $0) }
    }

    /// Encodes the rows from `first` on. Chooses the quantizer anew, for all rows, when their number
    /// has doubled or too much of what was added lies outside its range.
    mutating func append(
        from first: Int, to count: Int, _ vectors: VectorView, _ reader: VectorReader
    ) throws(MartletError) {
        guard count >= Self.minCount else { return }
        guard count < 2 * trainedCount else { return try retrain(count, vectors, reader) }
        guard let quantizer else { return }
        let before = codes
        let bytes = reader.codeStride
        _ = try codes.reserve(count * bytes, keeping: first * bytes)
        clamped += encode(first..<count, vectors, quantizer)
        guard Double(clamped) > Self.maxClamped * Double(count * reader.dim) else { return }
        if codes.base != before.base { codes.free() }
        try retrain(count, vectors, reader)
    }

    private mutating func retrain(
        _ count: Int, _ vectors: VectorView, _ reader: VectorReader
    ) throws(MartletError) {
        (trainedCount, clamped) = (count, 0)
        var exact = vectors
        exact.codes = nil
        quantizer = try Quantizer.train(exact, count: count)
        codes = AppendArray()
        guard let quantizer else { return }
        _ = try codes.reserve(count * reader.codeStride, keeping: 0)
        _ = encode(0..<count, vectors, quantizer)
    }

    /// Returns how many components were clamped.
    private func encode(_ slots: Range<Int>, _ vectors: VectorView, _ quantizer: Quantizer) -> Int {
        let stride = quantizer.reader.codeStride
        return slots.reduce(0) { clamped, slot in
            clamped
                + quantizer.encode(
                    vectors.row(UInt32(slot)), scale: vectors.scale(UInt32(slot)),
                    to: codes.base! + slot &* stride)
        }
    }

    var tables: [UnsafeMutableRawPointer] {
        [codes.base.map(UnsafeMutableRawPointer.init)].compactMap { $0 }
            + [quantizer.map { UnsafeMutableRawPointer($0.offsets) }].compactMap { $0 }
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
        return quantizer.encode(query.row, scale: scale, to: code) * 16 <= quantizer.reader.dim
    }
}

extension VectorView {
    /// What a row is multiplied by before it is encoded.
    func scale(_ slot: UInt32) -> Float { reader.metric == .cosine ? aux![Int(slot)] : 1 }
}
