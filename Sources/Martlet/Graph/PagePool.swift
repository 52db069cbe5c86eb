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
    private var recycled: [Page] = []
    private var fresh: Page?
    private var freshCount = 0

    init(wordsPerPage: Int) { self.wordsPerPage = wordsPerPage }

    deinit { for segment in segments { free(segment) } }

    /// Makes sure that `count` pages can be taken, neighbouring ones where they are new.
    func reserve(_ count: Int) throws(MartletError) {
        try mutex.withLock { () throws(MartletError) in
            guard recycled.count + freshCount < count else { return }
            let pages = max(count - recycled.count, 8)
            while freshCount > 0 { recycled.append(cut()) }
            let segment = try Memory.allocate(UInt32.self, pages * wordsPerPage)
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

    func give(back pages: [Page]) {
        mutex.withLock { recycled.append(contentsOf: pages) }
    }

    private func tryTake() -> Page? {
        mutex.withLock { freshCount > 0 ? cut() : recycled.popLast() }
    }

    private func cut() -> Page {
        let page = fresh!
        fresh = page + wordsPerPage
        freshCount -= 1
        return page
    }
}
