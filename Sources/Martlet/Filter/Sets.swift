import Glibc

/// A set of 64-bit words that is built once: open addressing, linear probing.
///
/// Safety: read by any number of threads once it is built.
final class WordSet {
    /// So many words have a table that is at most an eighth full: the first cell mostly decides, as
    /// the processor predicts. More have one that is at most half full.
    private static let few = 4096

    /// 0 where there is none.
    private let cells: UnsafeMutablePointer<UInt64>
    private let mask: Int
    private let shift: UInt64
    private var hasZero = false

    /// An empty set with room for `count` words.
    init(room count: Int) throws(MartletError) {
        var bits = 3
        while 1 << bits < (count <= Self.few ? 8 : 2) * count { bits += 1 }
        cells = try Memory.allocate(UInt64.self, 1 << bits)
        cells.initialize(repeating: 0, count: 1 << bits)
        (mask, shift) = (1 << bits - 1, UInt64(64 - bits))
    }

    deinit { free(cells) }

    func insert(_ word: UInt64) {
        let cell = cell(word)
        guard !contains(word) else { return }
        if word == 0 { hasZero = true } else { cells[cell] = word }
    }

    @inline(__always)
    func contains(_ word: UInt64) -> Bool {
        word == 0 ? hasZero : cells[cell(word)] == word
    }

    /// The cell with the word, or the empty one where it belongs.
    @inline(__always)
    private func cell(_ word: UInt64) -> Int {
        // Fibonacci hashing (Knuth, TAOCP 6.4).
        var cell = Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) &>> shift)
        while cells[cell] != 0 && cells[cell] != word { cell = (cell &+ 1) & mask }
        return cell
    }
}

/// A set of the texts of a column, by their numbers.
final class TextSet {
    let bitmap: Bitmap

    /// The empty set of `count` texts.
    init(count: Int) throws(MartletError) { bitmap = try Bitmap(count: count) }

    /// The texts that pass a test.
    convenience init(
        of texts: TextView, where passes: (UnsafeRawBufferPointer) -> Bool
    ) throws(MartletError) {
        try self.init(count: texts.count)
        for number in 0..<UInt32(texts.count) where passes(texts[number]) { bitmap.insert(number) }
    }

    deinit { bitmap.free() }
}
