extension Index {
    /// The number of vectors that match a filter, or of all.
    ///
    /// - Parameter filter: A condition on metadata as JSON text; see `martlet.h`.
    /// - Throws: `badFilter`, `outOfMemory`.
    public func count(filter: UnsafeRawBufferPointer?) throws(MartletError) -> Int {
        try versions.read { snapshot throws(MartletError) in
            var options = SearchOptions()
            options.filter = filter
            guard let selection = try selection(options, in: snapshot) else {
                return snapshot.count
            }
            defer { selection.free() }
            return selection.count
        }
    }

    /// What passes all conditions of a call, to be freed; nil if there are none.
    func selection(
        _ options: SearchOptions, in snapshot: Snapshot
    ) throws(MartletError) -> Selection? {
        var matches: Bitmap?
        do throws(MartletError) {
            // The cheapest first: what it refuses costs nothing more.
            if let mask = options.allow {
                try mask.check()
                keep(try mask.bitmap(count: snapshot.count), in: &matches)
            }
            if let ids = options.allowedIds {
                keep(try bitmap(ids, in: snapshot), in: &matches)
            }
            if let filter = options.filter {
                let passing = try Filter.bitmap(
                    json: filter, metadata: snapshot.metadata, count: snapshot.count)
                keep(passing, in: &matches)
            }
        } catch {
            matches?.free()
            throw error
        }
        return matches.map(Selection.init)
    }

    /// Takes a condition's matches over.
    private func keep(_ passing: Bitmap, in matches: inout Bitmap?) {
        guard let kept = matches else {
            matches = passing
            return
        }
        kept.formIntersection(passing)
        passing.free()
    }

    /// The slots of those ids that the index has.
    private func bitmap(
        _ ids: IdColumn, in snapshot: Snapshot
    ) throws(MartletError) -> Bitmap {
        try ids.check()
        if let held = snapshot.idKind, held != ids.kind, ids.count > 0 {
            throw .mismatch(of: ids.kind, held: held)
        }
        let bitmap = try Bitmap(count: snapshot.count)
        do throws(MartletError) {
            try self.ids.forEachSlot(of: ids, in: snapshot) { _, slot in
                if let slot { bitmap.insert(slot) }
            }
        } catch {
            bitmap.free()
            throw error
        }
        return bitmap
    }
}
