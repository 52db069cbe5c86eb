import Glibc

/// A link to be reversed, as one word that sorts by layer, target, and the source's place in the
/// chunk.
struct BackLink: Comparable, BitwiseCopyable {
    private let word: UInt64

    init(layer: Int, target: UInt32, source: Int) {
        word = UInt64(layer) << 48 | UInt64(target) << 16 | UInt64(source)
    }

    var layer: Int { Int(word >> 48) }
    var target: UInt32 { UInt32(truncatingIfNeeded: word >> 16) }
    /// Place in the chunk.
    var source: Int { Int(word & 0xFFFF) }

    func hasTarget(of other: BackLink) -> Bool { word >> 16 == other.word >> 16 }

    static func < (a: BackLink, b: BackLink) -> Bool { a.word < b.word }
}

/// The reverses of all links of a chunk's nodes, sorted, in memory that the next chunk uses again.
final class BackLinks {
    private var links = AppendArray<BackLink>()
    private var bounds = AppendArray<Int>()
    private var count = 0

    deinit {
        links.free()
        bounds.free()
    }

    /// Reverses the links of the nodes of `chunk`.
    func fill(from chunk: Chunk, _ graph: Graph) throws(MartletError) -> UnsafeBufferPointer<
        BackLink
    > {
        let most = (0..<chunk.count).reduce(0) { most, i in
            most + graph.base.width + chunk.levels[i] * graph.upper.width
        }
        free(try links.reserve(most, keeping: 0))
        free(try bounds.reserve(most + 1, keeping: 0))
        count = 0
        for i in 0..<chunk.count {
            for layer in 0...chunk.levels[i] {
                let row = graph.layer(layer).linkRow(of: chunk.slots[i])
                for place in 0..<row.count {
                    links[count] = BackLink(layer: layer, target: row.links[place], source: i)
                    count += 1
                }
            }
        }
        var reversed = UnsafeMutableBufferPointer(start: links.base, count: count)
        reversed.sort()
        return UnsafeBufferPointer(reversed)
    }

    /// Returns the bounds of the runs of equal targets, and calls `body` with the first of each.
    func groups(
        _ body: (BackLink) throws(MartletError) -> Void
    ) throws(MartletError) -> UnsafeBufferPointer<Int> {
        var groups = 0
        for i in 0..<count where i == 0 || !links[i].hasTarget(of: links[i - 1]) {
            bounds[groups] = i
            groups += 1
            try body(links[i])
        }
        bounds[groups] = count
        return UnsafeBufferPointer(start: bounds.base, count: groups + 1)
    }
}
