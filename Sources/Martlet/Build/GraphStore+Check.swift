/// Checks of a graph that has been read from a file, on which only changes rest; searches do not.
extension GraphStore {
    /// - Parameter nodes: The slots that are nodes of the graph; nil if all are.
    /// - Throws: `badFormat`, `outOfMemory`.
    func checkForChanges(_ file: SectionReader, nodes: Bitmap?) throws(MartletError) {
        let slots = graph.base.rowCount
        var met = try VisitedSet(capacity: slots)
        defer { met.free() }
        for slot in 0..<UInt32(slots) {
            for layer in 0...graph.level(of: slot) {
                try file.check(
                    graph.layer(layer).isRegular(slot, &met),
                    layer == 0 ? .baseLinks : .upperLinks,
                    "node \(slot) must lead to others, each once, and then nowhere")
            }
        }
        let backbone = try BackboneCheck(graph, slots: slots, nodes: nodes, file)
        defer { backbone.free() }
        try backbone.run()
        guard let codes = graph.linkCodes else { return }
        for slot in 0..<UInt32(slots) {
            try file.check(
                codes.isRegular(slot, graph.layer(0), nodes, &met), .linkCodes,
                "node \(slot) must lead where it does on layer 0, then to other nodes, each once")
        }
    }
}

extension LinkCodes {
    /// Whether a row begins with the links on `layer`, goes on to other nodes, each once, and has
    /// nothing behind its end.
    fileprivate func isRegular(
        _ slot: UInt32, _ layer: Layer, _ nodes: Bitmap?, _ met: inout VisitedSet
    ) -> Bool {
        let (links, count) = (layer.links(of: slot), layer.count(of: slot))
        met.removeAll()
        _ = met.insert(slot)
        var hasEnded = false
        for place in 0..<blockCount * Self.linksPerBlock {
            let (block, rest) = place.quotientAndRemainder(dividingBy: Self.linksPerBlock)
            let link = self.links(block, of: slot)[rest]
            guard place >= count || link == links[place] else { return false }
            guard link != LinkTable.none else {
                hasEnded = true
                continue
            }
            guard !hasEnded, Int(link) < table.rowCount, nodes?.contains(link) != false,
                met.insert(link) == 1
            else { return false }
        }
        return true
    }
}

extension Layer {
    /// Whether a row leads to other nodes, each once, and has nothing behind its end.
    fileprivate func isRegular(_ slot: UInt32, _ met: inout VisitedSet) -> Bool {
        let (links, count) = (links(of: slot), count(of: slot))
        met.removeAll()
        _ = met.insert(slot)
        var different = 0
        for place in 0..<count { different &+= met.insert(links[place]) }
        return different == count && (count..<width).allSatisfy { links[$0] == LinkTable.none }
    }
}
