import Testing

@testable import Martlet

/// Every verb at once, from many threads. Meant to be run under the thread and address sanitizers, too.
@Suite struct StressTests {
    @Test func readersSeeWholeCallsOnly() throws {
        try check(MarkedGroups(index: Index(MarkedGroups.configuration())))
    }

    /// Enough vectors for codes from the start.
    @Test func soTheyDoWhereLinksHaveCodes() throws {
        let groups = MarkedGroups(
            index: try Index(MarkedGroups.configuration(dim: 16, .fast)), size: 60)
        for group in 0..<MarkedGroups.count { try groups.upsert(group: group, mark: 0) }
        #expect(groups.index.versions.read { $0.graph.linkCodes != nil })
        try check(groups)
    }

    private func check(_ groups: MarkedGroups) throws {
        try groups.upsert(group: 0, mark: 0)
        let looks = groups.stress { turn in
            do {
                try change(groups, turn)
            } catch MartletError.idNotFound {  // It is gone already, or all is.
            }
        } look: { thread, round in
            switch (thread + round) % 4 {
            case 0: try groups.checkWhole()
            case 1: try groups.checkSearch()
            case 2: try groups.checkFilter(mark: round)
            default: try groups.checkLookUp(group: round)
            }
        }
        #expect(looks >= 4)
        try groups.index.checkInvariants()
        try groups.checkWhole()
    }

    private func change(
        _ groups: MarkedGroups, _ turn: MarkedGroups.Turn
    ) throws(MartletError) {
        switch turn.way {
        case 0..<7: try groups.upsert(group: turn.group, mark: turn.mark)
        case 7..<11: try groups.remove(group: turn.group)
        case 11..<14: try groups.update(group: turn.group, mark: turn.mark)
        case 14:
            try turn.mark % 2 == 0
                ? groups.index.compact()
                : groups.index.convert(to: turn.mark % 4 == 1 ? .fast : .balanced)
        default: if turn.mark % 5 == 0 { try groups.index.clear() }
        }
    }
}
