import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct IndexLookupTests {
    @Test(arguments: Metric.all)
    func vectorsComeBackAsGiven(metric: Metric) throws {
        let data = Dataset(.unevenLengths, count: 300, dim: 9, seed: 5)
        let index = try Index(Configuration(dim: 9, metric: metric, efConstruction: 10))
        let ids = data.vectors.indices.map { Int64($0 * 7 - 1000) }
        for start in [0, 100, 200] {
            let batch = start..<start + 100
            try index.addRows(Array(data.vectors[batch]), ids: Array(ids[batch]))
        }
        #expect(try index.rows(ids.reversed()) == data.vectors.reversed())
        #expect(try index.rows([ids[5], ids[5]]) == [data.vectors[5], data.vectors[5]])
    }

    @Test func otherElementTypesComeBackAsFloats() throws {
        let index = try Index(Configuration(dim: 2))
        try index.addRows([[0.1, 1e-50]] as [[Double]])
        try index.addRows([[-128, 127]] as [[Int8]])
        try index.addRows([[255, 0]] as [[UInt8]])
        #expect(try index.rows([0, 1, 2]) == [[0.1, 0], [-128, 127], [255, 0]])
    }

    @Test func theFirstMissingIdIsNamed() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(throws: MartletError.idNotFound(id: 3)) { try index.rows([3]) }
        try index.addRows([[1], [2]] as [[Float]], ids: [4, 5])
        #expect(throws: MartletError.idNotFound(id: -1)) { try index.rows([4, -1, 5, 6]) }
        #expect(try index.rows([Int64]()) == [])
    }

    @Test func findKnowsEachId() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(try find([0, 1], in: index) == [-1, -1])
        try index.addRows([[1], [2], [3]] as [[Float]], ids: [.min, -1, .max])
        #expect(try find([-1, 0, .max, .min, 1, -1], in: index) == [1, -1, 2, 0, -1, 1])
        #expect(try find([], in: index) == [])
    }

    @Test func stringIdsLeadToTheirVectors() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(try index.find(["", "a"]) == [-1, -1])
        try index.addRows([[1], [2]] as [[Float]], ids: ["", "a"])
        try index.addRows([[3], [4], [5]] as [[Float]], ids: ["\0", "e\u{301}", "é"])
        #expect(try index.find(["é", "a", "e\u{301}", "\0", "A", ""]) == [4, 1, 3, 2, -1, 0])
        #expect(try index.rows(["é", "", "é"]) == [[5], [1], [5]])
        #expect(throws: MartletError.idNotFound(id: "b")) { try index.rows(["a", "b", "c"]) }
        try index.checkInvariants()
    }

    @Test func idsOfTheOtherKindAreNotThere() throws {
        let integers = try Index(Configuration(dim: 1))
        try integers.addRows([[1], [2]] as [[Float]])
        let strings = try Index(Configuration(dim: 1))
        try strings.addRows([[1], [2]] as [[Float]], ids: ["0", "1"])
        #expect(try integers.find(["0", ""]) == [-1, -1])
        #expect(try find([0, 1], in: strings) == [-1, -1])
        for body in [{ _ = try integers.rows(["0"]) }, { _ = try strings.rows([0]) }] {
            #expect {
                try body()
            } throws: { error in
                if case .idKind = error as? MartletError { true } else { false }
            }
        }
        #expect(try integers.rows([String]()) == [])
    }

    @Test func badTextIsRefused() throws {
        let index = try Index(Configuration(dim: 1))
        try index.addRows([[1]] as [[Float]], ids: ["a"])
        let bad = GivenStrings([[0x61], [0xFF]])
        let ids = IdColumn.strings(bad.strings)
        var (rows, floats): ([Int64], [Float]) = ([-9, -9], [0, 0])
        for body in [{ try index.find(ids, into: &rows) }, { try index.get(ids, into: &floats) }] {
            #expect {
                try body()
            } throws: { error in
                guard case .badText(let sentence) = error as? MartletError else { return false }
                return sentence.contains("row 1 of the ids")
            }
        }
        withExtendedLifetime(bad) {}
    }

    /// A reader that has pinned a version does not find ids that were added later.
    @Test func anEarlierVersionHasEarlierIds() throws {
        let index = try Index(Configuration(dim: 1, efConstruction: 10))
        let ids = (0..<5000).map { "id \($0)" }
        try index.addRows(Array((0..<10).map { [Float($0)] }), ids: Array(ids[..<10]))
        try index.versions.read { snapshot in
            try index.addRows((10..<5000).map { [Float($0)] }, ids: Array(ids[10...]))
            let given = GivenStrings(ids)
            try snapshot.forEachSlot(of: .strings(given.strings)) { place, slot in
                #expect(slot == (place < 10 ? UInt32(place) : nil))
            }
            #expect(snapshot.idTexts!.count == 10)
            #expect(
                (0..<10).allSatisfy { Array(snapshot.idTexts![$0]) == Array(ids[Int($0)].utf8) })
            withExtendedLifetime(given) {}
        }
        #expect(try index.find(ids) == (0..<5000).map { Int64($0) })
    }

    @Test func stringIdsAreToldByRow() throws {
        let index = try Index(Configuration(dim: 1))
        try index.addRows([[1], [2], [3]] as [[Float]], ids: ["one", "", "drei"])
        #expect(try told([2, -1, 0, 1, 2], by: index) == ["drei", "", "one", "", "drei"])
        #expect(try told([], by: index) == [])
        for row in [3, -2, .max, .min] as [Int64] {
            #expect {
                try told([0, row], by: index)
            } throws: { error in
                guard case .invalidArgument(let sentence) = error as? MartletError
                else { return false }
                return sentence.contains("row \(row) at place 1")
            }
        }
    }

    @Test func onlyStringIdsAreToldByRow() throws {
        let index = try Index(Configuration(dim: 1))
        #expect(try told([], by: index) == [])
        try index.addRows([[1]] as [[Float]])
        #expect {
            try told([], by: index)
        } throws: { error in
            if case .idKind = error as? MartletError { true } else { false }
        }
    }

    @Test func idsMayLieAnyDistanceApart() throws {
        let index = try Index(Configuration(dim: 1))
        try index.addRows([[1], [2], [3]] as [[Float]], ids: [10, 20, 30])
        try ([30, 0, 20, 0, 10] as [Int64]).withUnsafeBytes { bytes in
            let backward = Integers(data: bytes.baseAddress! + 32, stride: -16, count: 3)
            var found = [Float](repeating: 0, count: 3)
            try index.get(.integers(backward), into: &found)
            #expect(found == [1, 2, 3])
        }
    }

    private func find(_ ids: [Int64], in index: Index) throws -> [Int64] {
        var rows = [Int64](repeating: -9, count: ids.count)
        try ids.withUnsafeBytes { bytes in
            let column = Integers(data: bytes.baseAddress, count: ids.count)
            try index.find(.integers(column), into: &rows)
        }
        return rows
    }

    /// The string ids of rows.
    private func told(_ rows: [Int64], by index: Index) throws -> [String] {
        var (data, offsets) = ([UInt8](repeating: 0, count: 100), [Int64](repeating: 0, count: 10))
        try data.withUnsafeMutableBytes { data in
            try offsets.withUnsafeMutableBufferPointer { offsets in
                var text = TextOutput(
                    data: data.baseAddress, capacity: 100, offsets: offsets.baseAddress,
                    offsetCapacity: 10)
                try rows.withUnsafeBufferPointer { try index.getIds($0, into: &text) }
                #expect(text.count == rows.count)
            }
        }
        return rows.indices.map {
            String(decoding: data[Int(offsets[$0])..<Int(offsets[$0 + 1])], as: UTF8.self)
        }
    }
}
