import Glibc

/// Answers queries for one thread, one after the other, without allocating.
final class Searcher {
    private var scratch: SearchScratch
    private let query: UnsafeMutablePointer<Float>
    private let code: UnsafeMutablePointer<UInt8>
    fileprivate let nodes: Int
    fileprivate let beamWidth: Int

    init(nodes: Int, beamWidth: Int, links: Int, _ reader: VectorReader) throws(MartletError) {
        (self.nodes, self.beamWidth) = (nodes, beamWidth)
        var scratch = try SearchScratch(
            nodes: nodes, beamWidth: beamWidth, list: max(beamWidth, links))
        do throws(MartletError) {
            query = try Memory.allocate(Float.self, reader.stride + reader.codeStride / 4)
        } catch {
            scratch.free()
            throw error
        }
        code = UnsafeMutableRawPointer(query + reader.stride).bindMemory(
            to: UInt8.self, capacity: reader.codeStride)
        scratch.beam.removeAll(capacity: 0)
        self.scratch = scratch
    }

    deinit {
        scratch.free()
        free(query)
    }

    /// Finds the nearest vectors to one row of the batch and writes them to its output.
    func search(_ batch: QueryBatch, row: Int, _ reader: VectorReader) throws(MartletError) {
        let query = Query(
            row: query, length: try reader.load(batch.queries, row: row, to: query).squareRoot())
        var count = 0
        if let vectors = batch.snapshot.vectors, let entry = batch.snapshot.graph.entry, batch.k > 0
        {
            let scorer = Scorer(query, code: code, in: vectors)
            scratch.descend(to: 0, of: batch.snapshot.graph, from: entry, scorer)
            scratch.search(batch.snapshot.graph.layer(0), width: batch.beamWidth, scorer)
            let isFull = scratch.beam.count == batch.beamWidth
            if scorer.isOnCodes && isFull && vectors.isBlurred(scratch.beam, at: batch.beamWidth) {
                let byVector = Scorer(query, code: code, in: vectors.exact)
                scratch.search(
                    batch.snapshot.graph.layer(0), width: batch.beamWidth, byVector)
            }
            count = min(scratch.rerank(query, vectors), batch.k)
        }
        batch.output.write(
            row, k: batch.k, count: count, scratch.slots, scratch.distances, batch.snapshot.ids)
    }
}

/// One call's queries, and what they are asked of.
struct QueryBatch {
    let queries: Matrix
    let k: Int
    let beamWidth: Int
    let output: SearchOutput
    let snapshot: Snapshot
}

extension SearchScratch {
    /// Puts the beam's nodes into the list, ordered by their public distances; returns how many.
    fileprivate mutating func rerank(_ query: Query, _ vectors: VectorView) -> Int {
        let count = beam.count
        for place in 0..<count { slots[place] = beam.slot(place) }
        vectors.distances(query, slots, count, distances)
        sortList(count)
        return count
    }

    /// Orders the list by distance, then slot. It nearly is in order, which insertion makes use of;
    /// where it is not after all, since distances tie that the beam could not tell apart, it sorts.
    private func sortList(_ count: Int) {
        var moves = 0
        for i in 1..<max(count, 1) {
            let (slot, distance) = (slots[i], distances[i])
            var place = i
            while place > 0 && (distances[place - 1], slots[place - 1]) > (distance, slot) {
                (slots[place], distances[place]) = (slots[place - 1], distances[place - 1])
                place -= 1
            }
            (slots[place], distances[place]) = (slot, distance)
            moves += i - place
            guard moves <= 64 * count else { return sortAnyList(count) }
        }
    }

    private func sortAnyList(_ count: Int) {
        var list = (0..<count).map { (distances[$0], slots[$0]) }
        list.sort { $0 < $1 }
        for i in 0..<count { (distances[i], slots[i]) = list[i] }
    }
}

/// The caller's arrays for the results of a batch of queries.
///
/// Safety: the caller vouches that they have the sizes of `martlet_search`.
public struct SearchOutput: @unchecked Sendable {
    /// Fills the places behind the last match.
    public static let noId: Int64 = -1

    let ids: UnsafeMutablePointer<Int64>?
    let distances: UnsafeMutablePointer<Float>?
    let counts: UnsafeMutablePointer<UInt64>?

    /// - Parameters:
    ///   - ids: rows * k elements; row after row, nearest first.
    ///   - distances: likewise.
    ///   - counts: matches per row, or nil.
    public init(
        ids: UnsafeMutablePointer<Int64>?, distances: UnsafeMutablePointer<Float>?,
        counts: UnsafeMutablePointer<UInt64>?
    ) {
        (self.ids, self.distances, self.counts) = (ids, distances, counts)
    }

    fileprivate func write(
        _ row: Int, k: Int, count: Int, _ slots: UnsafePointer<UInt32>,
        _ found: UnsafePointer<Float>, _ idsBySlot: UnsafePointer<Int64>?
    ) {
        counts?[row] = UInt64(count)
        guard k > 0, let ids, let distances else { return }
        for i in 0..<count {
            ids[row &* k &+ i] = idsBySlot![Int(slots[i])]
            distances[row &* k &+ i] = found[i]
        }
        (ids + row &* k + count).update(repeating: Self.noId, count: k - count)
        (distances + row &* k + count).update(repeating: .infinity, count: k - count)
    }
}

/// Searchers that wait for their next call.
final class SearcherPool: @unchecked Sendable {
    /// Guards `idle`.
    private let mutex = Mutex()
    private var idle: [Searcher] = []

    /// A searcher large enough for `batch`: an idle one, or else a new one with room to grow.
    func take(for batch: QueryBatch, _ reader: VectorReader) throws(MartletError) -> Searcher {
        let nodes = batch.snapshot.count
        if let searcher = mutex.withLock({ idle.popLast() }),
            searcher.nodes >= nodes, searcher.beamWidth >= batch.beamWidth
        {
            return searcher
        }
        return try Searcher(
            nodes: nodes + nodes / 4, beamWidth: batch.beamWidth,
            links: batch.snapshot.graph.base.width, reader)
    }

    func give(back searcher: Searcher) {
        mutex.withLock { if idle.count < 64 { idle.append(searcher) } }
    }
}
