import Glibc

/// Rows of links, one per node and layer: one version, never changed once published.
///
/// A row holds up to `width` slots and ends early with `none`. Rows lie in pages of 32 (those of
/// `LinkCodes`, of 4), reached through a table of pages, so that the next version shares all pages but those
/// it changes.
///
///     pages ─▶ [ page 0 | page 1 | … ]       row r = pages[r / 32] + (r % 32) * width
///
/// Safety: the pages are valid while a version that holds them is pinned.
struct LinkTable {
    static let none = UInt32.max

    let width: Int
    /// Rows per page: 2 to this power.
    private let pageBits: Int
    fileprivate(set) var pages: UnsafeMutablePointer<PagePool.Page>?
    fileprivate(set) var rowCount = 0

    init(width: Int, pageBits: Int = usualPageBits) {
        (self.width, self.pageBits) = (width, pageBits)
    }

    static let usualPageBits = 5

    var rowsPerPage: Int { 1 << pageBits }
    fileprivate var pageCount: Int { (rowCount + rowsPerPage - 1) >> pageBits }

    @inline(__always)
    fileprivate func page(_ row: Int) -> Int { row &>> pageBits }

    @inline(__always)
    func row(_ row: Int) -> UnsafeMutablePointer<UInt32> {
        pages.unsafelyUnwrapped[page(row)] + (row & (1 &<< pageBits &- 1)) &* width
    }

    /// Calls `body` for the rows of all pages that an earlier version does not have.
    func forEachRow(notSharedWith earlier: LinkTable, _ body: (Int) -> Void) {
        for page in 0..<pageCount {
            if page < earlier.pageCount && pages![page] == earlier.pages![page] { continue }
            for row in page << pageBits..<min((page + 1) << pageBits, rowCount) { body(row) }
        }
    }

    /// The links in a row.
    @inline(__always)
    func count(_ row: Int) -> Int {
        let links = self.row(row)
        var count = 0
        while count < width && links[count] != Self.none { count &+= 1 }
        return count
    }

    /// A table of its own with rows that `fill` writes, each given its number and `none`s.
    init(
        width: Int, pageBits: Int = usualPageBits, rows: Int, pool: PagePool,
        _ fill: (Int, UnsafeMutablePointer<UInt32>) -> Void
    ) throws(MartletError) {
        self.init(width: width, pageBits: pageBits)
        rowCount = rows
        guard rows > 0 else { return }
        try pool.reserve(pageCount)
        let pages = try Memory.allocate(PagePool.Page.self, pageCount)
        for page in 0..<pageCount {
            pages[page] = pool.takeReserved()
            pages[page].initialize(repeating: Self.none, count: pool.wordsPerPage)
        }
        self.pages = pages
        for row in 0..<rows { fill(row, self.row(row)) }
    }

    /// A table that a file holds, whose pages lie one behind the other.
    init(
        width: Int, pageBits: Int = usualPageBits, rows: Int, _ kind: SectionKind,
        _ file: SectionReader, pool: PagePool
    ) throws(MartletError) {
        self.init(width: width, pageBits: pageBits)
        rowCount = rows
        guard rows > 0 else { return }
        let words = try file.table(kind, UInt32.self, count: pageCount * pool.wordsPerPage)
        pool.keep(words, file.mapping)
        // The next rows are taken to be empty.
        let unused = rows * width..<pageCount * pool.wordsPerPage
        try file.check(
            unused.allSatisfy { words[$0] == Self.none }, kind, "unused rows must be empty")
        let pages = try Memory.allocate(PagePool.Page.self, pageCount)
        for page in 0..<pageCount { pages[page] = words.base! + page * pool.wordsPerPage }
        self.pages = pages
    }

    /// All pages as a section of a file.
    func section(_ kind: SectionKind) -> Section {
        let wordsPerPage = width * rowsPerPage
        return Section(kind, size: pageCount * wordsPerPage * MemoryLayout<UInt32>.size) {
            output throws(MartletError) in
            for page in 0..<pageCount {
                let words = UnsafeBufferPointer(start: pages![page], count: wordsPerPage)
                try output.append(UnsafeRawBufferPointer(words))
            }
        }
    }

    /// Frees the table of pages of the last version; the pages go with their pool.
    func freeTable() { free(pages) }

    static func pool(width: Int, pageBits: Int = usualPageBits) -> PagePool {
        PagePool(wordsPerPage: width << pageBits)
    }
}

/// The next version of a link table in the making: copies a page before its first change.
///
/// Until `finish`, `table` shows the new version to the writer alone; without it, all is undone.
final class LinkTableEdit {
    private(set) var table: LinkTable
    private let old: LinkTable
    private let pool: PagePool
    /// Per page: whether it is this version's own.
    private let isOwn: UnsafeMutablePointer<Bool>
    private var isFinished = false

    /// Starts from `old` with `newRows` empty rows appended.
    init(of old: LinkTable, newRows: Int, pool: PagePool) throws(MartletError) {
        (self.old, self.pool, table) = (old, pool, old)
        table.rowCount += newRows
        let pages = try Memory.allocate(PagePool.Page.self, table.pageCount)
        do throws(MartletError) {
            isOwn = try Memory.allocate(Bool.self, table.pageCount)
        } catch {
            free(pages)
            throw error
        }
        isOwn.initialize(repeating: false, count: table.pageCount)
        if let shared = old.pages { pages.update(from: shared, count: old.pageCount) }
        table.pages = pages
        try appendRows()
    }

    deinit {
        guard !isFinished else { return }
        for page in 0..<table.pageCount where isOwn[page] { pool.give(back: table.pages![page]) }
        free(table.pages)
        free(isOwn)
    }

    /// Makes the page of `row` this version's own, so that it may be written.
    func own(_ row: Int) throws(MartletError) {
        let page = table.page(row)
        guard !isOwn[page] else { return }
        let copy = try pool.take()
        copy.update(from: table.pages![page], count: pool.wordsPerPage)
        table.pages![page] = copy
        isOwn[page] = true
    }

    /// Ends the edit; hands what the old version alone still needs to `retired`.
    func finish(_ retired: inout RetiredMemory) -> LinkTable {
        isFinished = true
        retired.add(RetiredPages(table: old, isReplaced: isOwn, pool: pool))
        return table
    }

    private func appendRows() throws(MartletError) {
        guard table.rowCount > old.rowCount else { return }
        try pool.reserve(table.pageCount - old.pageCount + 1)
        if old.rowCount & (old.rowsPerPage - 1) != 0 { try own(old.rowCount) }
        for page in old.pageCount..<table.pageCount {
            let fresh = try pool.take()
            fresh.initialize(repeating: LinkTable.none, count: pool.wordsPerPage)
            table.pages![page] = fresh
            isOwn[page] = true
        }
    }
}

extension LinkTable {
    /// All pages of a table that no later version has.
    func retired(to pool: PagePool) -> RetiredPages {
        RetiredPages(table: self, isReplaced: nil, pool: pool)
    }
}

/// What a version of a link table does not share with the next.
struct RetiredPages {
    fileprivate let table: LinkTable
    /// Per page; nil if all are.
    fileprivate let isReplaced: UnsafeMutablePointer<Bool>?
    fileprivate let pool: PagePool

    func free() {
        for page in 0..<table.pageCount where isReplaced?[page] != false {
            pool.give(back: table.pages![page])
        }
        Glibc.free(table.pages)
        Glibc.free(isReplaced)
    }
}
