import Glibc

/// Answers queries for one thread, one after the other, without allocating.
final class Searcher {
    private var scratch: SearchScratch
    private let query: UnsafeMutablePointer<Float>
    private let code: QueryCode
    fileprivate let room: SearchRoom
    /// What the latest walk has listed.
    private var trimmed = TrimmedList(count: 0)
    /// Queries since the call began that an exact scan answered after all.
    private(set) var fallbacks = 0

    init(_ room: SearchRoom, _ reader: VectorReader) throws(MartletError) {
        self.room = room
        var scratch = try SearchScratch(
            nodes: room.nodes, beamWidth: room.beam, candidates: room.candidates,
            list: room.list, links: room.bridges)
        do throws(MartletError) {
            query = try Memory.allocate(
                Float.self, reader.codeStride * 4 + reader.codeStride / 4)
        } catch {
            scratch.free()
            throw error
        }
        let bytes = UnsafeMutableRawPointer(query + 3 * reader.codeStride).bindMemory(
            to: UInt8.self, capacity: 5 * reader.codeStride)
        code = QueryCode(
            rotated: query + reader.codeStride, steps: query + 2 * reader.codeStride, code: bytes,
            tables: bytes + reader.codeStride)
        scratch.beam.removeAll(capacity: 0)
        self.scratch = scratch
    }

    deinit {
        scratch.free()
        free(query)
    }

    /// Distances computed since the call began.
    var distances: Int { scratch.distanceCount }

    func beginCall() { (fallbacks, scratch.distanceCount) = (0, 0) }

    /// Finds the nearest vectors to one row of the batch and writes them to its output.
    func search(_ batch: QueryBatch, row: Int, _ reader: VectorReader) throws(MartletError) {
        batch.traffic.note()
        let query = Query(
            row: query, length: try reader.load(batch.queries, row: row, to: query).squareRoot())
        let count = try find(query, batch)
        batch.output.write(
            row, k: batch.k, count: count, scratch.slots, scratch.distances, batch.snapshot)
    }

    /// Lists the nearest matching nodes; returns how many, at most `k`.
    private func find(_ query: Query, _ batch: QueryBatch) throws(MartletError) -> Int {
        let (plan, snapshot) = (batch.plan, batch.snapshot)
        guard plan.wanted > 0, let vectors = snapshot.vectors else { return 0 }
        var query = query
        if vectors.rows == nil, let codes = vectors.codes {
            codes.steps(query, to: code.steps)
            query.steps = UnsafePointer(code.steps)
        }
        let scorer = Scorer(query, code: code, in: vectors)
        if plan.method != .exactScan {
            scratch.descend(to: 0, of: snapshot.graph, from: snapshot.graph.entry!, scorer)
            if let count = walk(query, batch, vectors, scorer) {
                rerank(count, query, batch, vectors)
                return min(count, plan.wanted)
            }
            fallbacks += 1
        }
        let matches = UnsafeBufferPointer(
            start: try batch.selection!.slots(), count: plan.matching)
        return plan.isScanShort
            ? scratch.compare(matches, k: plan.wanted, query, vectors)
            : scratch.scan(
                matches, k: plan.wanted, room: plan.scanRoom, query, scorer, vectors)
    }

    /// Walks over layer 0 and lists the matching nodes in the beam that may be among those wanted;
    /// returns how many, or nil if there are too few to be trusted.
    private func walk(
        _ query: Query, _ batch: QueryBatch, _ vectors: VectorView, _ scorer: Scorer
    ) -> Int? {
        guard var count = walk(query, batch, scorer) else { return nil }
        var scorer = scorer
        if scorer.isOnCodes, vectors.isBlurred(scratch.beam, at: batch.plan.beamWidth) {
            scorer = Scorer(exact: query, in: vectors)
            guard let better = walk(query, batch, scorer) else { return nil }
            count = better
        }
        trimmed = scratch.trim(count, keeping: batch.plan.wanted, scorer)
        return trimmed.count
    }

    /// Ranks what the walk has listed by the vectors themselves.
    ///
    /// Vectors outside the range that codes cover seem nearer than they are, and then too little was
    /// listed. It shows: by their distances, those wanted lie about as far away as the limit.
    private func rerank(
        _ count: Int, _ query: Query, _ batch: QueryBatch, _ vectors: VectorView
    ) {
        let wanted = batch.plan.wanted
        scratch.rerank(count, keeping: wanted, query, vectors)
        guard let scorer = trimmed.scorer, scorer.isOnCodes, let codes = vectors.codes
        else { return }
        let expected = codes.quantizer.codeDistance(at: scratch.distances[wanted - 1])
        guard scorer.reach(expected, sigmas: 3) > trimmed.limit else { return }
        let all = scratch.listBeam(batch.selection?.matches ?? batch.snapshot.live?.slots)
        scratch.rerank(all, keeping: wanted, query, vectors)
    }

    private func walk(_ query: Query, _ batch: QueryBatch, _ scorer: Scorer) -> Int? {
        let (base, plan) = (batch.snapshot.graph.layer(0), batch.plan)
        guard let matches = batch.selection?.matches else {
            // A beam as wide as the index meets every node: there is nothing to estimate.
            if scorer.isOnCodes, plan.beamWidth < plan.matching,
                let estimator = Estimator(query, code, batch.snapshot)
            {
                scratch.search(plan, scorer, estimator)
                // Links of a mapped file that nobody has looked at may lead to slots without a row.
                let count = scratch.listBeam(batch.snapshot.live?.slots)
                // Where nodes crowd, those that are candidates many times take the place of others.
                if count >= max(plan.wanted, plan.beamWidth / 2) { return count }
            }
            scratch.search(base, width: plan.beamWidth, scorer)
            return scratch.listBeam()
        }
        let share = matches.share(around: scratch.beam.slot(0), on: base)
        if let walk = plan.walk(share: share),
            let count = take(walk, on: base, plan, matches, scorer)
        {
            return count
        }
        guard let start = scratch.enter(matches, scorer),
            let walk = plan.walkAmongMatches(share: matches.share(around: start, on: base))
        else { return nil }
        return take(walk, on: base, plan, matches, scorer)
    }

    private func take(
        _ walk: Walk, on base: Layer, _ plan: SearchPlan, _ matches: Bitmap, _ scorer: Scorer
    ) -> Int? {
        walk.isBridged
            ? scratch.searchBridged(base, width: walk.width, plan, matches, scorer)
            : scratch.searchPlain(base, width: walk.width, plan, matches, scorer)
    }
}

/// One call's queries, and what they are asked of.
struct QueryBatch {
    let queries: Matrix
    let k: Int
    let plan: SearchPlan
    /// nil if all nodes may be returned.
    let selection: Selection?
    let output: SearchOutput
    let snapshot: Snapshot
    let traffic: SearchTraffic

    /// The room that a searcher needs.
    var room: SearchRoom {
        let links = snapshot.graph.base.width
        var room = SearchRoom(nodes: snapshot.slotCount, beam: plan.widestBeam, list: links)
        if selection == nil, snapshot.graph.linkCodes != nil { room.candidates = plan.candidates }
        if selection != nil {
            room.beam = max(room.beam, plan.wanted)
            room.list = max(
                MatchingNeighbors.listRoom(links: links),
                SearchScratch.listRoom(scanRoom: plan.scanRoom))
            room.bridges = links
        }
        room.list = max(room.list, room.beam)
        return room
    }
}

/// What a searcher has room for; see `SearchScratch`.
struct SearchRoom {
    var nodes: Int
    var beam: Int
    var candidates = 0
    var list: Int
    var bridges = 0

    func holds(_ other: SearchRoom) -> Bool {
        nodes >= other.nodes && beam >= other.beam && candidates >= other.candidates
            && list >= other.list && bridges >= other.bridges
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
    /// Receives the matches' row numbers, in the shape of `ids`, or nil.
    public var rows: UnsafeMutablePointer<Int64>?

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
        _ found: UnsafePointer<Float>, _ snapshot: Snapshot
    ) {
        counts?[row] = UInt64(count)
        guard k > 0, let ids, let distances else { return }
        let first = row &* k
        for i in 0..<count {
            let slot = slots[i]
            ids[first &+ i] = snapshot.ids?[Int(slot)] ?? Int64(snapshot.row(of: slot))
            distances[first &+ i] = found[i]
            rows?[first &+ i] = Int64(snapshot.row(of: slot))
        }
        (ids + first + count).update(repeating: Self.noId, count: k - count)
        (distances + first + count).update(repeating: .infinity, count: k - count)
        if let rows { (rows + first + count).update(repeating: Self.noId, count: k - count) }
    }
}

/// Searchers that wait for their next call.
final class SearcherPool: @unchecked Sendable {
    /// Guards `idle`.
    private let mutex = Mutex()
    private var idle: [Searcher] = []

    /// A searcher large enough for `batch`: an idle one, or else a new one with room to grow.
    func take(for batch: QueryBatch, _ reader: VectorReader) throws(MartletError) -> Searcher {
        var room = batch.room
        if let searcher = mutex.withLock({ idle.popLast() }), searcher.room.holds(room) {
            searcher.beginCall()
            return searcher
        }
        room.nodes += room.nodes / 4
        return try Searcher(room, reader)
    }

    func give(back searcher: Searcher) {
        mutex.withLock { if idle.count < 64 { idle.append(searcher) } }
    }
}
