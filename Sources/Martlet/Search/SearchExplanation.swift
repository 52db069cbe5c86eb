/// What a search decided, why, and what it cost.
public struct SearchExplanation: Equatable, Sendable {
    public let method: SearchMethod
    /// Vectors in the index.
    public let rows: Int
    /// Vectors that may be returned.
    public let matching: Int
    /// 0 for an exact scan.
    public let beamWidth: Int
    /// Distances computed for all queries.
    public let distances: Int
    /// Queries that an exact scan answered after all, since the walk met too few matches.
    public let fallbacks: Int
    /// What the chosen walk was expected to cost per query, in distances of an exact scan.
    public let beamCost: Double
    public let scanCost: Double

    init(_ batch: QueryBatch, _ searchers: [Searcher]) {
        (method, beamWidth) = (batch.plan.method, batch.plan.beamWidth)
        (rows, matching) = (batch.snapshot.count, batch.plan.matching)
        (beamCost, scanCost) = (batch.plan.beamCost, batch.plan.scanCost)
        distances = searchers.reduce(0) { $0 + $1.distances }
        fallbacks = searchers.reduce(0) { $0 + $1.fallbacks }
    }
}
