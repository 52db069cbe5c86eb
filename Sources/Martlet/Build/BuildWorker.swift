import Glibc

/// What one thread needs to insert nodes. Used by one thread at a time.
final class BuildWorker {
    var scratch: SearchScratch
    var selection: NeighborSelection
    private var nearest: NearestNodes
    /// Candidates for selection: what the search found, and the nodes of the same chunk.
    var candidates: Beam
    let beamWidth: Int
    /// The longest list of slots that there is room for.
    let listRoom: Int
    private let entries: UnsafeMutablePointer<UInt64>

    /// - Parameter scanned: How many nodes a new one may be compared with besides those of its chunk.
    init(nodes: Int, scanned: Int, _ configuration: Configuration) throws(MartletError) {
        beamWidth = min(configuration.efConstruction, nodes)
        let row = configuration.maxLinks(layer: 0)
        listRoom = max(beamWidth, row, scanned) + GraphBuilder.chunkSize
        let list = listRoom
        var scratch = try SearchScratch(nodes: nodes, beamWidth: beamWidth, list: list)
        do throws(MartletError) {
            entries = try Memory.allocate(UInt64.self, list + 1)
        } catch {
            scratch.free()
            throw error
        }
        do throws(MartletError) {
            selection = try NeighborSelection(capacity: list)
        } catch {
            scratch.free()
            Glibc.free(entries)
            throw error
        }
        do throws(MartletError) {
            nearest = try NearestNodes(capacity: list)
        } catch {
            scratch.free()
            Glibc.free(entries)
            selection.free()
            throw error
        }
        scratch.beam.removeAll(capacity: beamWidth)
        self.scratch = scratch
        candidates = Beam(entries: entries)
    }

    deinit {
        scratch.free()
        selection.free()
        nearest.free()
        free(entries)
    }

    /// Compares a node with a list of others, perhaps itself among them, and makes the nearest its
    /// candidates. Leaves all distances in the scratch.
    func scan(
        _ slots: UnsafePointer<UInt32>, _ count: Int, but slot: UInt32 = LinkTable.none, width: Int,
        _ scorer: Scorer
    ) {
        scorer.score(slots, count, scratch.distances)
        scratch.distanceCount += count
        nearest.find(width, of: slots, scratch.distances, count: count, but: slot)
        candidates.removeAll(capacity: width)
        candidates.fill(from: nearest)
    }

    var distanceCount: Int { scratch.distanceCount + selection.distanceCount }
}
