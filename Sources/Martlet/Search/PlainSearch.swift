/// The walk over all nodes, of which those that match are listed.
extension SearchScratch {
    /// Widens the beam to the nearest nodes of layer 0, starting from the nearest one that it holds,
    /// and lists those that match; returns how many, or nil if they are fewer than wanted.
    mutating func searchPlain(
        _ layer: Layer, width: Int, _ plan: SearchPlan, _ matches: Bitmap, _ scorer: Scorer
    ) -> Int? {
        search(layer, width: width, scorer)
        let count = listBeam(matches)
        return count >= plan.wanted ? count : nil
    }
}
