extension Index {
    /// The number of vectors that match a filter, or of all.
    ///
    /// - Parameter filter: A condition on metadata as JSON text; see `martlet.h`.
    /// - Throws: `badFilter`, `outOfMemory`.
    public func count(filter: UnsafeRawBufferPointer?) throws(MartletError) -> Int {
        try versions.read { snapshot throws(MartletError) in
            guard let filter else { return snapshot.count }
            return try snapshot.matches(of: filter).count
        }
    }

    /// What passes all conditions of a call; nil if all nodes of the graph do.
    func selection(
        _ options: SearchOptions, in snapshot: Snapshot
    ) throws(MartletError) -> Selection? {
        if options.allow == nil, options.allowedIds == nil, let filter = options.filter {
            return try snapshot.matches(of: filter)
        }
        var matches: Bitmap?
        do throws(MartletError) {
            // The cheapest first: what it refuses costs nothing more.
            if let mask = options.allow {
                try mask.check()
                keep(try bitmap(mask, in: snapshot), in: &matches)
            }
            if let ids = options.allowedIds {
                keep(try bitmap(ids, in: snapshot), in: &matches)
            }
            if let filter = options.filter {
                let passing = try snapshot.matches(of: filter)
                matches?.formIntersection(passing.matches)
            }
        } catch {
            matches?.free()
            throw error
        }
        guard let matches else { return snapshot.liveSelection }
        return Selection(matches)
    }

    private func bitmap(
        _ mask: Mask, in snapshot: Snapshot
    ) throws(MartletError) -> Bitmap {
        let rows = try mask.bitmap(count: snapshot.count)
        guard let live = snapshot.live else { return rows }
        defer { rows.free() }
        return try live.slots(of: rows)
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
        let bitmap = try Bitmap(count: snapshot.slotCount)
        do throws(MartletError) {
            try snapshot.forEachSlot(of: ids) { _, slot in
                if let slot { bitmap.insert(slot) }
            }
        } catch {
            bitmap.free()
            throw error
        }
        return bitmap
    }
}

extension Snapshot {
    /// What a search without conditions may return; nil if that is all nodes of the graph.
    fileprivate var liveSelection: Selection? {
        guard let live, !tombstones.isEmpty else { return nil }
        return Selection(live.slots, count: live.count, ownedBy: contents)
    }

    /// What a filter lets through.
    fileprivate func matches(
        of filter: UnsafeRawBufferPointer
    ) throws(MartletError) -> Selection {
        try filters.selection(for: filter) { () throws(MartletError) in
            let passing = try Filter.bitmap(json: filter, metadata: metadata, count: slotCount)
            if let live { passing.formIntersection(live.slots) }
            return passing
        }
    }
}
