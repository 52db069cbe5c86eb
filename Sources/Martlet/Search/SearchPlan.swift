/// How a search goes about its work.
public enum SearchMethod: Int32, Sendable {
    /// A walk over the graph; what does not match is left out at the end.
    case plainBeam = 0
    /// A walk over matching nodes, bridging over those that do not match.
    case bridgedBeam = 1
    /// Every matching vector is compared.
    case exactScan = 2
}

/// The method of a call: the cheapest for as many nodes as match.
struct SearchPlan {
    let method: SearchMethod
    /// The beam's width where all nodes match.
    let ef: Int
    /// Matches that every query gets.
    let wanted: Int
    /// Nodes that match.
    let matching: Int
    /// 0 for an exact scan.
    let beamWidth: Int
    /// The widest that a query's beam may be.
    let widestBeam: Int
    private let walks: Walks
    /// The share of matches that there must be around where a walk starts. With fewer than half of what
    /// is usual, the filter works against the query: its matches lie elsewhere, and a walk would end in
    /// the first place where there are some.
    private let leastShare: Double
    /// What the cheaper walk would cost per query, in distances of an exact scan.
    let beamCost: Double
    /// What an exact scan would.
    let scanCost: Double

    /// - Parameters:
    ///   - count: nodes, of which `matching` match.
    ///   - links: most links of a node on layer 0.
    ///   - bytes: bytes per row that distances are computed of.
    init(ef: Int, k: Int, count: Int, matching: Int, links: Int, bytes: Int) {
        // A beam as wide as the index finds everything; wider ones gain nothing.
        let ef = min(max(ef, k), max(count, 1))
        let share = Double(matching) / Double(max(count, 1))
        (self.ef, wanted, self.matching) = (ef, min(k, matching), matching)
        walks = Walks(
            costs: SearchCosts(links: links, bytes: bytes), ef: ef, wanted: wanted,
            count: max(count, 1))
        leastShare = share / 2
        let (walk, cost) = walks.cheapest(share: share)
        (beamCost, scanCost) = (cost, Double(matching))
        if matching == count {
            (method, beamWidth, widestBeam) = (.plainBeam, ef, ef)
        } else if scanCost <= beamCost {
            (method, beamWidth, widestBeam) = (.exactScan, 0, 0)
        } else {
            method = walk.isBridged ? .bridgedBeam : .plainBeam
            beamWidth = walk.width
            widestBeam = walks.widest(leastShare: leastShare)
        }
    }

    /// The cheapest walk for as many nodes as match around where it starts; nil if so few do that it
    /// would end in the first place where there are some, or if an exact scan is cheaper.
    func walk(share: Double) -> Walk? {
        guard share > 0, share >= leastShare else { return nil }
        let (walk, cost) = walks.cheapest(share: share)
        return cost < scanCost ? walk : nil
    }

    /// The walk from a matching node that is far from the query, which meets worse nodes than one from
    /// the nearest node; nil if an exact scan is cheaper.
    func walkAmongMatches(share: Double) -> Walk? {
        let (walk, cost) = walks.amongMatches(share: share)
        return cost < scanCost ? walk : nil
    }

    /// Whether comparing the vectors themselves costs no more than codes and then vectors.
    var isScanShort: Bool { matching <= max(wanted, Self.shortScan) }
    private static let shortScan = 64

    /// Candidates of a walk by estimates, which err, and several of which stand for one node: so many
    /// that on real data it finds about as much as one by distances with a beam of `ef` does.
    var candidates: Int { beamWidth * 9 / 4 + 8 }

    var scanRoom: Int { SearchScratch.scanRoom(k: wanted, matching: matching) }
}

/// How the walk of one query goes about it.
struct Walk: Equatable {
    /// Whether it meets matching nodes only.
    let isBridged: Bool
    let width: Int
}

/// The walks that a call has the choice of, by the share of matches around their start.
///
/// Measured on 100,000 word vectors, 100,000 sentence embeddings and 200,000 photo descriptors, with
/// random filters and such that work for and against the query (k = 10, ef 10 to 64, shares 0.05 to
/// 0.9): with these widths, each finds about as many of the nearest matches as a beam of `ef` does
/// where all nodes match.
private struct Walks {
    let costs: SearchCosts
    let ef: Int
    let wanted: Int
    let count: Int

    /// Below this share of matches around a node, bridges lead to too few: recall suffers.
    private static let minBridgedShare = 0.05

    func cheapest(share: Double) -> (walk: Walk, cost: Double) {
        let width = plainWidth(share: share)
        let (plain, bridged) = (costs.plainBeam(width: width), bridgedCost(width: ef, share: share))
        return bridged < plain
            ? (Walk(isBridged: true, width: ef), bridged)
            : (Walk(isBridged: false, width: width), plain)
    }

    func amongMatches(share: Double) -> (walk: Walk, cost: Double) {
        let width = min(2 * ef, count)
        return (Walk(isBridged: true, width: width), bridgedCost(width: width, share: share))
    }

    /// The width of the widest of these walks.
    func widest(leastShare: Double) -> Int {
        max(min(plainWidth(share: leastShare), SearchCosts.widestBeam), min(2 * ef, count))
    }

    /// So wide that it holds the matches wanted in all likelihood, and goes on far enough behind them.
    private func plainWidth(share: Double) -> Int {
        let wanted = Double(wanted)
        let likely = wanted + 2 * (wanted * (1 - share)).squareRoot()
        let width = max(Double(ef) / share.squareRoot(), likely / share)
        return Int(min(width, Double(count)))
    }

    private func bridgedCost(width: Int, share: Double) -> Double {
        share < Self.minBridgedShare ? .infinity : costs.bridgedBeam(width: width, share: share)
    }
}
