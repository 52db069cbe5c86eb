import Glibc

/// Pages of link rows, all of one size: cut in order from large segments, recycled when given back.
///
/// Safety: pages belong to whoever took them; the pool must outlive them.
final class PagePool: @unchecked Sendable {
    typealias Page = UnsafeMutablePointer<UInt32>

    let wordsPerPage: Int

    /// Guards everything below: readers give pages back from their own threads.
    private let mutex = Mutex()
    private var segments: [Page] = []
    /// What a file's pages lie in, if it is mapped.
    private var mapping: Mapping?
    /// Pages given back, each holding the address of the next, so that giving back cannot fail.
    private var recycled: Page?
    private var recycledCount = 0
    private var fresh: Page?
    private var freshCount = 0

    /// - Parameter wordsPerPage: At least two: an address must fit.
    init(wordsPerPage: Int) { self.wordsPerPage = wordsPerPage }

    deinit { for segment in segments { free(segment) } }

    /// Makes sure that `count` pages can be taken, neighboring ones where they are new.
    func reserve(_ count: Int) throws(MartletError) {
        try mutex.withLock { () throws(MartletError) in
            guard recycledCount + freshCount < count else { return }
            let pages = max(count - recycledCount, 8)
            let segment = try Memory.allocate(UInt32.self, pages * wordsPerPage)
            while freshCount > 0 { recycle(cut()) }
            segments.append(segment)
            (fresh, freshCount) = (segment, pages)
        }
    }

    /// Takes a page, its content undefined.
    func take() throws(MartletError) -> Page {
        if let page = tryTake() { return page }
        try reserve(min(max(segments.count, 1) * 16, 512))
        return tryTake()!
    }

    /// Takes a page of those that were reserved and not taken since.
    func takeReserved() -> Page { tryTake()! }

    /// Takes over the memory of pages that are in use, or sees that their mapping lasts as long as the
    /// pool does.
    func keep(_ pages: AppendArray<UInt32>, _ mapping: Mapping?) {
        if pages.owned != nil { segments.append(pages.base!) }
        self.mapping = mapping
    }

    func give(back page: Page) { mutex.withLock { recycle(page) } }

    private func tryTake() -> Page? {
        mutex.withLock { freshCount > 0 ? cut() : takeRecycled() }
    }

    private func cut() -> Page {
        let page = fresh!
        fresh = page + wordsPerPage
        freshCount -= 1
        return page
    }

    private func recycle(_ page: Page) {
        UnsafeMutableRawPointer(page).storeBytes(of: recycled, as: Page?.self)
        recycled = page
        recycledCount += 1
    }

    private func takeRecycled() -> Page? {
        guard let page = recycled else { return nil }
        recycled = UnsafeRawPointer(page).load(as: Page?.self)
        recycledCount -= 1
        return page
    }
}
