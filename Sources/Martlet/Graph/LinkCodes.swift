import CIntrinsics

/// The links of layer 0 as searches see them, with codes of one bit per component, by which a walk
/// estimates how far all links of a node lead from the query without a look at them.
///
/// A row holds, per 32 links: their slots; a factor and a term each; and the signs of the differences
/// between their codes and the node's (kernels_encode_links; SymphonyQG, Gou et al., SIGMOD 2025). So
/// what a step of the walk needs lies in one place. Places that selection leaves empty are filled with
/// the nearest nodes around: a step estimates 32 links as fast as one.
struct LinkCodes {
    static let linksPerBlock = 32

    /// Small pages, since rows are long and a page is copied for each row that changes.
    static let pageBits = 2

    let table: LinkTable
    let blockCount: Int
    /// Words per block.
    let blockSize: Int

    init(_ table: LinkTable, links: Int) {
        self.table = table
        blockCount = Self.blocks(links)
        blockSize = table.width / blockCount
    }

    /// Words per row.
    /// - Parameters:
    ///   - links: most links of a node.
    ///   - codeStride: bytes per code of a node.
    static func width(links: Int, codeStride: Int) -> Int {
        blocks(links) * (3 * linksPerBlock + codeStride)
    }

    private static func blocks(_ links: Int) -> Int { (links + linksPerBlock - 1) / linksPerBlock }

    /// 32 links of `slot`: those that there are, then `LinkTable.none`.
    @inline(__always)
    func links(_ block: Int, of slot: UInt32) -> UnsafeMutablePointer<UInt32> {
        table.row(Int(slot)) + block &* blockSize
    }

    /// What encodes these links.
    @inline(__always)
    func codes(_ block: Int, of slot: UInt32) -> UnsafeMutablePointer<UInt32> {
        links(block, of: slot) + Self.linksPerBlock
    }

    /// Asks for all that a step from `slot` reads here.
    @inline(__always)
    func prefetch(_ slot: UInt32) {
        intrinsics_prefetch_all(table.row(Int(slot)), Int64(min(table.width &* 4, 4096)))
    }
}
