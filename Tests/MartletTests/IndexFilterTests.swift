import MartletTestSupport
import Testing

@testable import Martlet

/// What a call lets through: mask, ids and filter together.
@Suite struct IndexFilterTests {
    private static let count = 60

    @Test func conditionsAreCombined() throws {
        let index = try Self.make(ids: (0..<60).map { 1000 + Int64($0) })
        for which in 1..<8 {
            let search = Self.Conditions(
                mask: which & 1 != 0 ? (0..<60).map { $0 % 2 == 0 } : nil,
                ids: which & 2 != 0 ? (0..<60).filter { $0 % 3 == 0 }.map { 1000 + $0 } : nil,
                filter: which & 4 != 0 ? #"{"n": {"$lt": 40}}"# : nil)
            let expected = (0..<60).filter {
                (which & 1 == 0 || $0 % 2 == 0) && (which & 2 == 0 || $0 % 3 == 0)
                    && (which & 4 == 0 || $0 < 40)
            }
            let (hits, explanation) = try search.run(index, k: 60)
            #expect(hits.map(\.id) == expected.map { 1000 + Int64($0) })
            #expect(explanation.matching == expected.count && explanation.rows == 60)
        }
    }

    @Test func unknownIdsAreIgnored() throws {
        let index = try Self.make(ids: nil)
        let hits = try Conditions(ids: [-1, 7, 60, .max, .min, 3, 7]).run(index, k: 5).hits
        #expect(hits.map(\.id) == [3, 7])
        #expect(try Conditions(ids: []).run(index, k: 5).hits.isEmpty)
    }

    @Test func idsOfTheOtherKindAreRefused() throws {
        let integers = try Self.make(ids: nil)
        let given = GivenStrings(["a"])
        var options = SearchOptions()
        options.allowedIds = .strings(given.strings)
        try expectIdKind { _ = try integers.nearest(to: [[0]] as [[Float]], k: 1, options) }
        let strings = try Index(Configuration(dim: 1))
        try strings.addRows([[1], [2], [3]], ids: ["a", "b", "c"])
        try expectIdKind { _ = try Conditions(ids: [1]).run(strings, k: 1) }
    }

    /// In an index of string ids, results are row numbers.
    @Test func stringIds() throws {
        let index = try Index(Configuration(dim: 1))
        try index.addRows([[4], [3], [2], [1]], ids: ["a", "b", "c", "d"])
        let given = GivenStrings(["d", "nobody", "b"])
        var options = SearchOptions()
        options.allowedIds = .strings(given.strings)
        let hits = try index.nearest(to: [[0]] as [[Float]], k: 3, options).hits[0]
        #expect(hits == [Hit(id: 3, distance: 1), Hit(id: 1, distance: 9)])
    }

    @Test func rowsAreTold() throws {
        let index = try Self.make(ids: (0..<60).map { 1000 - Int64($0) })
        let (allow, k) = ([Bool](repeating: true, count: 3), 5)
        var (ids, rows) = ([Int64](repeating: -9, count: k), [Int64](repeating: -9, count: k))
        var distances = [Float](repeating: -9, count: k)
        try allow.withUnsafeBytes { mask in
            var options = SearchOptions()
            options.allow = Mask(data: mask.baseAddress, rows: 3)
            var output = SearchOutput(ids: &ids, distances: &distances, counts: nil)
            rows.withUnsafeMutableBufferPointer { output.rows = $0.baseAddress }
            try withMatrix([[0]] as [[Float]], columns: 1) {
                _ = try index.search($0, k: k, options, into: output)
            }
        }
        #expect(ids == [1000, 999, 998, -1, -1])
        #expect(rows == [0, 1, 2, -1, -1])
    }

    @Test func counts() throws {
        let index = try Self.make(ids: nil)
        func count(_ filter: String?) throws -> Int {
            guard let filter else { return try index.count(filter: nil) }
            return try Array(filter.utf8).withUnsafeBytes { try index.count(filter: $0) }
        }
        #expect(try count(nil) == 60 && count("{}") == 60)
        #expect(try count(#"{"n": {"$gte": 58}}"#) == 2 && count(#"{"n": -1}"#) == 0)
        #expect(throws: MartletError.self) { try count("{") }
    }

    /// Conditions are checked even if no query asks for them.
    @Test func badConditionsAreRefused() throws {
        let index = try Self.make(ids: nil)
        for queries in [[], [[0]]] as [[[Float]]] {
            for bad in [
                Conditions(mask: [Bool](repeating: true, count: 61)), Conditions(filter: "[]"),
                Conditions(filter: #"{"m": 1}"#), Conditions(filter: ""),
            ] {
                #expect(throws: MartletError.self) { try bad.run(index, k: 1, queries) }
            }
        }
    }

    private func expectIdKind(_ body: () throws -> Void) throws {
        do {
            try body()
            Issue.record("accepted")
        } catch MartletError.idKind {}
    }

    /// Points 0, 1, 2 ... on a line, whose column "n" has the same numbers.
    private static func make(ids: [Int64]?) throws -> Index {
        let index = try Index(Configuration(dim: 1))
        let column = GivenColumn("n", (0..<count).map { Int64($0) })
        var options = AddOptions()
        options.columns = [column.source]
        try (ids ?? []).withUnsafeBufferPointer { given in
            if ids != nil {
                options.ids = .integers(Integers(data: given.baseAddress, count: count))
            }
            try withMatrix((0..<count).map { [Float($0)] }, columns: 1) {
                try index.add($0, options)
            }
        }
        withExtendedLifetime(column) {}
        return index
    }

    private struct Conditions {
        var mask: [Bool]?
        var ids: [Int64]?
        var filter: String?

        /// Searches from zero, so that hits come in the order of rows.
        func run(
            _ index: Index, k: Int, _ queries: [[Float]] = [[0]]
        ) throws -> (hits: [Hit], explanation: SearchExplanation) {
            try (mask ?? []).withUnsafeBytes { maskBytes in
                try (ids ?? []).withUnsafeBufferPointer { givenIds in
                    try Array((filter ?? "").utf8).withUnsafeBytes { text in
                        var options = SearchOptions()
                        if mask != nil {
                            options.allow = Mask(data: maskBytes.baseAddress, rows: maskBytes.count)
                        }
                        if ids != nil {
                            options.allowedIds = .integers(
                                Integers(data: givenIds.baseAddress, count: givenIds.count))
                        }
                        if filter != nil { options.filter = text }
                        let (hits, explanation) = try index.nearest(to: queries, k: k, options)
                        return (hits.first ?? [], explanation)
                    }
                }
            }
        }
    }
}
