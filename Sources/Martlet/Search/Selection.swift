/// Which nodes one call may return.
struct Selection {
    let matches: Bitmap
    /// How many they are.
    let count: Int
    private let isLent: Bool

    /// Takes `matches` over.
    init(_ matches: Bitmap) {
        (self.matches, count, isLent) = (matches, matches.population, false)
    }

    /// Looks at a set that somebody else frees.
    init(lent matches: Bitmap, count: Int) {
        (self.matches, self.count, isLent) = (matches, count, true)
    }

    func free() { if !isLent { matches.free() } }
}
