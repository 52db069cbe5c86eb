/// The index for Swift programs that hold their vectors in arrays. They are copied once.

/// A stored vector that a search has found.
public struct Match: Sendable, Equatable {
    public let id: Int64
    /// Smaller is nearer; see `Metric`.
    public let distance: Float
}

extension Index {
    /// Adds vectors, all or none.
    ///
    /// - Parameters:
    ///   - vectors: `dim` components each.
    ///   - ids: One per vector, all new; nil to have them assigned.
    /// - Returns: The ids of the vectors, in order.
    /// - Throws: As `add(_:_:)` does.
    @discardableResult
    public func add(_ vectors: [[Float]], ids: [Int64]? = nil) throws(MartletError) -> [Int64] {
        var assigned = ids ?? [Int64](repeating: 0, count: vectors.count)
        try assigned.withUnsafeMutableBufferPointer { assigned throws(MartletError) in
            var options = AddOptions()
            if ids == nil {
                options.assignedIds = assigned.baseAddress
            } else {
                options.ids = .integers(
                    Integers(data: assigned.baseAddress, count: assigned.count))
            }
            try add(vectors, options)
        }
        return assigned
    }

    /// Adds vectors under string ids, all or none.
    ///
    /// - Parameters:
    ///   - vectors: `dim` components each.
    ///   - ids: One per vector, all new.
    /// - Throws: As `add(_:_:)` does.
    public func add(_ vectors: [[Float]], ids: [String]) throws(MartletError) {
        try ids.withStrings { ids throws(MartletError) in
            var options = AddOptions()
            options.ids = .strings(ids)
            try add(vectors, options)
        }
    }

    /// Finds the `k` nearest vectors to `query`, nearest first, or all if there are fewer.
    /// - Throws: As `search(_:k:_:into:)` does.
    public func search(_ query: [Float], k: Int = 10, ef: Int = 64) throws(MartletError) -> [Match]
    {
        try Configuration.check("k", k, 0...Int.max)
        let most = min(k, count)
        var ids = [Int64](repeating: 0, count: most)
        var distances = [Float](repeating: 0, count: most)
        var found: UInt64 = 0
        var options = SearchOptions()
        options.ef = ef
        let components = try flatten([query])
        try components.withUnsafeBufferPointer { components throws(MartletError) in
            try ids.withUnsafeMutableBufferPointer { ids throws(MartletError) in
                try distances.withUnsafeMutableBufferPointer { distances throws(MartletError) in
                    try withUnsafeMutablePointer(to: &found) { found throws(MartletError) in
                        let output = SearchOutput(
                            ids: ids.baseAddress, distances: distances.baseAddress, counts: found)
                        try search(rows(components, 1), k: most, options, into: output)
                    }
                }
            }
        }
        return (0..<Int(found)).map { Match(id: ids[$0], distance: distances[$0]) }
    }

    /// Returns the vector with this id, exactly as it was given.
    /// - Throws: `idNotFound`, `idKind`.
    public func get(_ id: Int64) throws(MartletError) -> [Float] {
        try withUnsafePointer(to: id) { id throws(MartletError) in
            try vector(.integers(Integers(data: id, count: 1)))
        }
    }

    /// Returns the vector with this id, exactly as it was given.
    /// - Throws: `idNotFound`, `idKind`.
    public func get(_ id: String) throws(MartletError) -> [Float] {
        try [id].withStrings { id throws(MartletError) in try vector(.strings(id)) }
    }

    /// Whether a vector with this id is in the index.
    /// - Throws: `outOfMemory`.
    public func contains(_ id: Int64) throws(MartletError) -> Bool {
        try versions.read { snapshot throws(MartletError) in
            try snapshot.contents.ids.slot(of: id, in: snapshot) != nil
        }
    }

    /// Whether a vector with this id is in the index.
    /// - Throws: `outOfMemory`.
    public func contains(_ id: String) throws(MartletError) -> Bool {
        try Array(id.utf8).withUnsafeBufferPointer { id throws(MartletError) in
            try versions.read { snapshot throws(MartletError) in
                let id = UnsafeRawBufferPointer(id)
                return try snapshot.contents.ids.slot(of: id, in: snapshot) != nil
            }
        }
    }

    /// Returns the string id of a row number, which is what a search finds in an index of such.
    /// - Throws: `invalidArgument` if there is no such row, `idKind` if the ids are integers.
    public func stringId(ofRow row: Int64) throws(MartletError) -> String {
        try versions.read { snapshot throws(MartletError) in
            let texts = try snapshot.stringIds
            guard row >= 0, row < snapshot.count else {
                throw .invalidArgument(
                    "row \(row) is not one of the \(snapshot.count) in the index")
            }
            return String(decoding: texts[snapshot.slot(of: Int(row))], as: UTF8.self)
        }
    }

    /// Removes vectors.
    /// - Throws: As `remove(_:_:)` does.
    public func remove(_ ids: [String]) throws(MartletError) {
        try ids.withStrings { ids throws(MartletError) in try remove(.strings(ids)) }
    }

    /// Removes vectors.
    /// - Throws: As `remove(_:_:)` does.
    public func remove(_ ids: [Int64]) throws(MartletError) {
        try ids.withUnsafeBufferPointer { ids throws(MartletError) in
            try remove(.integers(Integers(data: ids.baseAddress, count: ids.count)))
        }
    }

    private func add(_ vectors: [[Float]], _ options: AddOptions) throws(MartletError) {
        let components = try flatten(vectors)
        try components.withUnsafeBufferPointer { components throws(MartletError) in
            try add(rows(components, vectors.count), options)
        }
    }

    private func vector(_ id: IdColumn) throws(MartletError) -> [Float] {
        var vector = [Float](repeating: 0, count: dim)
        try get(id, into: &vector)
        return vector
    }

    private func rows(_ components: UnsafeBufferPointer<Float>, _ count: Int) -> Matrix {
        Matrix(components.baseAddress, rows: count, columns: dim)
    }

    private func flatten(_ vectors: [[Float]]) throws(MartletError) -> [Float] {
        for vector in vectors where vector.count != dim {
            throw .dimensionMismatch(given: vector.count, expected: dim)
        }
        return Array(vectors.joined())
    }
}

extension [String] {
    /// Calls `body` with a copy of the strings in Arrow's layout.
    fileprivate func withStrings<Result>(
        _ body: (Strings) throws(MartletError) -> Result
    ) throws(MartletError) -> Result {
        let bytes = flatMap(\.utf8)
        var offsets = [0]
        for string in self { offsets.append(offsets.last! + string.utf8.count) }
        return try bytes.withUnsafeBufferPointer { bytes throws(MartletError) in
            try offsets.withUnsafeBufferPointer { offsets throws(MartletError) in
                try body(
                    Strings(data: bytes.baseAddress, offsets: offsets.baseAddress, count: count))
            }
        }
    }
}
