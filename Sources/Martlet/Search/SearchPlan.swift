import Glibc

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
    init(ef: Int, k: Int, count: Int, matching: Int, links: Int) {
        // A beam as wide as the index finds everything; wider ones gain nothing.
        let ef = min(max(ef, k), max(count, 1))
        let share = Double(matching) / Double(max(count, 1))
        let width = min(Self.plainWidth(ef: ef, share: share), max(count, 1))
        let plain = Self.plainCost(width: width, links: links)
        let bridged = Self.bridgedCost(ef: ef, share: share, links: links)
        leastShare = max(Self.minBridgedShare, share / 2)
        (self.ef, wanted, self.matching) = (ef, min(k, matching), matching)
        (beamCost, scanCost) = (min(plain, bridged), Double(matching))
        if matching == count {
            (method, beamWidth, widestBeam) = (.plainBeam, width, width)
        } else if scanCost <= beamCost {
            (method, beamWidth, widestBeam) = (.exactScan, 0, 0)
        } else if bridged < plain {
            (method, beamWidth, widestBeam) = (.bridgedBeam, ef, ef)
        } else {
            let widest = Self.plainWidth(cost: scanCost / 2, links: links)
            (method, beamWidth) = (.plainBeam, width)
            widestBeam = max(width, min(widest, Self.maxWidestBeam, count))
        }
    }
}

/// What methods cost, in distances of an exact scan.
///
/// Measured on 100,000 sentence embeddings (384 dimensions) and 200,000 descriptors of photographs
/// (128), M 16, ef 16 to 1280, with codes, filters at random: the distances that walks computed,
/// and the time that these took, with all that belongs to them, against the time of a scan.
extension SearchPlan {
    /// A walk's distance, with its share of the walk: its rows lie anywhere in memory.
    private static let walkedDistance = 3.0
    /// A look at a node over a bridge.
    private static let bridgedLook = 0.08
    /// Below this share of matches around a node, bridges lead to too few: recall suffers.
    private static let minBridgedShare = 0.05
    /// Inserting into wider beams would cost more than the distances.
    private static let maxWidestBeam = 4096

    /// A walk with a beam of `width` computes about 1.38 * links * width^0.8 distances.
    private static func plainCost(width: Int, links: Int) -> Double {
        walkedDistance * 1.38 * Double(links) * pow(Double(width), 0.8)
    }

    /// The widest beam for that cost.
    private static func plainWidth(cost: Double, links: Int) -> Int {
        let width = pow(cost / (walkedDistance * 1.38 * Double(links)), 1.25)
        return Int(min(width, Double(maxWidestBeam)))
    }

    /// The width at which a beam holds `ef` matches in all likelihood.
    private static func plainWidth(ef: Int, share: Double) -> Int {
        let spread = (Double(ef) * (1 - share)).squareRoot()
        return Int(min((Double(ef) + spread) / share, Double(Configuration.maxVectors)))
    }

    /// A node has `share` * `links` matching neighbors; a bridge, as many, half of which are new.
    private static func bridgedCost(ef: Int, share: Double, links: Int) -> Double {
        guard share >= minBridgedShare else { return .infinity }
        let (links, others) = (Double(links), 1 - share)
        let bridges = min(links * others, 2 * others / share)
        let found = min(links, links * share * (1 + bridges / 2))
        return Double(ef) * (walkedDistance * found + bridgedLook * links * bridges)
    }
}

extension SearchPlan {
    /// How many matches a plain beam must hold: fewer, and those beyond it may be nearer than some.
    private var enough: Int { max(wanted, min(ef * 3 / 4, matching)) }

    /// Whether a plain beam of `width` that holds `count` matches will do.
    func isEnough(_ count: Int) -> Bool { count >= enough }

    /// The next width to try after one at which the beam holds `count` matches; nil if an exact scan
    /// is cheaper.
    func widened(_ width: Int, holding count: Int) -> Int? {
        let needed = ef * (width + 1) / (count + 1)
        let next = min(max(needed + needed / 8, 2 * width), 8 * width)
        return next <= widestBeam ? next : nil
    }

    /// Whether comparing the vectors themselves costs no more than codes and then vectors.
    var isScanShort: Bool { matching <= max(wanted, Self.shortScan) }
    private static let shortScan = 64

    var scanRoom: Int { SearchScratch.scanRoom(k: wanted, matching: matching) }
}
