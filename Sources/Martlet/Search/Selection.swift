import Glibc

/// Which nodes a call may return.
final class Selection: @unchecked Sendable {
    let matches: Bitmap
    /// How many they are.
    let count: Int
    /// Who frees `matches`; nil: this does.
    private let owner: AnyObject?

    /// Guards `list`.
    private let mutex = Mutex()
    private var list: UnsafeMutablePointer<UInt32>?

    /// Takes `matches` over.
    init(_ matches: Bitmap) {
        (self.matches, count, owner) = (matches, matches.population, nil)
    }

    init(_ matches: Bitmap, count: Int, ownedBy owner: AnyObject) {
        (self.matches, self.count, self.owner) = (matches, count, owner)
    }

    deinit {
        Glibc.free(list)
        if owner == nil { matches.free() }
    }

    /// The slots that match, in order: made for the first query that scans them, as the bits of a large
    /// index take longer to look through than a few matches to compare.
    func slots() throws(MartletError) -> UnsafePointer<UInt32> {
        try mutex.withLock { () throws(MartletError) in
            if let list { return UnsafePointer(list) }
            let made = try Memory.allocate(UInt32.self, max(count, 1))
            matches.list(to: made)
            list = made
            return UnsafePointer(made)
        }
    }
}
