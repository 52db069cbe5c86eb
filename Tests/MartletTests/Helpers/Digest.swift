@testable import Martlet

/// Everything that makes an index, part by part: equal digests mean equal bytes.
struct Digest: Equatable {
    var count = 0
    var entry: Graph.EntryPoint?
    var nextId: Int64?
    var radius: Float = 0
    var vectors = Checksum()
    var aux = Checksum()
    var codes = Checksum()
    var ids = Checksum()
    var links = Checksum()
    var upperLinks = Checksum()
    var tree = Checksum()
    var live = Checksum()
    var linkCodes = Checksum()
}

/// FNV-1a (Fowler, Noll & Vo), by word.
struct Checksum: Equatable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: some FixedWidthInteger) {
        state = (state ^ UInt64(truncatingIfNeeded: word)) &* 0x100_0000_01b3
    }
}

extension Index {
    /// The digest of the newest version. No add may be running.
    var digest: Digest {
        versions.read { snapshot in
            var digest = Digest()
            (digest.count, digest.entry) = (snapshot.count, snapshot.graph.entry)
            (digest.nextId, digest.radius) = (contents.ids.nextId, contents.vectors.radius)
            for slot in 0..<snapshot.slotCount { add(slot, of: snapshot, to: &digest) }
            return digest
        }
    }

    private func add(_ slot: Int, of snapshot: Snapshot, to digest: inout Digest) {
        let (vectors, graph) = (snapshot.vectors!, snapshot.graph)
        if vectors.rows != nil {
            let row = vectors.row(UInt32(slot))
            for i in 0..<vectors.reader.stride { digest.vectors.add(row[i].bitPattern) }
        }
        if let aux = vectors.aux { digest.aux.add(aux[slot].bitPattern) }
        if let codes = vectors.codes {
            for i in 0..<codes.stride { digest.codes.add(codes.row(UInt32(slot))[i]) }
        }
        if let ids = snapshot.ids { digest.ids.add(ids[slot]) }
        for byte in snapshot.idTexts?[UInt32(slot)] ?? UnsafeRawBufferPointer(start: nil, count: 0)
        {
            digest.ids.add(byte)
        }
        for word in 0..<graph.backbone.width { digest.tree.add(graph.backbone.row(slot)[word]) }
        if let codes = graph.linkCodes?.table {
            for word in 0..<codes.width { digest.linkCodes.add(codes.row(slot)[word]) }
        }
        digest.live.add(snapshot.isLive(UInt32(slot)) ? 1 : 0)
        for layer in 0...graph.level(of: UInt32(slot)) {
            let links = graph.layer(layer).links(of: UInt32(slot))
            for i in 0..<graph.layer(layer).width {
                if layer == 0 {
                    digest.links.add(links[i])
                } else {
                    digest.upperLinks.add(links[i])
                }
            }
        }
    }
}
