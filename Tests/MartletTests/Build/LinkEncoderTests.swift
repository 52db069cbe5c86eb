import MartletTestSupport
import Testing

@testable import Martlet

/// Codes of links after changes of every kind; `checkInvariants` compares each row with the graph and
/// with what the kernel makes of it.
@Suite struct LinkEncoderTests {
    private static let numbers = [2, 4, 8, 16, 24, 40]

    /// Across several quantizers: the number of vectors doubles twice.
    @Test(arguments: [Metric.l2, .cosine], numbers)
    func codesFollowAdds(metric: Metric, M: Int) throws {
        let data = LooseClusters(count: 4200, dim: 12, seed: 31).vectors
        let index = try makeIndex(metric, M: M)
        var tables: Set<UnsafeMutablePointer<Float>?> = []
        let borders = [0, 700, 1023, 1024, 1500, 2047, 2048, 4000, 4200]
        for (start, end) in zip(borders, borders.dropFirst()) {
            try index.addRows(Array(data[start..<end]))
            try index.checkInvariants()
            let snapshot = index.versions.read { $0 }
            #expect((snapshot.graph.linkCodes != nil) == (end >= 1024), "\(end) vectors")
            tables.insert(snapshot.vectors?.codes?.quantizer.table)
        }
        #expect(tables.count >= 3)
    }

    /// Until removed nodes leave the graph, and behind that; then compacted, cleared and filled again.
    @Test(arguments: [Metric.l2, .cosine], numbers)
    func codesFollowRemovals(metric: Metric, M: Int) throws {
        let data = LooseClusters(count: 3000, dim: 12, seed: 32).vectors
        let index = try makeIndex(metric, M: M)
        try index.addRows(Array(data[..<2000]))
        var generator = SeededGenerator(33)
        var ids = (0..<2000 as Range<Int64>).map { $0 }
        var unlinked = 0
        for round in 0..<12 {
            ids.shuffle(using: &generator)
            try index.remove(ids: Array(ids.prefix(90)))
            ids.removeFirst(90)
            try index.checkInvariants()
            let known = Array(ids.prefix(30))
            try index.upsertRows(known.map { data[2000 + Int($0) % 1000] }, ids: known)
            try index.checkInvariants()
            if round == 5 { try index.addRows(Array(data[2000..<2300]), ids: Array(3000..<3300)) }
            let snapshot = index.versions.read { $0 }
            unlinked = max(
                unlinked, snapshot.slotCount - snapshot.count - snapshot.tombstones.count)
        }
        #expect(unlinked > 100, "nothing was repaired")
        let before = try index.nearest(to: Array(data[..<20]), k: 10)
        try index.compact()
        try index.checkInvariants()
        #expect(try index.nearest(to: Array(data[..<20]), k: 10) == before)
        try index.addRows(Array(data[2300..<2400]), ids: Array(4000..<4100))
        try index.remove(ids: Array(ids.prefix(400)))
        try index.checkInvariants()
        try index.clear()
        try index.checkInvariants()
        try index.addRows(Array(data[..<1100]))
        try index.checkInvariants()
    }

    /// Rows are filled up with the nearest of the nodes that the first links' first links lead to.
    @Test(arguments: [Metric.l2, .cosine], numbers)
    func rowsAreFilledUpWithNearNodes(metric: Metric, M: Int) throws {
        let data = Dataset(.uniform, count: 1500, dim: 12, seed: 34).vectors
        let index = try makeIndex(metric, M: M)
        try index.addRows(data)
        let snapshot = index.versions.read { $0 }
        let (linkCodes, layer) = (snapshot.graph.linkCodes!, snapshot.graph.layer(0))
        #expect(linkCodes.blockCount == (2 * M + 31) / 32)
        let codes = snapshot.vectors!.codes!
        for slot in 0..<UInt32(1500) {
            let (links, list) = (neighbors(of: slot, layer), linkCodes.list(slot))
            var around: Set<UInt32> = []
            for link in links.prefix(8) { around.formUnion(neighbors(of: link, layer).prefix(8)) }
            around.subtract(links + [slot])
            let sorted = around.sorted {
                (distance(slot, $0, codes), $0) < (distance(slot, $1, codes), $1)
            }
            let room = linkCodes.blockCount * 32
            try #require(list == Array((links + sorted).prefix(room)), "slot \(slot)")
        }
    }

    /// Vectors so near to each other that the codes of all are given up.
    @Test(arguments: [Metric.l2, .cosine])
    func codesEndWithTheVectorsCodes(metric: Metric) throws {
        let index = try makeIndex(metric, M: 8)
        let (wide, tight) = Withdrawal.data(dim: 12)
        try index.addRows(wide)
        #expect(index.versions.read { $0.graph.linkCodes != nil })
        try index.addRows(tight)
        #expect(index.versions.read { $0.graph.linkCodes == nil && $0.vectors?.codes == nil })
        try index.checkInvariants()
        try index.addRows(Array(wide.prefix(100)))
        try index.checkInvariants()
    }

    @Test func innerProductsHaveNone() throws {
        let index = try makeIndex(.ip, M: 8)
        try index.addRows(Dataset(.uniform, count: 1500, dim: 12, seed: 35).vectors)
        #expect(index.versions.read { $0.graph.linkCodes == nil })
        try index.checkInvariants()
    }

    /// What fails, in the middle or at its end, changes nothing; nor does a quantizer made in vain.
    @Test func failedAddsLeaveNoTrace() throws {
        let data = LooseClusters(count: 2600, dim: 12, seed: 36).vectors
        let (index, twin) = (try makeIndex(.l2, M: 8), try makeIndex(.l2, M: 8))
        for index in [index, twin] { try index.addRows(Array(data[..<1100])) }
        let before = index.digest
        for _ in 0..<3 {
            let words = ControlWords()
            defer { withExtendedLifetime(words) {} }
            let control = words.controlCancelledOnceSomeAreDone
            #expect(throws: MartletError.cancelled) {
                try index.addRows(Array(data[1100...]), threads: 2, control: control)
            }
            #expect(index.digest == before)
            try index.checkInvariants()
        }
        for index in [index, twin] { try index.addRows(Array(data[1100...])) }
        #expect(index.digest == twin.digest)
        try index.checkInvariants()
    }

    private func neighbors(of slot: UInt32, _ layer: Layer) -> [UInt32] {
        (0..<layer.count(of: slot)).map { layer.links(of: slot)[$0] }
    }

    private func distance(_ a: UInt32, _ b: UInt32, _ codes: CodeView) -> Int {
        (0..<codes.stride).reduce(0) {
            let difference = Int(codes.row(a)[$1]) - Int(codes.row(b)[$1])
            return $0 + difference * difference
        }
    }

    private func makeIndex(_ metric: Metric, M: Int) throws -> Index {
        try Index(
            Configuration(dim: 12, metric: metric, M: M, efConstruction: 40, memory: .fast))
    }
}
