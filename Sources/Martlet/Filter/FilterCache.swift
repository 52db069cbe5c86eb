/// What the latest filters of one version let through.
///
/// Programs often search again and again with one filter, for a user's documents say, and one query a
/// call: the filter then costs a comparison of its text. Used by all readers of the version at once.
final class FilterCache: @unchecked Sendable {
    /// A filter and its matches, until nobody looks at them any more.
    final class Entry {
        fileprivate let text: [UInt8]
        let matches: Bitmap
        let count: Int

        fileprivate init(_ text: UnsafeRawBufferPointer, _ matches: Bitmap) {
            (self.text, self.matches) = (Array(text), matches)
            count = matches.population
        }

        deinit { matches.free() }
    }

    /// A bit per slot and entry is a byte per slot in all.
    private static let capacity = 8
    private static let longestText = 4096

    private let mutex = Mutex()
    /// The latest last.
    private var entries: [Entry] = []

    /// The matches of a filter, which `evaluate` finds if it is none of the latest.
    func entry(
        for text: UnsafeRawBufferPointer, _ evaluate: () throws(MartletError) -> Bitmap
    ) throws(MartletError) -> Entry {
        if let known = mutex.withLock({ find(text) }) { return known }
        let entry = Entry(text, try evaluate())
        if text.count <= Self.longestText { mutex.withLock { keep(entry) } }
        return entry
    }

    private func find(_ text: UnsafeRawBufferPointer) -> Entry? {
        guard let place = entries.lastIndex(where: { $0.isOf(text) }) else { return nil }
        let entry = entries[place]
        if place != entries.count - 1 {
            entries.remove(at: place)
            entries.append(entry)
        }
        return entry
    }

    private func keep(_ entry: Entry) {
        if entries.count == Self.capacity { entries.removeFirst() }
        entries.append(entry)
    }
}

extension FilterCache.Entry {
    fileprivate func isOf(_ other: UnsafeRawBufferPointer) -> Bool {
        text.withUnsafeBytes { $0.hasSameBytes(as: other) }
    }
}
