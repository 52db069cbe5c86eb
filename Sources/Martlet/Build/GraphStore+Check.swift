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
