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
            try snapshot.slots(of: rows).withUnsafeBufferPointer { slots throws(MartletError) in
                try output.write(column, slots: slots)
            }
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
        try lock(nil)
        defer { writer.unlock() }
        let contents = contents
        let slots = try contents.snapshot.slots(of: ids)
        guard !slots.isEmpty, !columns.isEmpty else { return }
        do throws(MartletError) {
            try contents.metadata.replace(columns, at: slots, &contents.retired)
            try contents.journal?.append(.updateMetadata) { record throws(MartletError) in
                try record.append(ids)
                try record.append(contents.metadata.pending(columns), at: slots)
            }
        } catch {
            contents.metadata.withdraw()
            throw error
        }
        contents.metadata.commit(&contents.retired)
        publish()
    }
}
