import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct PagePoolTests {
    @Test func pagesDoNotOverlap() throws {
        let pool = PagePool(wordsPerPage: 24)
        var pages: [PagePool.Page] = []
        for number in 0..<700 {
            if number % 100 == 0 { try pool.reserve(number / 10) }
            let page = try pool.take()
            page.initialize(repeating: UInt32(number), count: 24)
            pages.append(page)
        }
        let kept = pages.enumerated().allSatisfy { number, page in
            (0..<24).allSatisfy { page[$0] == UInt32(number) }
        }
        #expect(kept)
    }

    @Test func newPagesOfOneReservationAreNeighbors() throws {
        let pool = PagePool(wordsPerPage: 24)
        try pool.reserve(50)
        let first = try pool.take()
        for place in 1..<50 { #expect(try pool.take() == first + 24 * place) }
    }

    @Test func reservingAgainCutsNothingOff() throws {
        let pool = PagePool(wordsPerPage: 24)
        try pool.reserve(10)
        let first = try pool.take()
        try pool.reserve(100)
        let others = try (0..<109).map { _ in try pool.take() }
        #expect(Set(others).isSuperset(of: (1..<10).map { first + 24 * $0 }))
    }

    @Test func pagesGivenBackAreTakenAgainOnce() throws {
        let pool = PagePool(wordsPerPage: 24)
        let pages = try (0..<20).map { _ in try pool.take() }
        for page in pages { pool.give(back: page) }
        let again = try (0..<600).map { _ in try pool.take() }
        #expect(Set(again).count == again.count)
        #expect(Set(again).isSuperset(of: pages))
    }

    @Test func anyThreadMayGiveBack() throws {
        let pool = PagePool(wordsPerPage: 24)
        let pages = Pages(try (0..<400).map { _ in try pool.take() })
        onThreads(4) { thread in
            for place in 0..<100 { pool.give(back: pages.all[thread * 100 + place]) }
        }
        let again = try (0..<1000).map { _ in try pool.take() }
        #expect(Set(again).isSuperset(of: pages.all))
    }
}

private final class Pages: @unchecked Sendable {
    let all: [PagePool.Page]
    init(_ all: [PagePool.Page]) { self.all = all }
}
