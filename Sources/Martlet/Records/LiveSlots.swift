import Glibc

/// Which slots hold rows, and the numbers of those: a row's number is how many live slots lie before
/// its own. Never changed once made.
struct LiveSlots {
    let slots: Bitmap
    /// Live slots before each word of the bitmap.
    private let ranks: UnsafeMutablePointer<UInt32>
    /// How many slots are live.
    private(set) var count: Int

    /// What is left of the live slots of `earlier` (nil: all that it had are) and those behind them.
    /// - Parameters:
    ///   - slotCount: Slots that there are.
    ///   - removed: Slots that hold rows, each once.
    init(
        _ earlier: LiveSlots?, slotCount: Int, removing removed: [UInt32]
    ) throws(MartletError) {
        let slots = try Bitmap(count: slotCount)
        do throws(MartletError) {
            ranks = try Memory.allocate(UInt32.self, slots.wordCount)
        } catch {
            slots.free()
            throw error
        }
        slots.formComplement()
        if let earlier {
            let known = earlier.slots
            slots.words.update(from: known.words, count: known.wordCount)
            for slot in known.count..<min(slotCount, known.wordCount * Bitmap.bitsPerWord) {
                slots.insert(UInt32(slot))
            }
        }
        for slot in removed { slots.remove(slot) }
        self.slots = slots
        count = Self.rank(slots, into: ranks)
    }

    /// What a file holds.
    init(_ file: SectionReader, slotCount: Int) throws(MartletError) {
        let words = try file.array(
            .live, UInt64.self, count: (slotCount + Bitmap.bitsPerWord - 1) / Bitmap.bitsPerWord)
        let unused = slotCount % Bitmap.bitsPerWord
        try file.check(
            unused == 0 || words.last! >> UInt64(unused) == 0, .live, "unused bits must be 0")
        try self.init(nil, slotCount: slotCount, removing: [])
        for (place, word) in words.enumerated() { slots.words[place] = word }
        count = Self.rank(slots, into: ranks)
    }

    var section: Section { Section(.live, UnsafePointer(slots.words), count: slots.wordCount) }

    private static func rank(_ slots: Bitmap, into ranks: UnsafeMutablePointer<UInt32>) -> Int {
        var count = 0
        for word in 0..<slots.wordCount {
            ranks[word] = UInt32(count)
            count += slots.words[word].nonzeroBitCount
        }
        return count
    }

    func free() { for table in tables { Glibc.free(table) } }

    var tables: [UnsafeMutableRawPointer] {
        [UnsafeMutableRawPointer(slots.words), UnsafeMutableRawPointer(ranks)]
    }

    var bytes: Int { slots.wordCount * (8 + 4) }

    /// The number of the row in a live slot.
    func row(of slot: UInt32) -> Int {
        let before = slots.words[Int(slot >> 6)] & ((1 &<< UInt64(slot & 63)) &- 1)
        return Int(ranks[Int(slot >> 6)]) + before.nonzeroBitCount
    }

    /// The slot of a row, whose number must be below `count`.
    func slot(of row: Int) -> UInt32 {
        var (low, high) = (0, slots.wordCount)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(ranks[middle]) <= row { low = middle } else { high = middle }
        }
        var word = slots.words[low]
        for _ in Int(ranks[low])..<row { word &= word &- 1 }
        return UInt32(low * Bitmap.bitsPerWord + word.trailingZeroBitCount)
    }

    /// The slots of a set of rows.
    func slots(of rows: Bitmap) throws(MartletError) -> Bitmap {
        let found = try Bitmap(count: slots.count)
        var row: UInt32 = 0
        for word in 0..<slots.wordCount {
            var left = slots.words[word]
            while left != 0 {
                if rows.contains(row) {
                    found.words[word] |= left & (0 &- left)
                }
                left &= left &- 1
                row += 1
            }
        }
        return found
    }
}

extension Snapshot {
    func isLive(_ slot: UInt32) -> Bool { live?.slots.contains(slot) ?? true }

    /// The number of the row in a live slot.
    func row(of slot: UInt32) -> Int { live?.row(of: slot) ?? Int(slot) }

    /// The slot of a row, whose number must be below `count`.
    func slot(of row: Int) -> UInt32 { live?.slot(of: row) ?? UInt32(row) }

    /// The slots of rows, -1 for -1.
    /// - Throws: `invalidArgument` unless each is -1 or that of a row.
    func slots(of rows: UnsafeBufferPointer<Int64>) throws(MartletError) -> [Int64] {
        for (place, row) in rows.enumerated() where row < -1 || row >= count {
            throw .invalidArgument(
                "row \(row) at place \(place) must be -1 or below \(count), the number of vectors")
        }
        return rows.map { $0 == -1 ? -1 : Int64(slot(of: Int($0))) }
    }
}
