/// The walk over matching nodes, which bridges over those that do not match (ACORN-1: Patel et al.,
/// SIGMOD 2024, doi:10.1145/3654923).
extension SearchScratch {
    /// Widens the beam to the nearest matching nodes of layer 0, starting from the node that it holds,
    /// and lists them; returns how many, or nil if they are fewer than wanted.
    mutating func searchBridged(
        _ layer: Layer, width: Int, _ plan: SearchPlan, _ matches: Bitmap, _ scorer: Scorer
    ) -> Int? {
        let start = beam.slot(0)
        visited.removeAll()
        beam.removeAll(capacity: width)
        let neighbors = MatchingNeighbors(matches: matches, bridges: bridges)
        _ = visited.insert(start)
        slots[0] = start
        let first = matches.bit(start)
        let count = first + neighbors.list(of: start, on: layer, visited, to: slots + first)
        scorer.score(slots, count, distances)
        distanceCount += count
        for i in 0..<count { beam.insert(slots[i], distances[i]) }
        expandBeam(on: layer, neighbors, scorer)
        return beam.count >= plan.wanted ? listBeam() : nil
    }
}

extension SearchScratch {
    /// Nodes that are looked at for one to start from.
    private static let sampleSize = 256

    /// Leaves the nearest of some of the matching nodes in the beam, alone, and returns it.
    mutating func enter(_ matches: Bitmap, _ scorer: Scorer) -> UInt32? {
        let count = matches.sample(Self.sampleSize, to: slots)
        scorer.score(slots, count, distances)
        distanceCount += count
        beam.removeAll(capacity: 1)
        for i in 0..<count { beam.insert(slots[i], distances[i]) }
        return count == 0 ? nil : beam.slot(0)
    }
}

/// The matching nodes that a node has links to, or that one other node, which does not match, links
/// it with.
struct MatchingNeighbors: Neighbors {
    let matches: Bitmap
    /// Room for the links of a node.
    let bridges: UnsafeMutablePointer<UInt32>

    /// Room that a list needs on a layer whose nodes have up to `links` links, and one node more.
    static func listRoom(links: Int) -> Int { 2 * links + 2 }

    /// Bridges are crossed until as many matching nodes are found as a node may have links.
    @inline(__always)
    func list(
        of node: UInt32, on layer: Layer, _ visited: VisitedSet,
        to slots: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let links = layer.links(of: node)
        var (count, bridgeCount) = (0, 0)
        for i in 0..<layer.width {
            let link = links[i]
            if link == LinkTable.none { break }
            let (isNew, isMatch) = (visited.insert(link), matches.bit(link))
            (slots[count], bridges[bridgeCount]) = (link, link)
            count &+= isNew & isMatch
            bridgeCount &+= isNew & (1 &- isMatch)
        }
        for i in 0..<min(Self.ahead, bridgeCount) { layer.prefetch(bridges[i]) }
        var bridge = 0
        while bridge < bridgeCount && count < layer.width {
            if bridge &+ Self.ahead < bridgeCount { layer.prefetch(bridges[bridge &+ Self.ahead]) }
            count = cross(bridges[bridge], on: layer, visited, slots, count)
            bridge &+= 1
        }
        return count
    }

    /// How many bridges' links are asked for ahead.
    private static let ahead = 4

    /// Appends the unvisited matching neighbors of one bridge to a list; returns its new length.
    @inline(__always)
    private func cross(
        _ bridge: UInt32, on layer: Layer, _ visited: VisitedSet,
        _ slots: UnsafeMutablePointer<UInt32>, _ listed: Int
    ) -> Int {
        let links = layer.links(of: bridge)
        var count = listed
        for i in 0..<layer.width {
            let link = links[i]
            if link == LinkTable.none { break }
            slots[count] = link
            // Other nodes stay unvisited, to be bridges themselves later.
            count &+= visited.insert(link, if: matches.bit(link))
        }
        return count
    }
}

extension Bitmap {
    /// 1 if `slot` is in the set, else 0.
    @inline(__always)
    func bit(_ slot: UInt32) -> Int {
        Int(truncatingIfNeeded: words[Int(slot >> 6)] &>> UInt64(slot & 63) & 1)
    }

    /// Lists the first slot that is in the set of each of `most` parts; returns how many.
    fileprivate func sample(_ most: Int, to slots: UnsafeMutablePointer<UInt32>) -> Int {
        var count = 0
        for part in 0..<most {
            var (word, end) = (part * wordCount / most, (part + 1) * wordCount / most)
            while word < end && words[word] == 0 { word += 1 }
            guard word < end else { continue }
            slots[count] = UInt32(word * Self.bitsPerWord + words[word].trailingZeroBitCount)
            count += 1
        }
        return count
    }

    /// The share of the nodes two links away from `slot` that are in the set, by some of its links.
    /// Nodes that several links lead to count as often.
    func share(around slot: UInt32, on layer: Layer) -> Double {
        var (seen, matching) = (0, 0)
        let near = layer.links(of: slot)
        let count = min(layer.count(of: slot), Self.linksLookedAt)
        for i in 0..<count { layer.prefetch(near[i]) }
        for i in 0..<count {
            let links = layer.links(of: near[i])
            for j in 0..<layer.width where links[j] != LinkTable.none {
                seen += 1
                matching += bit(links[j])
            }
        }
        return Double(matching) / Double(max(seen, 1))
    }

    /// Some 400 nodes tell a share to about two points.
    private static let linksLookedAt = 12
}
