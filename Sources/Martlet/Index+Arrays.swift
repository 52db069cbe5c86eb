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
    /// - Throws: As `add(_:_:)` does; also if there are not as many ids as vectors.
    @discardableResult
    public func add(_ vectors: [[Float]], ids: [Int64]? = nil) throws(MartletError) -> [Int64] {
        guard ids == nil || ids?.count == vectors.count else {
            throw .invalidArgument("\(ids!.count) ids for \(vectors.count) vectors, not one each")
        }
        let components = try flatten(vectors)
        var assigned = ids ?? [Int64](repeating: 0, count: vectors.count)
        try components.withUnsafeBufferPointer { components throws(MartletError) in
            try assigned.withUnsafeMutableBufferPointer { assigned throws(MartletError) in
                var options = AddOptions()
                if ids == nil {
                    options.assignedIds = assigned.baseAddress
                } else {
                    options.ids = assigned.baseAddress.map { IdColumn(data: $0) }
                }
                try add(rows(components, vectors.count), options)
            }
        }
        return assigned
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
    /// - Throws: `idNotFound`.
    public func get(_ id: Int64) throws(MartletError) -> [Float] {
        var vector = [Float](repeating: 0, count: configuration.dim)
        try withUnsafePointer(to: id) { id throws(MartletError) in
            try get(IdColumn(data: id), count: 1, into: &vector)
        }
        return vector
    }

    /// Whether a vector with this id is in the index.
    public func contains(_ id: Int64) -> Bool {
        versions.read { ids.slot(of: id, count: $0.count) != nil }
    }

    private func rows(_ components: UnsafeBufferPointer<Float>, _ count: Int) -> Matrix {
        Matrix(components.baseAddress, rows: count, columns: configuration.dim)
    }

    private func flatten(_ vectors: [[Float]]) throws(MartletError) -> [Float] {
        for vector in vectors where vector.count != configuration.dim {
            throw .dimensionMismatch(given: vector.count, expected: configuration.dim)
        }
        return Array(vectors.joined())
    }
}
