import Glibc

@testable import Martlet

extension Index {
    /// Checks that the codes of links are those of the links as they are: that a row holds the links
    /// of layer 0 in order, then other nodes, and what the kernel makes of them. No add may be running.
    func checkLinkCodes(
        of snapshot: Snapshot, isNode: (UInt32) -> Bool
    ) throws(BrokenInvariant) {
        let (graph, vectors) = (snapshot.graph, snapshot.vectors)
        let isExpected = configuration.memory == .fast && vectors?.codes != nil
        guard (graph.linkCodes != nil) == isExpected else {
            throw BrokenInvariant(isExpected ? "links have no codes" : "links have codes")
        }
        guard let linkCodes = graph.linkCodes, let codes = vectors?.codes else { return }
        guard linkCodes.table.rowCount == snapshot.slotCount else {
            throw BrokenInvariant("links of \(linkCodes.table.rowCount) slots have codes")
        }
        for slot in 0..<UInt32(snapshot.slotCount) {
            try linkCodes.checkLinks(of: slot, graph.layer(0), isNode)
            try linkCodes.checkCodes(of: slot, codes)
        }
    }
}

extension LinkCodes {
    /// The slots in a row: the first ones up to `none`.
    func list(_ slot: UInt32) -> [UInt32] { Array(places(slot).prefix { $0 != LinkTable.none }) }

    private func places(_ slot: UInt32) -> [UInt32] {
        (0..<blockCount).flatMap { block in
            (0..<Self.linksPerBlock).map { links(block, of: slot)[$0] }
        }
    }

    fileprivate func checkLinks(
        of slot: UInt32, _ layer: Layer, _ isNode: (UInt32) -> Bool
    ) throws(BrokenInvariant) {
        let (list, own) = (list(slot), layer.links(of: slot))
        let links = (0..<layer.count(of: slot)).map { own[$0] }
        guard places(slot)[list.count...].allSatisfy({ $0 == LinkTable.none }) else {
            throw BrokenInvariant("slot \(slot) has a link with a code behind the end")
        }
        guard list.starts(with: links) else {
            throw BrokenInvariant("the links of \(slot) are \(links), but the codes \(list)'s")
        }
        guard !list.contains(slot), Set(list).count == list.count, list.allSatisfy(isNode) else {
            throw BrokenInvariant("the codes of \(slot) are those of \(list)")
        }
        guard isNode(slot) || list.isEmpty else {
            throw BrokenInvariant("slot \(slot) is no node, but has codes of links")
        }
    }

    fileprivate func checkCodes(of slot: UInt32, _ codes: CodeView) throws(BrokenInvariant) {
        let words = 64 + codes.stride
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: words * 4, alignment: 64)
        defer { fresh.deallocate() }
        for block in 0..<blockCount {
            let links = links(block, of: slot)
            let count = (0..<Self.linksPerBlock).count { links[$0] != LinkTable.none }
            codes.quantizer.reader.kernels.encode_links(
                codes.row(slot), codes.codes, UInt64(codes.stride), links, UInt64(count), fresh)
            guard memcmp(fresh, self.codes(block, of: slot), words * 4) == 0 else {
                throw BrokenInvariant("the codes of \(slot)'s links are not those of their slots")
            }
        }
    }
}
