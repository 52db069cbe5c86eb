/// The graph as sections of a file, and whether what a file holds is one.
extension Graph {
    func sections(slots: Int) -> [Section] {
        [
            Section(.levels, levels.map { UnsafePointer($0) }, count: slots),
            base.section(.baseLinks),
            Section(.upperRows, upperRows.map { UnsafePointer($0) }, count: slots),
            upper.section(.upperLinks),
            backbone.section(.backbone),
        ] + (linkCodes.map { [$0.table.section(.linkCodes)] } ?? [])
    }

    /// Checks a graph that has been read from a file: that no number in it leads out of its tables.
    ///
    /// - Parameters:
    ///   - slots: Slots that there are.
    ///   - nodes: Those that are nodes of the graph; nil if all are.
    func check(_ file: SectionReader, slots: Int, nodes: Bitmap?) throws(MartletError) {
        guard slots > 0 else { return }
        try checkLevels(file, slots)
        try checkEntry(file, nodes)
        try checkBase(file, slots, nodes)
        try checkUpper(file, slots)
    }

    private func checkLevels(_ file: SectionReader, _ slots: Int) throws(MartletError) {
        let (levels, upperRows) = (levels!, upperRows!)
        var (row, highest, isSum) = (0, UInt8(0), true)
        for slot in 0..<slots {
            isSum = (Int(upperRows[slot]) == row) && isSum
            row &+= Int(levels[slot])
            highest = max(highest, levels[slot])
        }
        try file.check(highest <= LevelSampler.maxLevel, .levels, "a level must not be \(highest)")
        try file.check(isSum, .upperRows, "each must be the sum of the levels before it")
        try file.check(row == upper.rowCount, .levels, "they must sum up to \(upper.rowCount)")
    }

    private func checkEntry(_ file: SectionReader, _ nodes: Bitmap?) throws(MartletError) {
        try file.check(
            entry != nil || nodes?.population == 0, .parameters, "there must be an entry point")
        guard let entry else { return }
        try file.check(
            level(of: entry.slot) == entry.level && nodes?.contains(entry.slot) != false,
            .parameters, "the entry point must be a node of level \(entry.level)")
    }

    private func checkBase(
        _ file: SectionReader, _ slots: Int, _ nodes: Bitmap?
    ) throws(MartletError) {
        // One behind the other, as they have just been read. One more than "none" is 0.
        let links = base.row(0)
        var most: UInt32 = 0
        for place in 0..<slots * base.width { most = max(most, links[place] &+ 1) }
        try file.check(most <= slots, .baseLinks, "links must lead to slots below \(slots)")
        guard let nodes else { return }
        for place in 0..<slots * base.width where links[place] != LinkTable.none {
            try file.check(
                nodes.contains(links[place]), .baseLinks, "links must lead to nodes")
        }
    }

    /// A link on a layer leads to a node that reaches it.
    private func checkUpper(_ file: SectionReader, _ slots: Int) throws(MartletError) {
        for slot in 0..<UInt32(slots) where level(of: slot) > 0 {
            for layer in 1...level(of: slot) {
                let row = self.layer(layer).links(of: slot)
                for place in 0..<upper.width where row[place] != LinkTable.none {
                    let link = row[place]
                    try file.check(
                        Int(link) < slots && level(of: link) >= layer, .upperLinks,
                        "the links of \(slot) must lead to nodes of layer \(layer)")
                }
            }
        }
    }
}
