import MartletTestSupport

@testable import Martlet

extension Index {
    /// Checks what holds for an index at all times. No add may be running.
    func checkInvariants() throws(BrokenInvariant) {
        let snapshot = versions.read { $0 }
        let (ids, tombstones) = (contents.ids, Set(snapshot.tombstones))
        guard tombstones.isDisjoint(with: (0..<UInt32(snapshot.slotCount)).filter(snapshot.isLive))
        else {
            throw BrokenInvariant("a tombstone holds a row")
        }
        try snapshot.graph.checkInvariants(count: snapshot.slotCount) {
            snapshot.isLive($0) || tombstones.contains($0)
        } parent: {
            snapshot.graph.parent(of: $0)
        }
        try checkRows(of: snapshot)
        try checkLinkCodes(of: snapshot, isNode: { snapshot.isLive($0) || tombstones.contains($0) })
        for slot in 0..<snapshot.slotCount where snapshot.isLive(UInt32(slot)) {
            if let texts = snapshot.idTexts {
                try check((try? ids.slot(of: texts[UInt32(slot)], in: snapshot)) ?? nil, slot)
            } else {
                let id = snapshot.ids![slot]
                try check((try? ids.slot(of: id, in: snapshot)) ?? nil, slot)
                guard ids.nextId ?? .max >= id else {
                    throw BrokenInvariant("id \(id) may be assigned again: \(ids.nextId!) is next")
                }
            }
        }
    }

    private func checkRows(of snapshot: Snapshot) throws(BrokenInvariant) {
        var row = 0
        for slot in 0..<UInt32(snapshot.slotCount) where snapshot.isLive(slot) {
            guard snapshot.row(of: slot) == row, snapshot.slot(of: row) == slot else {
                throw BrokenInvariant("row \(row) is not the one in slot \(slot)")
            }
            row += 1
        }
        guard row == snapshot.count else {
            throw BrokenInvariant("there are \(row) rows, not \(snapshot.count)")
        }
    }

    private func check(_ found: UInt32?, _ slot: Int) throws(BrokenInvariant) {
        guard found == UInt32(slot) else {
            throw BrokenInvariant(
                "the id of slot \(slot) leads to \(found.map { "\($0)" } ?? "none")")
        }
    }
}

/// Checks one query's hits, which ought to be exact, against the oracle: the right distances, in
/// order, of distinct ids, and where distances are equal, the order of rows.
func checkExact(
    _ hits: [Hit], _ query: [Float], k: Int, _ oracle: Oracle, row: (Int64) -> Int = { Int($0) }
) throws {
    let exact = oracle.nearest(to: query, k: k)
    guard hits.count == exact.count else {
        throw WrongHits("\(hits.count) hits instead of \(exact.count)")
    }
    guard Set(hits.map(\.id)).count == hits.count else { throw WrongHits("an id twice in \(hits)") }
    for (place, hit) in hits.enumerated() {
        let right = oracle.distance(query, row(hit.id))
        let tolerance = oracle.tolerance(query, row(hit.id))
        guard abs(Double(hit.distance) - right) <= tolerance else {
            throw WrongHits("id \(hit.id) is at \(right), not \(hit.distance)")
        }
        guard abs(right - exact[place].distance) <= tolerance else {
            throw WrongHits("place \(place) is \(hit), but the oracle has \(exact[place])")
        }
    }
    for (one, next) in zip(hits, hits.dropFirst())
    where (one.distance, row(one.id)) >= (next.distance, row(next.id)) {
        throw WrongHits("\(one) comes before \(next)")
    }
}

struct WrongHits: Error, CustomStringConvertible {
    let description: String

    init(_ sentence: String) { description = sentence }
}
