import Glibc

/// What one thread needs to search: lent for a call, so that a query allocates nothing.
struct SearchScratch {
    var beam: Beam
    var visited: VisitedSet
    /// Slots to score, and their distances.
    let slots: UnsafeMutablePointer<UInt32>
    let distances: UnsafeMutablePointer<Float>
    /// Distances computed since the scratch was made.
    var distanceCount = 0

    /// - Parameters:
    ///   - nodes: slots that may be met, exclusive bound.
    ///   - beamWidth: largest beam capacity.
    ///   - list: longest list of slots to score.
    init(nodes: Int, beamWidth: Int, list: Int) throws(MartletError) {
        let entries = try Memory.allocate(UInt64.self, beamWidth + 1 + list)
        beam = Beam(entries: entries)
        slots = UnsafeMutableRawPointer(entries + beamWidth + 1).bindMemory(
            to: UInt32.self, capacity: list)
        distances = UnsafeMutableRawPointer(slots + list).bindMemory(to: Float.self, capacity: list)
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
