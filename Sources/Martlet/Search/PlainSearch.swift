/// The walk over all nodes, of which those that match are listed.
extension SearchScratch {
    /// Widens the beam to the nearest nodes of layer 0, starting from the nearest one that it holds,
    /// and lists those that match; returns how many, or nil if they are too few to be trusted.
    ///
    /// The filter may let through fewer nodes near the query than elsewhere. A wider beam makes up for
    /// that as long as it costs less than an exact scan.
    mutating func searchWidening(
        _ layer: Layer, from width: Int, _ plan: SearchPlan, _ matches: Bitmap, _ scorer: Scorer
    ) -> Int? {
        var width = width
        while true {
            search(layer, width: width, scorer)
            let count = listBeam(matches)
            if plan.isEnough(count) { return count }
            guard let wider = plan.widened(width, holding: count) else { return nil }
            width = wider
        }
    }
}
