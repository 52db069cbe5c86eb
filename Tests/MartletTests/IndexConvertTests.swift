import MartletTestSupport
import Testing

@testable import Martlet

/// One form of memory becomes another, whatever the index has been through.
@Suite struct IndexConvertTests {
    private static let data = LooseClusters(count: 2600, dim: 12, seed: 51).vectors

    /// One batch, and so many removed that the graph was repaired and compacted, or some left as
    /// tombstones, or none.
    @Test(arguments: Metric.all, [0, 1, 900, 1500])
    func itIsWhatItWouldBeHadItBeenMadeSo(metric: Metric, count: Int) throws {
        for (memory, other) in [(MemoryForm.balanced, MemoryForm.fast), (.fast, .balanced)] {
            let (index, twin) = (try make(metric, memory), try make(metric, other))
            for index in [index, twin] { try index.addRows(Array(Self.data[..<count])) }
            try index.convert(to: other)
            #expect(index.configuration == twin.configuration)
            #expect(try index.statistics().memory == other)
            try index.checkInvariants()
            #expect(try bytes(of: index) == bytes(of: twin))
            for index in [index, twin] { try index.addRows(Array(Self.data[count...])) }
            #expect(try bytes(of: index) == bytes(of: twin))
            try index.checkInvariants()
        }
    }

    @Test(arguments: [MemoryForm.balanced, .fast])
    func whatHasTheFormIsLeftAsItIs(memory: MemoryForm) throws {
        let index = try make(.l2, memory)
        try index.addRows(Array(Self.data[..<1500]))
        let before = (index.versions.read { $0.graph.linkCodes?.table.pages }, index.digest)
        try index.convert(to: memory)
        #expect(index.versions.read { $0.graph.linkCodes?.table.pages } == before.0)
        #expect(index.digest == before.1)
    }

    /// There and back, between changes of every kind, the index is the one that never was another.
    @Test(arguments: [Metric.l2, .cosine, .ip])
    func changesGoOn(metric: Metric) throws {
        let (index, twin) = (try make(metric, .balanced), try make(metric, .balanced))
        let changes: [(Index) throws -> Void] = [
            { try $0.addRows(Array(Self.data[..<1500])) },
            { try $0.remove(ids: (0..<20).map { $0 * 7 }) },
            { try $0.upsertRows(Array(Self.data[1500..<1600]), ids: (300..<400).map { $0 }) },
            { try $0.remove(ids: (400..<800).map { $0 }) },
            { try $0.compact() },
            { try $0.addRows(Array(Self.data[1600...])) },
            { try $0.clear() },
            { try $0.addRows(Array(Self.data[..<1100])) },
        ]
        for change in changes {
            try change(twin)
            try index.convert(to: .fast)
            try change(index)
            try index.checkInvariants()
            let hasCodes = metric != .ip && index.count >= 1024
            #expect(index.versions.read { $0.graph.linkCodes != nil } == hasCodes)
            try index.convert(to: .balanced)
            try index.checkInvariants()
            #expect(try bytes(of: index) == bytes(of: twin))
        }
    }

    @Test func viewsAndSavesAreOfTheirVersion() throws {
        let index = try make(.l2, .fast)
        try index.addRows(Array(Self.data[..<1500]))
        let (view, before) = (index.view(), try bytes(of: index))
        var saved: [UInt8] = []
        try index.write { piece throws(MartletError) in
            try index.convert(to: .balanced)
            saved += piece
        }
        #expect(saved == before)
        #expect(view.configuration.memory == .fast && index.configuration.memory == .balanced)
        #expect(try bytes(of: view) == before)
        #expect(throws: MartletError.self) { try view.convert(to: .balanced) }
    }

    /// What the codes of links lay in goes with the last version that has them.
    @Test func theirMemoryIsGivenBack() throws {
        let index = try make(.l2, .fast)
        try index.addRows(Array(Self.data[..<1500]))
        let view = index.view()
        weak let pool = index.contents.graphStore.pools.linkCodes
        try index.convert(to: .balanced)
        #expect(pool != nil)
        withExtendedLifetime(view) {}
        try index.convert(to: .fast)
        try index.checkInvariants()
        #expect(index.contents.graphStore.pools.linkCodes !== pool)
    }

    @Test func cancelledOnesChangeNothing() throws {
        for memory in [MemoryForm.balanced, .fast] {
            let index = try make(.l2, memory)
            try index.addRows(Array(Self.data[..<1500]))
            let before = try bytes(of: index)
            let words = ControlWords()
            words.cancel()
            for other in [MemoryForm.balanced, .fast] where other != memory {
                #expect(throws: MartletError.cancelled) {
                    try index.convert(to: other, words.control)
                }
                #expect(try bytes(of: index) == before)
                let counted = ControlWords()
                try index.convert(to: other, counted.control)
                #expect(counted.total == 1500 && counted.done == 1500)
            }
            try index.checkInvariants()
        }
    }

    /// From a checkpoint, and from a log whose records stand behind each other.
    @Test(arguments: [true, false])
    func foldersKeepIt(hasCheckpoint: Bool) throws {
        let folder = TemporaryFolder()
        let path = folder.path("store")
        let twin = try make(.cosine, .balanced)
        do {
            let index = try Index.open(path, twin.configuration)
            for index in [index, twin] {
                try index.addRows(Array(Self.data[..<1200]))
                try index.convert(to: .fast)
                try index.addRows(Array(Self.data[1200..<1300]))
            }
            if hasCheckpoint { try index.checkpoint() }
            index.close()
        }
        #expect(throws: MartletError.self) {
            try Index.open(path, self.make(.cosine, .balanced).configuration)
        }
        let index = try Index.open(path, twin.configuration)
        try index.checkInvariants()
        #expect(try bytes(of: index) == bytes(of: twin))
        for index in [index, twin] {
            try index.convert(to: .balanced)
            try index.addRows(Array(Self.data[1300...]))
        }
        index.close()
        let again = try Index.open(path, nil)
        #expect(try bytes(of: again) == bytes(of: twin))
    }

    /// All forms, one after the other, between changes: as by the same calls on a loaded index, and as by
    /// what a log tells.
    @Test(arguments: Metric.all)
    func everyForm(metric: Metric) throws {
        let folder = TemporaryFolder()
        let data = Dataset(.uniform, count: 2200, dim: 12, seed: 52).vectors
        let index = try make(metric, .balanced)
        let stored = try Index.open(folder.path("store"), index.configuration)
        let steps: [(MemoryForm, (Index) throws -> Void)] = [
            (.compact, { try $0.addRows(Array(data[..<1100])) }),
            (.fast, { try $0.remove(ids: (0..<40).map { $0 * 3 }) }),
            (.compact, { try $0.upsertRows(Array(data[1500..<1600]), ids: (1..<101).map { $0 }) }),
            (.balanced, { try $0.remove(ids: (400..<800).map { $0 }) }),
            (.compact, { try $0.addRows(data[1600...].map { $0.map { 1.4 * $0 } }) }),
            (.compact, { try $0.compact() }),
            (.balanced, { try $0.addRows(Array(data[1100..<1500])) }),
        ]
        for (form, change) in steps {
            let loaded = try bytes(of: index).withUnsafeBytes { bytes in try Index.load(bytes) }
            for index in [index, stored, loaded] {
                try index.convert(to: form)
                try index.checkInvariants()
                try change(index)
                try index.checkInvariants()
            }
            let areCodes = index.versions.read { $0.vectors?.rows == nil }
            #expect(areCodes == (form == .compact && metric != .ip))
            #expect(try index.statistics().vectorBytes < index.count * 100)
            #expect(try bytes(of: loaded) == bytes(of: index))
        }
        stored.close()
        let reopened = try Index.open(folder.path("store"), nil)
        #expect(try bytes(of: reopened) == bytes(of: index))
    }

    /// In the middle of an add that makes codes coarser, or of a conversion.
    @Test(arguments: [Metric.l2, .cosine])
    func failuresLeaveTheCompactFormAsItWas(metric: Metric) throws {
        let (index, twin) = (try make(metric, .compact), try make(metric, .compact))
        for index in [index, twin] { try index.addRows(Array(Self.data[..<1200])) }
        let before = try bytes(of: index)
        let wide = Self.data[1200...].map { $0.map { 3 * $0 } }
        let words = ControlWords()
        defer { withExtendedLifetime(words) {} }
        #expect(throws: MartletError.cancelled) {
            try index.addRows(
                Array(wide), threads: 2, control: words.controlCancelledOnceSomeAreDone)
        }
        #expect(throws: MartletError.self) {
            try index.addRows(wide + [[Float](repeating: .nan, count: 12)])
        }
        let cancelled = ControlWords()
        cancelled.cancel()
        #expect(throws: MartletError.cancelled) {
            try index.convert(to: .balanced, cancelled.control)
        }
        #expect(try bytes(of: index) == before)
        for index in [index, twin] { try index.addRows(Array(wide)) }
        #expect(try bytes(of: index) == bytes(of: twin))
        try index.checkInvariants()
    }

    private func make(_ metric: Metric, _ memory: MemoryForm) throws -> Index {
        try Index(
            Configuration(dim: 12, metric: metric, M: 6, efConstruction: 30, memory: memory))
    }

    private func bytes(of index: Index) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try index.write { piece throws(MartletError) in bytes += piece }
        return bytes
    }
}
