import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct BackLinkTests {
    @Test func sortsByLayerTargetAndSource() {
        var generator = SeededGenerator(0)
        let triples = (0..<1000).map { _ in
            (
                layer: Int.random(in: 0...LevelSampler.maxLevel, using: &generator),
                target: UInt32.random(in: (.max - 20)...(.max - 1), using: &generator),
                source: Int.random(in: 0..<GraphBuilder.chunkSize, using: &generator)
            )
        }
        let links = triples.map { BackLink(layer: $0.layer, target: $0.target, source: $0.source) }
        let sorted = links.sorted().map { ($0.layer, $0.target, $0.source) }
        #expect(sorted.elementsEqual(triples.sorted { $0 < $1 }, by: ==))
    }

    @Test func theTargetIsANodeOnALayer() {
        let link = BackLink(layer: 1, target: 7, source: 3)
        #expect(link.hasTarget(of: BackLink(layer: 1, target: 7, source: 4)))
        #expect(!link.hasTarget(of: BackLink(layer: 0, target: 7, source: 3)))
        #expect(!link.hasTarget(of: BackLink(layer: 1, target: 8, source: 3)))
    }
}
