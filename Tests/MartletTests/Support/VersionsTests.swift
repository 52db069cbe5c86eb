import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct VersionsTests {
    @Test func readersSeeTheNewestVersion() {
        let versions = Versions(Snapshot(ofCount: 0))
        for count in 1...5 {
            versions.publish(Snapshot(ofCount: count), replaced: RetiredMemory())
            #expect(versions.read { $0.count } == count)
        }
    }

    @Test func aReaderKeepsItsVersion() {
        let run = Run()
        run.versions.read { snapshot in
            run.publish()
            #expect(snapshot.count == 0)
            #expect(run.versions.read { $0.count } == 1)
        }
    }

    @Test func withoutReadersTheReplacedIsFreedAtOnce() {
        let run = Run()
        run.publish()
        run.publish()
        #expect(run.freed == [0, 1])
    }

    @Test func aReaderHoldsWhatItsVersionAndLaterOnesReach() {
        let run = Run()
        run.publish()
        run.versions.read { _ in
            run.publish()
            run.publish()
            run.versions.read { _ in run.publish() }
            #expect(run.freed == [0])
        }
        #expect(run.freed == [0, 1, 2, 3])
    }

    @Test func aReaderOfALaterVersionDoesNotHoldEarlierOnes() {
        let run = Run()
        run.versions.read { _ in run.publish() }
        run.versions.read { _ in
            #expect(run.freed == [0])
            run.publish()
            #expect(run.freed == [0])
        }
        #expect(run.freed == [0, 1])
    }

    @Test func twoReadersOfOneVersionHoldItUntilBothHaveGone() {
        let run = Run()
        run.versions.read { _ in
            run.versions.read { _ in run.publish() }
            #expect(run.freed == [])
        }
        #expect(run.freed == [0])
    }

    @Test func aThrowingReaderLetsGo() {
        struct Failure: Error {}
        let run = Run()
        #expect(throws: Failure.self) {
            try run.versions.read { _ in
                run.publish()
                throw Failure()
            }
        }
        #expect(run.freed == [0])
    }

    @Test func everythingIsFreedOnceUnderManyThreads() {
        let run = Run()
        onThreads(4) { thread in
            for _ in 0..<500 {
                if thread == 0 { run.publish() } else { run.versions.read { _ in } }
            }
        }
        #expect(run.freed == Array(0..<500))
    }
}

/// Versions 0, 1, 2, …, each with one page that the next one replaces.
private final class Run: @unchecked Sendable {
    let versions = Versions(Snapshot(ofCount: 0))
    private let mutex = Mutex()
    private var pages: [ReplacedPage] = []
    private var returns: [Int] = []

    func publish() {
        mutex.withLock {
            var retired = RetiredMemory()
            pages.append(try! ReplacedPage(&retired))
            let next = Snapshot(ofCount: pages.count)
            versions.publish(next, replaced: retired)
        }
    }

    /// The versions whose page has gone back to its pool so far, each as often as it has.
    var freed: [Int] {
        mutex.withLock {
            for (number, page) in pages.enumerated() {
                returns += [Int](repeating: number, count: page.returns())
            }
            return returns.sorted()
        }
    }
}

/// A page of a link table that its next version has replaced.
private final class ReplacedPage {
    private let pool = LinkTable.pool(width: 2)
    private let page: PagePool.Page
    private let newest: LinkTable

    init(_ retired: inout RetiredMemory) throws {
        var none = RetiredMemory()
        let first = try LinkTableEdit(of: LinkTable(width: 2), newRows: 1, pool: pool).finish(&none)
        none.free()
        page = first.pages![0]
        let edit = try LinkTableEdit(of: first, newRows: 0, pool: pool)
        try edit.own(0)
        newest = edit.finish(&retired)
    }

    deinit { newest.freeTable() }

    /// How often the page has come back since this was last asked.
    func returns() -> Int { (0..<600).count { _ in try! pool.take() == page } }
}
