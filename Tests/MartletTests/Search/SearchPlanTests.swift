import Testing

@testable import Martlet

@Suite struct SearchPlanTests {
    /// From few matches to many: a scan, then bridges, then a plain beam.
    @Test func theShareDecides() {
        let methods = [0.0, 0.0001, 0.001, 0.01, 0.07, 0.1, 0.2, 0.3, 0.7, 0.9, 0.99, 1].map {
            plan(ef: 24, count: 1_000_000, share: $0).method
        }
        let scan = SearchMethod.exactScan
        #expect(
            methods == [
                scan, scan, scan, scan, .bridgedBeam, .bridgedBeam, .bridgedBeam, .bridgedBeam,
                .plainBeam, .plainBeam, .plainBeam, .plainBeam,
            ])
    }

    /// Of a small index, a scan of half is less than any walk.
    @Test func soDoesTheNumberOfMatches() {
        #expect(plan(count: 4000, share: 0.5).method == .exactScan)
        #expect(plan(count: 400_000, share: 0.5).method != .exactScan)
    }

    @Test func andTheBeamsWidth() {
        #expect(plan(ef: 32, count: 100_000, share: 0.1).method == .bridgedBeam)
        #expect(plan(ef: 500, count: 100_000, share: 0.1).method == .exactScan)
        #expect(plan(ef: 1, k: 500, count: 100_000, share: 0.1).method == .exactScan)
    }

    @Test func withoutConditionsItIsAlwaysAPlainBeamOfEf() {
        for count in [0, 1, 10, 64, 65, 100, 100_000] {
            let plan = plan(count: count, share: 1)
            #expect(plan.method == .plainBeam)
            #expect(plan.beamWidth == max(1, min(64, count)))
            #expect(plan.widestBeam == plan.beamWidth)
        }
        #expect(plan(ef: 5, k: 20, count: 100_000, share: 1).beamWidth == 20)
    }

    @Test func theCheaperOfWalkAndScanIsChosen() {
        for count in [0, 1, 2, 100, 10_000, 1_000_000, Configuration.maxVectors] {
            for share in [0, 1e-6, 0.01, 0.04, 0.06, 0.3, 0.6, 0.9, 1 - 1e-6] {
                for ef in [1, 64, 1000, Configuration.beamWidths.upperBound] {
                    let plan = plan(ef: ef, count: count, share: share)
                    guard plan.matching < count else { continue }
                    let isWalk = plan.method != .exactScan
                    #expect(isWalk == (plan.beamCost < plan.scanCost), "\(plan)")
                    #expect(isWalk == (plan.beamWidth > 0) && plan.beamWidth <= count, "\(plan)")
                    #expect(plan.widestBeam >= plan.beamWidth, "\(plan)")
                    #expect(plan.wanted == min(10, plan.matching))
                }
            }
        }
    }

    /// A plain beam is wide enough to hold the matches wanted in all likelihood, and wider than where all
    /// nodes match.
    @Test func plainBeamsAreAsWideAsTheirShareNeeds() {
        #expect(plan(count: 1_000_000, share: 0.8).beamWidth == 71)
        #expect(plan(ef: 24, k: 20, count: 1_000_000, share: 0.8).beamWidth == 30)
        #expect(plan(ef: 100, k: 100, count: 1_000_000, share: 0.8).beamWidth == 136)
    }

    /// The share around a walk's start decides how it goes about it, not that in all of the index.
    @Test func walksFollowTheShareAroundTheirStart() throws {
        let plan = plan(ef: 16, count: 1_000_000, share: 0.2)
        #expect(plan.method == .bridgedBeam)
        #expect(plan.walk(share: 1) == Walk(isBridged: false, width: 16))
        #expect(plan.walk(share: 0.2) == Walk(isBridged: true, width: 16))
        #expect(plan.walk(share: 0.1) == Walk(isBridged: true, width: 16))
        #expect(plan.walk(share: 0.09) == nil)
        let most = self.plan(count: 1_000_000, share: 0.9)
        #expect(most.walk(share: 0.9) == Walk(isBridged: false, width: most.beamWidth))
        #expect(most.walk(share: 0.4) == nil)
    }

    /// From far away, if not even that is worth it.
    @Test func walksFromMatchesHaveWiderBeams() {
        let plan = plan(ef: 16, count: 1_000_000, share: 0.2)
        #expect(plan.walkAmongMatches(share: 0.5) == Walk(isBridged: true, width: 32))
        #expect(plan.walkAmongMatches(share: 0.01) == nil)
        let small = self.plan(ef: 16, count: 10_000, share: 0.2)
        #expect(small.walkAmongMatches(share: 0.2) == nil)
    }

    @Test func noWalkIsWiderThanTheRoomForIt() {
        for share in [0.01, 0.04, 0.2, 0.5, 0.8, 1] {
            for around in [0, 0.005, 0.1, 0.4, 0.7, 1] {
                for count in [20, 10_000, 1_000_000] {
                    let plan = self.plan(count: count, share: share)
                    guard plan.method != .exactScan, share < 1 else { continue }
                    let walks = [plan.walk(share: around), plan.walkAmongMatches(share: around)]
                    for walk in walks { #expect((walk?.width ?? 0) <= plan.widestBeam) }
                    #expect(walks[0] != nil || around < share)
                }
            }
        }
    }

    private func plan(ef: Int = 64, k: Int = 10, count: Int, share: Double) -> SearchPlan {
        SearchPlan(
            ef: ef, k: k, count: count, matching: Int((Double(count) * share).rounded()), links: 32,
            bytes: 384)
    }
}
