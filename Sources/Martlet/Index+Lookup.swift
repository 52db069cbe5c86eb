import Glibc

extension Index {
    /// Copies stored vectors out, exactly as they were given (as float32); in the compact form, what is
    /// left of them.
    ///
    /// - Parameters:
    ///   - ids: Of vectors in the index.
    ///   - out: `ids.count` * `dim` floats, row after row.
    /// - Throws: `invalidArgument`, `badText`, `idKind`; or `idNotFound` with the first missing id,
    ///   and `out` is unspecified then.
    public func get(
        _ ids: IdColumn, into out: UnsafeMutablePointer<Float>
    ) throws(MartletError) {
        try ids.check()
        let room = try Memory.allocate(Float.self, reader.codeStride)
        defer { free(room) }
        try versions.read { snapshot throws(MartletError) in
            if let held = snapshot.idKind, held != ids.kind, ids.count > 0 {
                throw .mismatch(of: ids.kind, held: held)
            }
            try snapshot.forEachSlot(of: ids) { place, slot throws(MartletError) in
                guard let slot else { throw .idNotFound(id: ids[place]) }
                snapshot.vectors!.copy(slot, to: out + place * dim, room: room)
            }
        }
    }

    /// Writes the row number of each id, or -1 if it is not in the index. Ids of another kind than
    /// the index holds are not in it.
    ///
    /// - Parameter rows: Receives `ids.count` numbers.
    /// - Throws: `invalidArgument`, `badText`.
    public func find(
        _ ids: IdColumn, into rows: UnsafeMutablePointer<Int64>
    ) throws(MartletError) {
        try ids.check()
        try versions.read { snapshot throws(MartletError) in
            try snapshot.forEachSlot(of: ids) { place, slot throws(MartletError) in
                rows[place] = slot.map { Int64(snapshot.row(of: $0)) } ?? -1
            }
        }
    }

    /// Writes the string ids of rows, one after the other; "" for row -1.
    ///
    /// - Parameter rows: Each -1 or that of a vector in the index.
    /// - Throws: `invalidArgument`; `idKind` if the index holds integer ids;
    ///   `bufferTooSmall`, after writing the sizes that would do.
    public func getIds(
        _ rows: UnsafeBufferPointer<Int64>, into text: inout TextOutput
    ) throws(MartletError) {
        try versions.read { snapshot throws(MartletError) in
            let texts = snapshot.idKind == nil ? nil : try snapshot.stringIds
            let slots = try snapshot.slots(of: rows)
            try text.write(count: slots.count) { place in
                slots[place] == -1
                    ? UnsafeRawBufferPointer(start: nil, count: 0) : texts![UInt32(slots[place])]
            }
        }
    }

    /// Writes the integer ids of rows.
    ///
    /// - Parameters:
    ///   - rows: Each that of a vector in the index.
    ///   - out: Receives `rows.count` ids; nil only if that is 0.
    /// - Throws: `invalidArgument`; `idKind` if the index holds string ids.
    public func getIntegerIds(
        _ rows: UnsafeBufferPointer<Int64>, into out: UnsafeMutablePointer<Int64>?
    ) throws(MartletError) {
        try versions.read { snapshot throws(MartletError) in
            guard snapshot.idTexts == nil else {
                throw .idKind("integer ids are asked for, and the index holds strings")
            }
            for (place, row) in rows.enumerated() {
                guard row >= 0, row < snapshot.count else {
                    throw .invalidArgument(
                        "row \(row) at place \(place) must be at least 0 and below "
                            + "\(snapshot.count), the number of vectors")
                }
                out![place] = snapshot.ids![Int(snapshot.slot(of: Int(row)))]
            }
        }
    }
}

extension Snapshot {
    var stringIds: TextView {
        get throws(MartletError) {
            guard let idTexts else {
                throw .idKind("only string ids are told by row, and the index does not hold such")
            }
            return idTexts
        }
    }
}
