import Glibc

/// Raw memory for tables: aligned, uninitialised, and `outOfMemory` instead of a crash.
///
/// Memory is committed by the operating system when it is first touched, so reserving more than is
/// used costs address space only.
enum Memory {
    static let hugePage = 2 << 20

    /// Returns `count` elements aligned to a cache line, or to a huge page if the table is large
    /// enough to gain from those (fewer address translations on random access).
    static func allocate<Element: BitwiseCopyable>(
        _ type: Element.Type, _ count: Int
    ) throws(MartletError) -> UnsafeMutablePointer<Element> {
        let size = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        let bytes = max(size.partialValue, 64)
        let large = bytes >= 2 * hugePage
        var address: UnsafeMutableRawPointer?
        guard !size.overflow, posix_memalign(&address, large ? hugePage : 64, bytes) == 0,
            let address
        else { throw .outOfMemory(bytes: size.overflow ? .max : bytes) }
        if large { madvise(address, bytes, MADV_HUGEPAGE) }
        return address.bindMemory(to: Element.self, capacity: count)
    }

    /// Throws where there is no memory for an array of so many elements. Where that is so, Swift's own
    /// arrays end the process: asked just before one is made that grows with the index.
    static func expect<Element: BitwiseCopyable>(
        _ type: Element.Type, _ count: Int
    ) throws(MartletError) {
        guard count > 0 else { return }
        // Beside what is asked for, arrays need a header, and whoever fills them a little more.
        free(try allocate(type, count + (1 << 16)))
    }
}

/// Elements that are written once, in order, and then only read.
///
/// Growing moves them to a larger table and hands the old one back, since readers of an earlier
/// version may still be looking at it.
struct AppendArray<Element: BitwiseCopyable> {
    private(set) var base: UnsafeMutablePointer<Element>?
    /// 0 if the table is borrowed: whatever is to be written then goes to another one.
    private(set) var capacity = 0

    init() {}

    /// A table in memory that somebody else frees, a mapped file.
    init(borrowing table: UnsafeMutablePointer<Element>) { base = table }

    /// An empty array with room for `needed` elements and, if there is memory, for as many more.
    init(room needed: Int) throws(MartletError) {
        (base, capacity) = try Self.roomy(needed, (needed + 1) / 2)
    }

    /// Makes room for `needed` elements, keeping the first `count`.
    /// - Returns: The outgrown table, if there was one: free it when no reader is left.
    mutating func reserve(
        _ needed: Int, keeping count: Int
    ) throws(MartletError) -> UnsafeMutableRawPointer? {
        guard needed > capacity else { return nil }
        let (table, room) = try Self.roomy(needed, capacity)
        if let base { table.update(from: base, count: count) }
        let outgrown = owned
        (base, capacity) = (table, room)
        return outgrown
    }

    /// A table of its own with the first `count` elements, room for `needed`, and for as many as this
    /// one has if there is memory.
    func copy(_ count: Int, room needed: Int) throws(MartletError) -> AppendArray {
        var copy = AppendArray()
        (copy.base, copy.capacity) = try Self.roomy(needed, (capacity + 3) / 4)
        if let base, let table = copy.base { table.update(from: base, count: count) }
        return copy
    }

    /// Generous room first, since untouched memory is free; just enough where even address space
    /// is scarce.
    private static func roomy(
        _ needed: Int, _ capacity: Int
    ) throws(MartletError) -> (UnsafeMutablePointer<Element>, Int) {
        // A table without room would count as borrowed.
        let needed = max(needed, 1)
        let generous = max(needed, capacity < Int.max / 4 ? capacity * 4 : needed)
        if let table = try? Memory.allocate(Element.self, generous) { return (table, generous) }
        return (try Memory.allocate(Element.self, needed), needed)
    }

    /// The table, unless it is borrowed: what is to be freed.
    var owned: UnsafeMutableRawPointer? { capacity == 0 ? nil : UnsafeMutableRawPointer(base) }

    func free() { Glibc.free(owned) }

    subscript(index: Int) -> Element {
        get { base.unsafelyUnwrapped[index] }
        nonmutating set { base.unsafelyUnwrapped[index] = newValue }
    }
}
