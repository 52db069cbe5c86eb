/// The share of the true `k` nearest that `hits` holds, from 0 to 1: by distance, so that any of
/// several rows at the distance of the k-th counts. `row` gives a hit's row in the oracle.
public func recall(
    of hits: [Hit], at k: Int, for query: [Float], by oracle: Oracle,
    row: (Int64) -> Int = { Int($0) }
) -> Double {
    guard let farthest = oracle.nearest(to: query, k: k).last else { return 1 }
    let limit = farthest.distance + oracle.tolerance(query, farthest.row)
    let rows = Set(hits.prefix(k).map { row($0.id) })
    let right = rows.filter { oracle.distance(query, $0) <= limit }
    return Double(right.count) / Double(min(k, oracle.vectors.count))
}
