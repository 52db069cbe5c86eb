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
    /// Matches that a beam is to hold.
    let ef: Int
    /// Matches that every query gets.
    let wanted: Int
    /// Nodes that match.
    let matching: Int
    /// 0 for an exact scan.
    let beamWidth: Int
    /// What a plain beam may be widened to if it holds too few matches.
    let widestBeam: Int
    private let costs: SearchCosts
    /// The share of matches that there must be around where a bridged walk starts. With fewer than
    /// half of what is usual, the filter works against the query: its matches lie elsewhere, and a
    /// walk would end in the first place where there are some.
    let leastShare: Double
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
        let width = min(Self.plainWidth(ef: ef, share: share), max(count, 1))
        costs = SearchCosts(links: links, bytes: bytes)
        let plain = costs.plainBeam(width: width)
        let bridged =
            share < Self.minBridgedShare ? .infinity : costs.bridgedBeam(ef: ef, share: share)
        leastShare = max(Self.minBridgedShare, share / 2)
        (self.ef, wanted, self.matching) = (ef, min(k, matching), matching)
        (beamCost, scanCost) = (min(plain, bridged), Double(matching))
        if matching == count {
            (method, beamWidth, widestBeam) = (.plainBeam, width, width)
        } else if scanCost <= beamCost {
            (method, beamWidth, widestBeam) = (.exactScan, 0, 0)
        } else {
            (method, beamWidth) = bridged < plain ? (.bridgedBeam, ef) : (.plainBeam, width)
            widestBeam = max(beamWidth, min(costs.plainWidth(cost: scanCost / 2), count))
        }
    }

    /// Below this share of matches around a node, bridges lead to too few: recall suffers.
    private static let minBridgedShare = 0.05

    /// The width at which a beam holds `ef` matches in all likelihood.
    private static func plainWidth(ef: Int, share: Double) -> Int {
        let spread = (Double(ef) * (1 - share)).squareRoot()
        return Int(min((Double(ef) + spread) / share, Double(Configuration.maxVectors)))
    }
}

/// How the walk of one query goes about it.
enum Walk: Equatable {
    case plain(width: Int)
    case bridged(width: Int)
}

extension SearchPlan {
    /// The cheapest walk for as many nodes as match around where it starts; nil if so few do that it
    /// would end in the first place where there are some.
    func walk(share: Double) -> Walk? {
        let width = Self.plainWidth(ef: ef, share: max(share, Self.leastPlainShare))
        let plain = costs.plainBeam(width: width)
        if share >= leastShare, costs.bridgedBeam(ef: ef, share: share) < plain {
            // Fewer matches than elsewhere: the filter works against the query, whose matches lie
            // scattered farther away, where a walk needs a wider beam.
            let wider = Int(Double(ef) * max(1, 2 * leastShare / share))
            return .bridged(width: min(wider, max(widestBeam, ef)))
        }
        guard share >= leastShare || method == .plainBeam else { return nil }
        return .plain(width: min(width, widestBeam))
    }

    /// So that beams are not made wider at once than a walk away from such a place needs them.
    private static let leastPlainShare = 0.1

    /// How many matches a plain beam must hold: fewer, and those beyond it may be nearer than some.
    private var enough: Int { max(wanted, min(ef * 3 / 4, matching)) }

    /// Whether a plain beam of `width` that holds `count` matches will do.
    func isEnough(_ count: Int) -> Bool { count >= enough }

    /// The next width to try after one at which the beam holds `count` matches; nil if an exact scan
    /// is cheaper.
    func widened(_ width: Int, holding count: Int) -> Int? {
        guard width < widestBeam else { return nil }
        let needed = ef * (width + 1) / (count + 1)
        let next = min(max(needed + needed / 8, 2 * width), 8 * width)
        return next <= widestBeam ? next : nil
    }

    /// Whether comparing the vectors themselves costs no more than codes and then vectors.
    var isScanShort: Bool { matching <= max(wanted, Self.shortScan) }
    private static let shortScan = 64

    /// Candidates of a walk by estimates, which err, and several of which stand for one node: so many
    /// that on real data it finds about as much as one by distances with a beam of `ef` does.
    var candidates: Int { beamWidth * 9 / 4 + 8 }

    var scanRoom: Int { SearchScratch.scanRoom(k: wanted, matching: matching) }
}
