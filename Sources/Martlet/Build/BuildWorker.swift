import Glibc

/// What one thread needs to insert nodes. Used by one thread at a time.
final class BuildWorker {
    var scratch: SearchScratch
    var selection: NeighborSelection
    /// Candidates for selection: what the search found, and the nodes of the same chunk.
    var candidates: Beam
    let beamWidth: Int
    /// The longest list of slots that there is room for.
    let listRoom: Int
    private let entries: UnsafeMutablePointer<UInt64>

    init(nodes: Int, _ configuration: Configuration) throws(MartletError) {
        beamWidth = min(configuration.efConstruction, nodes)
        let row = configuration.maxLinks(layer: 0)
        listRoom = max(beamWidth, row) + GraphBuilder.chunkSize
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
        scratch.beam.removeAll(capacity: beamWidth)
        self.scratch = scratch
        candidates = Beam(entries: entries)
    }

    deinit {
        scratch.free()
        selection.free()
        free(entries)
    }

    var distanceCount: Int { scratch.distanceCount + selection.distanceCount }
}
