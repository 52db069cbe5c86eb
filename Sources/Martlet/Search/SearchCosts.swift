import Glibc

/// What walks cost, in distances of an exact scan.
///
/// Measured (Zen 3, one thread, M 16, codes) on 100,000 word vectors, photo descriptors and sentence
/// embeddings of 64, 128 and 384 bytes, with random filters and ef from 16 to 1280: the time of calls
/// that were made to use each method, by the distances that they report and the links that they look
/// at. The numbers below are nanoseconds, of which only the proportions matter.
struct SearchCosts {
    /// A distance in a scan, whose rows lie in the order of memory.
    private let scanned: Double
    /// A distance in a walk, with its share of all else that a walk does.
    private let walked: Double
    /// A look at one link of a bridge.
    private let look = 2.6
    /// Most links of a node on layer 0.
    private let links: Double

    /// - Parameter bytes: Bytes per row that distances are computed of.
    init(links: Int, bytes: Int) {
        self.links = Double(links)
        scanned = 3.9 + 0.028 * Double(bytes)
        walked = 36 + 0.13 * Double(bytes)
    }

    /// A walk with a beam of `width` computes about 1.38 * links * width^0.8 distances.
    func plainBeam(width: Int) -> Double {
        guard width <= Self.widestBeam else { return .infinity }
        return 1.38 * links * pow(Double(width), 0.8) * walked / scanned
    }

    /// Inserting into wider beams would cost more than the distances.
    static let widestBeam = 4096

    /// A node has `share` * `links` matching neighbors; a bridge, as many, half of which are new.
    /// Bridges are crossed until there are `links` in all.
    func bridgedBeam(width: Int, share: Double) -> Double {
        let others = 1 - share
        let bridges = min(links * others, 2 * others / share)
        let found = min(links, links * share * (1 + bridges / 2))
        return Double(width) * (found * walked + links * bridges * look) / scanned
    }
}
