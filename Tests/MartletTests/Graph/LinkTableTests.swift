import MartletTestSupport
import Testing

@testable import Martlet

private let width = 4

@Suite struct LinkTableTests {
    @Test func newRowsAreEmpty() throws {
        let tables = Tables()
        try tables.edit(newRows: 70) { _ in }
        #expect(tables.newest.rowCount == 70)
        #expect((0..<70).allSatisfy { tables.newest.count($0) == 0 })
        #expect(tables.newest.contents == [[UInt32]](repeating: [], count: 70))
    }

    @Test func aRowEndsWhereItSaysOrIsFull() throws {
        let tables = Tables()
        try tables.edit(newRows: 2) { edit in
            for i in 0..<3 { edit.table.row(0)[i] = UInt32(i) }
            for i in 0..<width { edit.table.row(1)[i] = UInt32(i) }
        }
        #expect(tables.newest.count(0) == 3)
        #expect(tables.newest.count(1) == width)
    }

    /// Random edits that change, append and are dropped, against arrays of arrays.
    @Test(arguments: [LinkTable.usualPageBits, LinkCodes.pageBits])
    func versionsStayAsTheyWerePublished(pageBits: Int) throws {
        try withEvery("seed", in: UInt64(0)..<30) { seed in
            var generator = SeededGenerator(seed)
            let tables = Tables(pageBits: pageBits)
            var models: [[[UInt32]]] = [[]]
            for _ in 0..<20 {
                var model = models.last!
                let newRows = [0, 1, 31, 32, 33, 100].randomElement(using: &generator)!
                let isDropped = Int.random(in: 0..<4, using: &generator) == 0
                try tables.edit(newRows: newRows, isDropped: isDropped) { edit in
                    model += [[UInt32]](repeating: [], count: newRows)
                    for _ in 0..<Int.random(in: 0..<20, using: &generator) where !model.isEmpty {
                        let row = Int.random(in: model.indices, using: &generator)
                        try edit.own(row)
                        model[row] = (0..<Int.random(in: 0...width, using: &generator)).map {
                            UInt32($0 * 1000 + row)
                        }
                        edit.write(model[row], to: row)
                    }
                    try #require(edit.table.contents == model)
                }
                if !isDropped { models.append(model) }
            }
            try #require(tables.versions.map(\.contents) == models)
        }
    }

    @Test func aDroppedEditGivesAllPagesBack() throws {
        let tables = Tables()
        try tables.edit(newRows: 50) { _ in }
        let published = tables.newest.pageList
        var own: [PagePool.Page] = []
        try tables.edit(newRows: 100, isDropped: true) { edit in
            try edit.own(0)
            try edit.own(149)
            own = edit.table.pageList
        }
        #expect(own.count == 5)
        #expect(Set(own).isDisjoint(with: published))
        let taken = try tables.takeAll()
        #expect(taken.isSuperset(of: own))
        #expect(taken.isDisjoint(with: published))
    }

    @Test func aFinishedEditRetiresWhatItReplaced() throws {
        let tables = Tables()
        try tables.edit(newRows: 100) { _ in }
        let before = tables.newest.pageList
        try tables.edit(newRows: 0) { edit in
            try edit.own(40)
            try edit.own(41)
        }
        let after = tables.newest.pageList
        #expect(zip(before, after).map { $0 == $1 } == [true, false, true, true])
        #expect(try tables.takeAll().isDisjoint(with: before + after))
        tables.freeRetired()
        let taken = try tables.takeAll()
        #expect(taken.contains(before[1]))
        #expect(taken.isDisjoint(with: after))
    }

    /// All rows of the pages that were copied or are new, and no others.
    @Test(arguments: [LinkTable.usualPageBits, LinkCodes.pageBits])
    func rowsOfPagesThatAreNotSharedAreVisited(pageBits: Int) throws {
        let tables = Tables(pageBits: pageBits)
        let perPage = 1 << pageBits
        try tables.edit(newRows: 10 * perPage + 1) { _ in }
        try tables.edit(newRows: perPage) { edit in
            try edit.own(3 * perPage + 1)
            try edit.own(7 * perPage)
        }
        var visited: [Int] = []
        tables.newest.forEachRow(notSharedWith: tables.versions[1]) { visited.append($0) }
        let pages = [3, 7, 10].flatMap { $0 * perPage..<($0 + 1) * perPage }
        #expect(visited == pages + [11 * perPage])
        tables.newest.forEachRow(notSharedWith: tables.newest) { Issue.record("row \($0)") }
    }

    @Test func growthInTheMiddleOfAPageLeavesTheOldPageAlone() throws {
        let tables = Tables()
        try tables.edit(newRows: 33) { $0.write([7], to: 32) }
        let before = tables.newest
        try tables.edit(newRows: 1) { $0.write([8], to: 33) }
        #expect(before.contents[32] == [7])
        #expect(before.pages![1][width] == LinkTable.none)
        #expect(tables.newest.contents[32...] == [[7], [8]])
    }
}

/// The versions of a link table, all kept.
private final class Tables {
    let pool: PagePool
    private(set) var versions: [LinkTable]
    private var retired = RetiredMemory()

    init(pageBits: Int = LinkTable.usualPageBits) {
        pool = LinkTable.pool(width: width, pageBits: pageBits)
        versions = [LinkTable(width: width, pageBits: pageBits)]
    }

    deinit {
        freeRetired()
        newest.freeTable()
    }

    var newest: LinkTable { versions.last! }

    func edit(
        newRows: Int, isDropped: Bool = false, _ change: (LinkTableEdit) throws -> Void
    ) throws {
        let edit = try LinkTableEdit(of: newest, newRows: newRows, pool: pool)
        try change(edit)
        if !isDropped { versions.append(edit.finish(&retired)) }
    }

    /// Frees what the edits retired; after that, only the newest version is valid.
    func freeRetired() {
        retired.free()
        retired = RetiredMemory()
    }

    /// Takes every page that was given back, and then some.
    func takeAll() throws -> Set<PagePool.Page> {
        Set(try (0..<600).map { _ in try pool.take() })
    }
}

extension LinkTable {
    fileprivate var contents: [[UInt32]] {
        (0..<rowCount).map { row in (0..<count(row)).map { self.row(row)[$0] } }
    }

    fileprivate var pageList: [PagePool.Page] {
        (0..<(rowCount + rowsPerPage - 1) / rowsPerPage).map { pages![$0] }
    }
}

extension LinkTableEdit {
    fileprivate func write(_ links: [UInt32], to row: Int) {
        for i in 0..<width { table.row(row)[i] = i < links.count ? links[i] : LinkTable.none }
    }
}
