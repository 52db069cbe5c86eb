import Glibc

/// Strings, each once, numbered in the order in which they came: text to number and back. (Ids that
/// are renewed stand there again, under a later number.)
///
/// Numbers and texts never change. Readers use a `TextView`, without a lock, and look numbers up
/// under one. A batch ends with `commit`, or with `truncate` if it failed: that leaves no trace of it.
final class TextTable: @unchecked Sendable {
    /// Guards everything below, which only the one writer changes.
    private let mutex = Mutex()
    private var bytes = AppendArray<UInt8>()
    /// Where each text ends; it begins where the one before ends.
    private var ends = AppendArray<Int>()
    private(set) var count = 0
    /// nil if there is no text, or until it is needed, if they come from a file.
    private var table: ProbeTable?
    /// The first table that the batch under way outgrew, and how many texts were in it.
    private var replaced: (table: ProbeTable?, count: Int)?

    deinit {
        bytes.free()
        ends.free()
        table?.free()
        replaced?.table?.free()
    }

    /// The texts so far, for readers of the next version.
    var view: TextView { TextView(bytes: bytes.base, ends: ends.base, count: count) }

    /// Bytes in use by the texts of a view, and by the table that finds them.
    func memory(of view: TextView) -> Int {
        let cells = mutex.withLock { table?.bytes ?? 0 }
        return view.byteCount + view.count * MemoryLayout<Int>.stride + cells
    }

    /// The latest number of a text, among the first `count`.
    func number(
        of text: UnsafeRawBufferPointer, below count: Int
    ) throws(MartletError) -> UInt32? {
        let hash = Self.hash(text)
        return try mutex.withLock { () throws(MartletError) in
            try makeMissingTable()
            return table?.find(hash, below: count) { view.isEqual($0, text) }
        }
    }

    /// Returns the number of a text, after appending it if it is new. Outgrown memory goes to
    /// `retired`. The caller vouches that the text is UTF-8.
    func insert(
        _ text: UnsafeRawBufferPointer, _ retired: inout RetiredMemory
    ) throws(MartletError) -> (number: UInt32, isNew: Bool) {
        let hash = Self.hash(text)
        try reserve(texts: 1, bytes: text.count, &retired)
        return mutex.withLock {
            let number = UInt32(count)
            let known = enter(text, hash)
            return (known ?? number, known == nil)
        }
    }

    /// Appends texts that should all be new or renewable; stops before the first that is not. Returns
    /// how many it has appended. There must be room for them.
    func append(_ texts: Strings, renewing isRenewable: (UInt32) -> Bool) -> Int {
        mutex.withLockInSlices(texts.count) { row in
            let text = texts[row]
            return enter(text, Self.hash(text), renewing: isRenewable) == nil
        }
    }

    /// Appends a text, new or not, for which there must be room.
    func append(_ text: UnsafeRawBufferPointer) {
        mutex.withLock { _ = enter(text, Self.hash(text)) { _ in true } }
    }

    /// Makes room for so many more texts. Outgrown memory goes to `retired`.
    func reserve(
        texts: Int, bytes: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        guard texts <= Configuration.maxVectors - count else {
            throw .indexFull("a column holds at most \(Configuration.maxVectors) different strings")
        }
        if view.byteCount + bytes > self.bytes.capacity {
            var roomier = self.bytes
            let used = view.byteCount
            retired.add(try roomier.reserve(used + bytes, keeping: used))
            mutex.withLock { self.bytes = roomier }
        }
        if count + texts > ends.capacity {
            var roomier = ends
            retired.add(try roomier.reserve(count + texts, keeping: count))
            mutex.withLock { ends = roomier }
        }
        try mutex.withLock { () throws(MartletError) in try makeMissingTable() }
        if table?.hasRoom(for: count + texts) != true { try growTable(for: count + texts) }
    }

    /// Becomes what a file holds.
    func read(
        _ file: SectionReader, _ kinds: TextSections, part: Int = 0, count: Int
    ) throws(MartletError) {
        let size = file.size(kinds.texts, part: part)
        ends = try file.table(kinds.ends, part: part, Int.self, count: count)
        bytes = try file.table(kinds.texts, part: part, UInt8.self, count: size)
        self.count = count
        try view.check(file, kinds, size: size)
    }

    /// Ends a batch that succeeded.
    func commit() {
        replaced?.table?.free()
        replaced = nil
    }

    /// Takes back all texts but the first `count`, which were there when the batch began.
    func truncate(to count: Int) {
        if let replaced {
            let larger = table
            mutex.withLock { (table, self.count) = (replaced.table, replaced.count) }
            larger?.free()
            self.replaced = nil
        }
        mutex.withLockInSlices(self.count - count) { _ in
            self.count -= 1
            let latest = UInt32(self.count)
            table!.removeLatest(latest, Self.hash(view[latest]))
            return true
        }
    }

    /// Enters a text if it is new, for which there must be room; returns its number if it is not.
    private func enter(
        _ text: UnsafeRawBufferPointer, _ hash: UInt64,
        renewing isRenewable: (UInt32) -> Bool = { _ in false }
    ) -> UInt32? {
        let known = table!.insert(
            UInt32(count), hash, { view.isEqual($0, text) }, renewing: isRenewable)
        guard known == nil else { return known }
        let start = view.byteCount
        if let bytes = bytes.base {
            UnsafeMutableRawBufferPointer(start: bytes + start, count: text.count)
                .copyMemory(from: text)
        }
        ends[count] = start + text.count
        count += 1
        return nil
    }

    private func growTable(for needed: Int) throws(MartletError) {
        let larger = try makeTable(for: needed)
        let outgrown = table
        mutex.withLock { table = larger }
        if replaced == nil { replaced = (outgrown, count) } else { outgrown?.free() }
    }

    /// Under the lock. Readers and the writer may be the first to need it.
    private func makeMissingTable() throws(MartletError) {
        if table == nil && count > 0 { table = try makeTable(for: count) }
    }

    private func makeTable(for needed: Int) throws(MartletError) -> ProbeTable {
        let table = try ProbeTable(for: needed)
        for number in 0..<UInt32(count) {
            let text = view[number]
            _ = table.insert(number, Self.hash(text)) {
                view.isEqual($0, text)
            } renewing: { _ in
                true
            }
        }
        return table
    }

    static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(text.count)
        var place = 0
        while place + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            hash = SplitMix64.mix(hash ^ word)
            place += 8
        }
        var rest: UInt64 = 0
        while place < text.count {
            rest = rest << 8 | UInt64(text[place])
            place += 1
        }
        return SplitMix64.mix(hash ^ rest)
    }
}

/// The texts of a table as one version's readers see them.
///
/// Safety: the pointers are valid while the version is pinned.
struct TextView {
    let bytes: UnsafeMutablePointer<UInt8>?
    let ends: UnsafeMutablePointer<Int>?
    let count: Int

    subscript(_ number: UInt32) -> UnsafeRawBufferPointer {
        let (start, end) = (start(number), ends![Int(number)])
        return UnsafeRawBufferPointer(start: bytes.map { $0 + start }, count: end - start)
    }

    var byteCount: Int { count == 0 ? 0 : ends![count - 1] }

    private func start(_ number: UInt32) -> Int { number == 0 ? 0 : ends![Int(number) - 1] }

    fileprivate func isEqual(_ number: UInt32, _ text: UnsafeRawBufferPointer) -> Bool {
        self[number].hasSameBytes(as: text)
    }
}
