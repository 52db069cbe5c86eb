import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IndexFilesTests {
    /// In memory and mapped: the same index, also after the same changes.
    @Test(arguments: [MemoryForm.balanced, .fast, .compact], [0, 1, 700, 1500])
    func whatIsLoadedIsTheSame(memory: MemoryForm, count: Int) throws {
        for metric in Metric.all { try checkLoaded(metric, memory, count) }
    }

    private func checkLoaded(_ metric: Metric, _ memory: MemoryForm, _ count: Int) throws {
        let index = try Index(
            Configuration(dim: 12, metric: metric, M: 4, efConstruction: 20, memory: memory))
        let data = Dataset(.uniform, count: count + 600, dim: 12, seed: 3).vectors
        try index.addRows(Array(data[..<count]))
        if count > 100 { try index.remove((0..<Int64(40)).map { $0 * 2 }) }
        let file = try File(of: index)
        let loaded = try [file.load(.copied), file.load(.mapped)]
        for other in loaded {
            #expect(other.digest == index.digest)
            #expect(other.configuration == index.configuration)
            try other.checkInvariants()
            #expect(try file.bytes == File(of: other).bytes)
        }
        for index in [index] + loaded {
            try index.addRows(Array(data[count...]))
            try index.remove((0..<Int64(500)).map { Int64(count) + $0 })
            try index.checkInvariants()
        }
        for other in loaded {
            #expect(other.digest == index.digest)
            #expect(try File(of: index).bytes == File(of: other).bytes)
        }
    }

    /// A save shows the version that was newest when it began.
    @Test func addsInBetweenAreNotSaved() throws {
        let index = try Index(Configuration(dim: 2))
        try index.addRows([[Float](repeating: 1, count: 2)])
        var bytes: [UInt8] = []
        try index.write { piece throws(MartletError) in
            try index.addRows([[2, 3] as [Float]])
            bytes += piece
        }
        let saved = try bytes.withUnsafeBytes { bytes in try Index.load(bytes) }
        #expect(saved.count == 1 && index.count == 2)
    }

    @Test func errorsHaveTheSystemsNumber() throws {
        let index = try Index(Configuration(dim: 2))
        let cases: [(String, Int32, () throws -> Void)] = [
            (
                "cannot create a file beside '/no/x': No such file or directory", ENOENT,
                {
                    try index.save(to: "/no/x")
                }
            ),
            (
                "cannot open '/no': No such file or directory", ENOENT,
                {
                    _ = try Index.load(from: "/no")
                }
            ),
            ("cannot replace '/', which is no ordinary file", EISDIR, { try index.save(to: "/") }),
        ]
        for (sentence, code, body) in cases {
            #expect(throws: MartletError.io(sentence, code: code), performing: body)
        }
    }

    /// Nobody looks at those of a mapped file before its first change: searches pass over them.
    @Test func linksWithCodesMustLeadToNodes() throws {
        let (index, codes) = try indexWithLinkCodes()
        let links = codes.links(0, of: 7)
        let right = links[3]
        let queries = Dataset(.uniform, count: 50, dim: 12, seed: 6).vectors
        for slot in [1500, LinkTable.none - 1] {
            links[3] = slot
            let file = try File(of: index)
            #expect {
                try file.load(.copied)
            } throws: {
                "\($0)".contains("node 7 must lead")
            }
            let mapped = try file.load(.mapped)
            let hits = try mapped.nearest(to: queries, k: 10, ef: 1500)
            #expect(hits.allSatisfy { hits in hits.allSatisfy { (0..<1500).contains($0.id) } })
            #expect {
                try mapped.add(queries)
            } throws: {
                "\($0)".contains("node 7 must lead")
            }
        }
        links[3] = right
        _ = try File(of: index).load(.copied)
    }

    /// What encodes links does not matter to safety.
    @Test(arguments: [UInt8(0x00), 0x7f, 0xff])
    func codesOfLinksMayBeAnything(byte: UInt8) throws {
        let (index, codes) = try indexWithLinkCodes()
        for slot in 0..<1500 as Range<UInt32> {
            memset(codes.codes(0, of: slot), Int32(byte), (codes.table.width - 32) * 4)
        }
        let loaded = try File(of: index).load(.mapped)
        let queries = Dataset(.uniform, count: 50, dim: 12, seed: 6).vectors
        for ef in [10, 100, 1500] {
            let hits = try loaded.nearest(to: queries, k: 10, ef: ef)
            #expect(hits.allSatisfy { Set($0.map(\.id)).count == 10 })
        }
    }

    private func indexWithLinkCodes() throws -> (Index, LinkCodes) {
        let index = try Index(
            Configuration(dim: 12, M: 4, efConstruction: 20, memory: .fast))
        try index.addRows(Dataset(.uniform, count: 1500, dim: 12, seed: 5).vectors)
        return (index, try #require(index.versions.read { $0.graph.linkCodes }))
    }

    /// What the numbers in a mapped file's vectors are does not matter to safety.
    @Test(arguments: Metric.all)
    func vectorsThatAreNoNumbersAreFoundOrNot(metric: Metric) throws {
        let index = try Index(Configuration(dim: 8, metric: metric, M: 4, efConstruction: 20))
        try index.addRows(Dataset(.uniform, count: 1500, dim: 8, seed: 4).vectors)
        let file = try File(of: index)
        let rows = file.bytes.count / 3
        for place in stride(from: 4096, to: rows, by: 4) { file.bytes[place + 3] = 0xff }
        try file.write()
        let loaded = try? file.load(.mapped)
        let query: [[Float]] = [[1, 2, 3, 4, 5, 6, 7, 8]]
        for allowed in [1, 40, 1400] {
            let mask = (0..<1500).map { $0 < allowed }
            let hits = try loaded?.nearest(to: query, k: 10, allow: mask).hits
            #expect(hits?[0].count ?? 0 <= 10)
        }
    }
}

/// A saved index in a file of its own.
private final class File {
    var bytes: [UInt8] = []
    private let path: String

    init(of index: Index) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        close(mkstemp(&template))
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try index.write { [self] piece throws(MartletError) in bytes += piece }
        try index.save(to: path)
    }

    deinit { unlink(path) }

    func load(_ mode: LoadOptions.Mode) throws -> Index {
        var options = LoadOptions()
        options.mode = mode
        return try Index.load(from: path, options)
    }

    /// Writes the bytes again.
    func write() throws {
        let descriptor = open(path, O_WRONLY | O_TRUNC)
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        try #require(written == bytes.count)
    }
}
