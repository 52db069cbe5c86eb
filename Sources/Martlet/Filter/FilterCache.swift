/// What the latest filters of one version let through.
///
/// Programs often search again and again with one filter, for a user's documents say, and one query a
/// call: the filter then costs a comparison of its text. Used by all readers of the version at once.
final class FilterCache: @unchecked Sendable {
    private struct Entry {
        let text: [UInt8]
        let selection: Selection

        func isOf(_ other: UnsafeRawBufferPointer) -> Bool {
            text.withUnsafeBytes { $0.hasSameBytes(as: other) }
        }
    }

    /// A bit per slot and entry is a byte per slot in all; and four bytes per match that scans have
    /// listed.
    private static let capacity = 8
    private static let longestText = 4096

    private let mutex = Mutex()
    /// The latest last.
    private var entries: [Entry] = []

    /// The matches of a filter, which `evaluate` finds if it is none of the latest.
    func selection(
        for text: UnsafeRawBufferPointer, _ evaluate: () throws(MartletError) -> Bitmap
    ) throws(MartletError) -> Selection {
        if let known = mutex.withLock({ find(text) }) { return known }
        let selection = Selection(try evaluate())
        if text.count <= Self.longestText {
            let entry = Entry(text: Array(text), selection: selection)
            mutex.withLock { keep(entry) }
        }
        return selection
    }

    private func find(_ text: UnsafeRawBufferPointer) -> Selection? {
        guard let place = entries.lastIndex(where: { $0.isOf(text) }) else { return nil }
        let entry = entries[place]
        if place != entries.count - 1 {
            entries.remove(at: place)
            entries.append(entry)
        }
        return entry.selection
    }

    private func keep(_ entry: Entry) {
        if entries.count == Self.capacity { entries.removeFirst() }
        entries.append(entry)
    }
}
