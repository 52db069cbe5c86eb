import CIntrinsics

/// One version of the graph: layers of links and the node where every search starts.
///
/// The graph knows slots and links; vectors, metrics and ids are other parts' business. A node of
/// level L has a row of links on each of the layers 0 to L.
struct Graph {
    /// Layer 0: the row of a slot is the slot.
    var base: LinkTable
    /// Layers 1 and up: a node's rows stand together, from `upperRows[slot]` on.
    var upper: LinkTable
    var upperRows: UnsafeMutablePointer<UInt32>?
    /// The links that stay; see `Backbone`.
    var backbone = LinkTable.backbone
    /// nil in the balanced form, or if vectors have no codes.
    var linkCodes: LinkCodes?
    /// Nodes that were ever inserted: what the next ones' levels are drawn by.
    var insertedCount = 0
    /// The level of each node.
    var levels: UnsafeMutablePointer<UInt8>?
    /// The node of the highest level; nil if the graph is empty.
    var entry: EntryPoint?

    struct EntryPoint: Equatable {
        var slot: UInt32
        var level: Int
    }

    /// The empty graph.
    init(M: Int) {
        base = LinkTable(width: 2 * M)
        upper = LinkTable(width: M)
    }

    func level(of slot: UInt32) -> Int { Int(levels.unsafelyUnwrapped[Int(slot)]) }

    func layer(_ layer: Int) -> Layer {
        layer == 0
            ? Layer(table: base, firstRows: nil, offset: 0)
            : Layer(table: upper, firstRows: UnsafePointer(upperRows), offset: layer - 1)
    }
}

/// One layer of the graph.
struct Layer {
    let table: LinkTable
    fileprivate let firstRows: UnsafePointer<UInt32>?
    fileprivate let offset: Int

    var width: Int { table.width }

    @inline(__always)
    func row(of slot: UInt32) -> Int {
        if let firstRows { Int(firstRows[Int(slot)]) &+ offset } else { Int(slot) }
    }

    /// The links of `slot`: up to `width`, ended early by `LinkTable.none`.
    @inline(__always)
    func links(of slot: UInt32) -> UnsafeMutablePointer<UInt32> { table.row(row(of: slot)) }

    /// The row of `slot`, to be changed: it must be the writer's own.
    func linkRow(of slot: UInt32) -> LinkRow {
        let row = row(of: slot)
        return LinkRow(links: table.row(row), width: width, count: table.count(row))
    }

    /// Asks for the first 32 links of `slot`.
    @inline(__always)
    func prefetch(_ slot: UInt32) {
        let links = links(of: slot)
        intrinsics_prefetch(links)
        if width > 16 { intrinsics_prefetch(links + 16) }
    }

    func count(of slot: UInt32) -> Int { table.count(row(of: slot)) }
}

/// The links of one node on one layer, for the writer.
struct LinkRow {
    let links: UnsafeMutablePointer<UInt32>
    let width: Int
    private(set) var count: Int

    init(links: UnsafeMutablePointer<UInt32>, width: Int, count: Int) {
        (self.links, self.width, self.count) = (links, width, count)
    }

    func contains(_ slot: UInt32) -> Bool {
        for i in 0..<count where links[i] == slot { return true }
        return false
    }

    mutating func append(_ slot: UInt32) {
        links[count] = slot
        count += 1
    }

    /// Keeps the links that pass, in their order.
    mutating func keep(_ isKept: (UInt32) -> Bool) {
        var kept = 0
        for place in 0..<count where isKept(links[place]) {
            links[kept] = links[place]
            kept += 1
        }
        (links + kept).update(repeating: LinkTable.none, count: count - kept)
        count = kept
    }

    mutating func removeAll() {
        links.update(repeating: LinkTable.none, count: width)
        count = 0
    }
}

/// The level of every node: geometric, P(level >= l) = M^-l (Malkov & Yashunin 2018, section 4.1:
/// m_L = 1 / ln M), a pure function of the seed and of how many nodes came before.
struct LevelSampler {
    static let maxLevel = 15

    let seed: UInt64
    let M: UInt64

    func level(ofNode number: Int) -> Int {
        var random = SplitMix64(seed: seed ^ SplitMix64.mix(UInt64(number) &+ 1))
        var word = random.next()
        var level = 0
        while level < Self.maxLevel && ((word >> 32) &* M) >> 32 == 0 {
            level += 1
            word = random.next()
        }
        return level
    }
}
