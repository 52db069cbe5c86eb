import Glibc

/// What one thread needs to search: lent for a call, so that a query allocates nothing.
struct SearchScratch {
    var beam: Beam
    /// Nodes to expand, by estimates.
    var candidates: CandidatePool
    var visited: VisitedSet
    /// Slots to score, and their distances.
    let slots: UnsafeMutablePointer<UInt32>
    let distances: UnsafeMutablePointer<Float>
    /// Slots to score next.
    let slotsAhead: UnsafeMutablePointer<UInt32>
    /// The links of a node, some of them.
    let bridges: UnsafeMutablePointer<UInt32>
    /// Distances computed since the scratch was made.
    var distanceCount = 0

    /// - Parameters:
    ///   - nodes: slots that may be met, exclusive bound.
    ///   - beamWidth: largest beam capacity.
    ///   - candidates: most candidates.
    ///   - list: longest list of slots to score.
    ///   - links: most links of a node that a walk bridges over.
    init(
        nodes: Int, beamWidth: Int, candidates: Int = 0, list: Int, links: Int = 0
    ) throws(MartletError) {
        // Multiples of four words, and of eight slots, so that all lie where vectors can.
        let first = CandidatePool.room(candidates)
        let beams = first + (beamWidth + 4) & ~3
        let list = max((list + 7) & ~7, LinkCodes.linksPerBlock)
        let entries = try Memory.allocate(UInt64.self, beams + (3 * list + links) / 2)
        self.candidates = CandidatePool(memory: entries)
        beam = Beam(entries: entries + first)
        slots = UnsafeMutableRawPointer(entries + beams).bindMemory(
            to: UInt32.self, capacity: list)
        distances = UnsafeMutableRawPointer(slots + list).bindMemory(to: Float.self, capacity: list)
        slotsAhead = UnsafeMutableRawPointer(distances + list).bindMemory(
            to: UInt32.self, capacity: list + links)
        bridges = slotsAhead + list
        do throws(MartletError) {
            visited = try VisitedSet(capacity: nodes)
        } catch {
            Glibc.free(entries)
            throw error
        }
        memory = entries
    }

    func free() {
        visited.free()
        Glibc.free(memory)
    }

    private let memory: UnsafeMutablePointer<UInt64>
}
