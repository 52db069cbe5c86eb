import Testing

@testable import Martlet

@Suite struct SearchTrafficTests {
    @Test func searchesAreNoticed() throws {
        let index = try Index(Configuration(dim: 2, metric: .l2))
        try index.add([[0, 0], [3, 4]])
        #expect(!index.contents.traffic.isLively)
        _ = try index.search([0, 1], k: 1)
        #expect(index.contents.traffic.isLively)
    }
}
