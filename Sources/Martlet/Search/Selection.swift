/// Which nodes one call may return.
struct Selection {
    let matches: Bitmap
    /// How many they are.
    let count: Int
    /// Who frees `matches`, when nobody looks at them any more; nil: `free()` does.
    private let owner: AnyObject?

    /// Takes `matches` over.
    init(_ matches: Bitmap) {
        (self.matches, count, owner) = (matches, matches.population, nil)
    }

    init(_ matches: Bitmap, count: Int, ownedBy owner: AnyObject) {
        (self.matches, self.count, self.owner) = (matches, count, owner)
    }

    func free() { if owner == nil { matches.free() } }
}
