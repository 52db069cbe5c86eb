extension Index {
    /// Copies the vectors of `count` ids out, exactly as they were given (as float32).
    ///
    /// - Parameters:
    ///   - ids: `count` ids.
    ///   - out: `count` * `dim` floats, row after row.
    /// - Throws: `idNotFound` with the first missing id; `out` is unspecified then.
    public func get(
        _ ids: IdColumn, count: Int, into out: UnsafeMutablePointer<Float>
    ) throws(MartletError) {
        try ids.check(rows: count)
        try versions.read { snapshot throws(MartletError) in
            for i in 0..<count {
                guard let slot = self.ids.slot(of: ids[i], count: snapshot.count) else {
                    throw .idNotFound(id: ids[i])
                }
                let row = snapshot.vectors!.row(UInt32(slot))
                (out + i * configuration.dim).update(from: row, count: configuration.dim)
            }
        }
    }

    /// Calls `body` with the place of each id and whether it is in the index.
    public func contains(
        _ ids: IdColumn, count: Int, _ body: (Int, Bool) -> Void
    ) throws(MartletError) {
        try ids.check(rows: count)
        versions.read { snapshot in
            for i in 0..<count {
                body(i, self.ids.slot(of: ids[i], count: snapshot.count) != nil)
            }
        }
    }
}
