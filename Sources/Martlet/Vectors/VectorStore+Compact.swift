import Glibc

/// The compact form: as soon as there are codes, vectors are what their codes stand for, and float32 rows
/// are there only for a batch that is being added. Where there are no codes, rows stay: under ip, of few
/// vectors, or if codes would be too coarse.
///
/// So codes must lose nothing unnoticed. Their quantizer covers every component of every vector; a batch
/// that lies outside its range makes it coarser, and what was encoded is encoded again. If that, or the
/// batch, does not bear rounding, all vectors become rows, until their number has doubled.
extension VectorStore {
    /// Whether vectors are what their codes stand for.
    var areCodes: Bool { memory == .compact && codes.quantizer != nil }

    var coverage: Quantizer.Coverage { memory == .compact ? .all : .most }

    /// Encodes the rows that there are, all other vectors being codes.
    mutating func encodeBehindCodes(_ control: Control?) throws(MartletError) {
        let old = codes.view!
        let isFine = try codes.extend(
            from: firstRow, by: count - firstRow, view.batch(rows.base!, from: firstRow), control)
        guard !isFine else { return }
        codes.training = CodeStore.Training(count: count)
        try decodeRows(old, control)
    }

    /// Gives up the rows that codes stand for, when nothing that needs them can fail any more.
    /// - Parameter before: The store whose readers may still need them.
    mutating func dropRows(sharedWith before: VectorStore) {
        guard areCodes else { return }
        if rows.owned != before.rows.owned { rows.free() }
        (rows, firstRow) = (AppendArray(), count)
    }

    /// The same vectors in another form; those of codes are what these stand for.
    func converted(
        to memory: MemoryForm, _ control: Control?
    ) throws(MartletError) -> VectorStore {
        var next = self
        next.memory = memory
        do throws(MartletError) {
            try next.convert(from: self, control)
        } catch {
            next.free(sharedWith: self)
            throw error
        }
        return next
    }

    private mutating func convert(
        from before: VectorStore, _ control: Control?
    ) throws(MartletError) {
        if before.areCodes {
            if memory != .compact { try decodeRows(codes.view!, control) }
            return
        }
        guard coverage != before.coverage, reader.metric != .ip,
            count >= CodeStore.minCount || codes.quantizer != nil
        else { return }
        try codes.retrain(count, before.view, covering: coverage, control)
    }

    /// Makes rows of what codes stand for, before those that there are.
    private mutating func decodeRows(
        _ codes: CodeView, _ control: Control?
    ) throws(MartletError) {
        let room = try Memory.allocate(Float.self, reader.codeStride)
        defer { Glibc.free(room) }
        let (batch, size) = (rows, firstRow * reader.stride)
        let all = try AppendArray<Float>(room: count * reader.stride)
        for slot in 0..<firstRow {
            if slot & 1023 == 0, control?.isCancelled == true {
                all.free()
                throw .cancelled
            }
            let row = all.base! + slot * reader.stride
            codes.decode(
                UInt32(slot), length: aux.base.map { 1 / $0[slot] }, to: row, room: room)
            (row + reader.dim).update(repeating: 0, count: reader.stride - reader.dim)
        }
        if let batch = batch.base {
            (all.base! + size).update(from: batch, count: count * reader.stride - size)
        }
        batch.free()
        (rows, firstRow) = (all, 0)
    }
}

extension VectorView {
    /// The vectors from slot `first` on, of which there are rows.
    fileprivate func batch(_ rows: UnsafePointer<Float>, from first: Int) -> VectorView {
        VectorView(
            reader: reader, rows: rows, aux: aux.map { $0 + first }, radius: radius, codes: nil,
            training: training)
    }

    /// Vectors that are what other codes stand for.
    func replaced(by codes: CodeView) -> VectorView {
        VectorView(
            reader: reader, rows: nil, aux: nil, radius: radius, codes: codes, training: training)
    }
}
