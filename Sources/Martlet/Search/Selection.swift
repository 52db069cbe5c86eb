/// Which nodes one call may return.
struct Selection {
    let matches: Bitmap
    /// How many they are.
    let count: Int

    /// Takes `matches` over.
    init(_ matches: Bitmap) { (self.matches, count) = (matches, matches.population) }

    func free() { matches.free() }
}
