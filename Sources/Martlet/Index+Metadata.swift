/// The name and type of a column of metadata.
public struct ColumnDescription: Sendable, Equatable {
    public let name: String
    public let type: ColumnType
}

extension Index {
    /// The columns of metadata, in the order in which they appeared.
    public var columns: [ColumnDescription] {
        versions.read {
            $0.metadata.columns.map { ColumnDescription(name: $0.name, type: $0.type) }
        }
    }

    /// Writes the names of the columns, in the order in which they appeared; returns their types.
    /// - Throws: `invalidArgument`; `bufferTooSmall`, after writing the sizes that would do.
    public func columnTypes(
        writingNamesTo names: inout TextOutput
    ) throws(MartletError) -> [ColumnType] {
        let columns = columns
        let bytes = columns.flatMap(\.name.utf8)
        var ends = [0]
        for column in columns { ends.append(ends.last! + column.name.utf8.count) }
        try bytes.withUnsafeBufferPointer { bytes throws(MartletError) in
            try names.write(count: columns.count) {
                UnsafeRawBufferPointer(
                    UnsafeBufferPointer(rebasing: bytes[ends[$0]..<ends[$0 + 1]]))
            }
        }
        return columns.map(\.type)
    }

    /// Copies the values of one column out.
    ///
    /// - Parameters:
    ///   - name: An existing column's.
    ///   - rows: Row numbers; -1 gives a null.
    /// - Throws: `invalidArgument`; `bufferTooSmall`, after writing the sizes that would do.
    public func values(
        of name: String, rows: UnsafeBufferPointer<Int64>, into output: inout ColumnOutput
    ) throws(MartletError) {
        try versions.read { snapshot throws(MartletError) in
            guard let column = snapshot.metadata.column(named: name) else {
                throw .invalidArgument("there is no \(ColumnSource.title(name))")
            }
            for (place, row) in rows.enumerated() where row < -1 || row >= snapshot.count {
                throw .invalidArgument(
                    "row \(row) at place \(place) must be -1 or below \(snapshot.count), the number "
                        + "of vectors")
            }
            try output.write(column, rows: rows)
        }
    }

    /// Replaces metadata of stored vectors, all or none: the given columns' values, nulls included.
    /// Other columns keep theirs.
    ///
    /// - Parameters:
    ///   - ids: Of vectors in the index, each once.
    ///   - columns: Of `ids.count` rows; new ones are null for all other vectors.
    /// - Throws: `invalidArgument`, `badText`, `idExists` (an id stands twice in the batch),
    ///   `idNotFound`, `idKind`, `columnType`, `indexFull`, `outOfMemory`; nothing has changed then.
    /// - Complexity: O(*n*) words to copy per given column, since readers may be looking at the old.
    public func updateMetadata(
        _ ids: IdColumn, _ columns: [ColumnSource]
    ) throws(MartletError) {
        try ids.check()
        try ColumnSource.check(columns, rows: ids.count)
        try writer.lock(nil)
        defer { writer.unlock() }
        let slots = try versions.read { snapshot throws(MartletError) in
            try self.slots(of: ids, in: snapshot)
        }
        guard !slots.isEmpty, !columns.isEmpty else { return }
        do throws(MartletError) {
            try metadata.replace(columns, at: slots, &retired)
        } catch {
            metadata.withdraw()
            throw error
        }
        metadata.commit(&retired)
        publish()
    }

    /// The slots of ids, each of which must be there, once.
    private func slots(
        of ids: IdColumn, in snapshot: Snapshot
    ) throws(MartletError) -> [UInt32] {
        if let held = snapshot.idKind, held != ids.kind, ids.count > 0 {
            throw .mismatch(of: ids.kind, held: held)
        }
        let met = try Bitmap(count: snapshot.count)
        defer { met.free() }
        var slots: [UInt32] = []
        slots.reserveCapacity(min(ids.count, snapshot.count))
        try self.ids.forEachSlot(of: ids, in: snapshot) { row, slot throws(MartletError) in
            guard let slot else { throw .idNotFound(id: ids[row]) }
            guard !met.contains(slot) else { throw .idExists(id: ids[row], row: row) }
            met.insert(slot)
            slots.append(slot)
        }
        return slots
    }
}
