/// A version of an index as the sections of a file, in the order of docs/format.md.
extension Snapshot {
    var sections: [Section] {
        var sections = [parameters.section]
        if let live { sections.append(live.section) }
        let tombstones = tombstones
        sections.append(
            Section(.tombstones, size: tombstones.count * MemoryLayout<UInt32>.size) {
                output throws(MartletError) in
                try tombstones.withUnsafeBufferPointer { slots throws(MartletError) in
                    try output.append(UnsafeRawBufferPointer(slots))
                }
            })
        sections += vectors?.sections(slots: slotCount) ?? []
        sections += graph.sections(slots: slotCount)
        switch idKind {
        case .integers: sections.append(Section(.integerIds, ids, count: slotCount))
        case .strings: sections += idTexts!.sections(.ids)
        case nil: break
        }
        for (place, column) in metadata.columns.enumerated() {
            sections += column.sections(part: place + 1)
        }
        return sections
    }

    private var parameters: Parameters {
        var parameters = Parameters(configuration)
        parameters.slots = slotCount
        parameters.hasRemoved = live != nil
        parameters.tombstones = tombstones.count
        (parameters.idKind, parameters.nextId) = (idKind, nextId)
        parameters.added = graph.insertedCount
        parameters.entry = graph.entry.map { (slot: Int($0.slot), level: $0.level) }
        parameters.upperRows = graph.upper.rowCount
        parameters.hasLinkCodes = graph.linkCodes != nil
        vectors?.describe(to: &parameters)
        parameters.columns = metadata.columns.count
        return parameters
    }
}

extension Contents {
    /// The contents that a file holds.
    /// - Throws: `badFormat`, `io`, `outOfMemory`, `cancelled`.
    convenience init(_ file: SectionReader) throws(MartletError) {
        let parameters = try Parameters(file)
        self.init(parameters.configuration)
        vectors = try VectorStore(vectors.reader, file, parameters)
        try readRemoved(file, parameters)
        try graphStore.read(file, parameters, vectors.quantizer)
        try ids.read(file, parameters)
        try metadata.read(file, columns: parameters.columns, slots: parameters.slots)
        try file.finish()
        try checkGraph(file)
        (mapping, unchecked) = (file.mapping, file)
        if mapping == nil { try prepareForChanges() }
    }

    private func readRemoved(
        _ file: SectionReader, _ parameters: Parameters
    ) throws(MartletError) {
        tombstones = try file.array(.tombstones, UInt32.self, count: parameters.tombstones)
        if parameters.hasRemoved { live = try LiveSlots(file, slotCount: parameters.slots) }
        let met = try Bitmap(count: parameters.slots)
        defer { met.free() }
        for slot in tombstones {
            try file.check(
                slot < parameters.slots && live?.slots.contains(slot) == false
                    && !met.contains(slot),
                .tombstones, "slot \(slot) must be one that is not live, and once")
            met.insert(slot)
        }
    }

    private func checkGraph(_ file: SectionReader) throws(MartletError) {
        let nodes = try snapshot.nodes
        defer { nodes?.free() }
        try graphStore.graph.check(file, slots: slotCount, nodes: nodes)
    }

    /// Makes the checks of a mapped file that opening it leaves for later, since only changes rest on
    /// them.
    /// - Throws: `badFormat`.
    func prepareForChanges() throws(MartletError) {
        guard let file = unchecked else { return }
        let nodes = try snapshot.nodes
        defer { nodes?.free() }
        try graphStore.checkForChanges(file, nodes: nodes)
        unchecked = nil
    }
}

extension Snapshot {
    /// The slots that are nodes of the graph, to be freed; nil if all are.
    fileprivate var nodes: Bitmap? {
        get throws(MartletError) {
            guard let live, nodeCount < slotCount else { return nil }
            let nodes = try Bitmap(count: slotCount)
            nodes.formUnion(live.slots)
            for slot in tombstones { nodes.insert(slot) }
            return nodes
        }
    }
}
