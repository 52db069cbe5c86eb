import CIntrinsics

/// The walk that estimates: by the codes of a node's links, how far each leads from the query. Only
/// nodes that it expands are measured (SymphonyQG, Gou et al., SIGMOD 2025, section 3.3).
extension SearchScratch {
    /// Widens the beam to the nearest nodes of those that were expanded, starting from the nearest one
    /// that it holds.
    ///
    /// A node is a candidate once for each node that leads to it, by another estimate each time, and
    /// is expanded at the best.
    mutating func search(_ plan: SearchPlan, _ scorer: Scorer, _ estimator: Estimator) {
        let (start, distance) = (beam.slot(0), beam.distance(0))
        visited.removeAll()
        beam.removeAll(capacity: plan.beamWidth)
        candidates.removeAll(capacity: plan.candidates)
        candidates.add(start, distance)
        candidates.merge(estimator.merge)
        expandCandidates(scorer, estimator)
    }

    @inline(__always)
    private mutating func expandCandidates(_ scorer: Scorer, _ estimator: Estimator) {
        // Locals, which the compiler can keep in registers.
        let (visited, slots, distances) = (visited, slots, distances)
        let slotCount = UInt32(estimator.links.table.rowCount)
        var (beam, candidates, ahead) = (beam, candidates, NodesAhead())
        while let node = ahead.takeFirst() ?? candidates.take(visited, scorer, estimator) {
            while !ahead.isFull, let next = candidates.take(visited, scorer, estimator) {
                ahead.append(next)
            }
            slots[0] = node
            scorer.score(slots, 1, distances)
            distanceCount &+= 1
            let distance = distances[0]
            beam.insert(node, distance)
            for block in 0..<estimator.links.blockCount {
                let links = estimator.links.links(block, of: node)
                var nearer = estimator.estimate(
                    block, of: node, distance, below: candidates.bound, to: distances)
                while nearer != 0 {
                    let i = nearer.trailingZeroBitCount
                    nearer &= nearer &- 1
                    let link = links[i]
                    // Of a mapped file, nobody may have looked at the links before.
                    guard link < slotCount else { continue }
                    candidates.add(link, distances[i], if: visited.contains(link) ? 0 : 1)
                }
                candidates.merge(estimator.merge)
            }
        }
        (self.beam, self.candidates) = (beam, candidates)
    }
}

/// Nodes that will be expanded next, whatever turns up meanwhile: their memory is on its way.
///
/// A walk that always expands the nearest waits for memory whenever it has just found a nearer one.
/// Two steps are as long as memory takes, and the nodes taken early are good ones: recall per node
/// expanded stays the same.
private struct NodesAhead {
    private var first = LinkTable.none
    private var second = LinkTable.none

    @inline(__always)
    var isFull: Bool { second != LinkTable.none }

    @inline(__always)
    mutating func append(_ node: UInt32) {
        if first == LinkTable.none { first = node } else { second = node }
    }

    @inline(__always)
    mutating func takeFirst() -> UInt32? {
        guard first != LinkTable.none else { return nil }
        defer { (first, second) = (second, LinkTable.none) }
        return first
    }
}

extension CandidatePool {
    /// Takes the nearest candidate not visited yet, which it marks, and asks for its memory.
    @inline(__always)
    fileprivate mutating func take(
        _ visited: VisitedSet, _ scorer: Scorer, _ estimator: Estimator
    ) -> UInt32? {
        while let node = take() {
            guard visited.insert(node) == 1 else { continue }
            estimator.prefetch(node, scorer)
            return node
        }
        return nil
    }
}

/// Estimates how far the links of a node lead from one query.
struct Estimator {
    let links: LinkCodes
    private let lookup: kernels_lookup
    let merge: kernels_merge
    private let kernel: kernels_estimate

    /// Fails if links have no codes.
    /// - Parameter room: Holds the query's code.
    init?(_ query: Query, _ room: QueryCode, _ snapshot: Snapshot) {
        guard let links = snapshot.graph.linkCodes, let codes = snapshot.vectors?.codes else {
            return nil
        }
        (self.links, lookup) = (links, codes.lookup(query, room))
        let kernels = codes.quantizer.reader.kernels
        (kernel, merge) = (kernels.estimate, kernels.merge)
    }

    /// Asks for all that a step from `slot` reads.
    @inline(__always)
    func prefetch(_ slot: UInt32, _ scorer: Scorer) {
        scorer.prefetch(slot)
        links.prefetch(slot)
    }

    /// Estimates for 32 links of `node`; writes 32 distances and returns the bits of those below
    /// `bound`.
    /// - Parameter distance: That of the node itself.
    @inline(__always)
    func estimate(
        _ block: Int, of node: UInt32, _ distance: Float, below bound: Float,
        to distances: UnsafeMutablePointer<Float>
    ) -> UInt32 {
        withUnsafePointer(to: lookup) {
            kernel($0, links.codes(block, of: node), distance, bound, distances)
        }
    }
}
