import Glibc

/// Reads files section by section, and trusts nothing in them.
///
/// Every section has the size that the reader asks for, which follows from numbers that were checked
/// before, so that no table is larger than the file. What is in a section, its own reader checks. Of a
/// mapped file only what `array` reads is held against its checksum: to look at all bytes would be to
/// read all of the file.
final class SectionReader {
    let source: FileSource
    private let control: Control?
    private let table: SectionTable
    private var isRead: [Bool]

    /// - Throws: `badFormat` if this is no such file, or not a whole one.
    init(_ source: FileSource, _ control: Control? = nil) throws(MartletError) {
        (self.source, self.control) = (source, control)
        table = try SectionTable(source)
        isRead = table.entries.map { _ in false }
        control?.begin(total: source.size)
    }

    func error(_ sentence: String) -> MartletError { source.error(sentence) }

    /// Throws that a section is not what it should be, unless it is.
    func check(
        _ isRight: Bool, _ kind: SectionKind, _ expected: @autoclosure () -> String
    ) throws(MartletError) {
        guard isRight else { throw error("is damaged: in section \(kind), \(expected())") }
    }

    /// Of the format.
    var version: Int { table.version }

    /// The mapping that tables lie in, if they do.
    var mapping: Mapping? {
        if case .mapping(let mapping) = source { mapping } else { nil }
    }

    /// A short table, copied and checked against its checksum whatever the file is read from.
    func array<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ kind: SectionKind, part: Int = 0, _ element: Element.Type, count: Int
    ) throws(MartletError) -> [Element] {
        guard count > 0 else { return [] }
        let entry = try take(kind, part: part, size: count * MemoryLayout<Element>.stride)
        var array = [Element](repeating: 0, count: count)
        try array.withUnsafeMutableBufferPointer { array throws(MartletError) in
            try read(entry, kind, to: UnsafeMutableRawPointer(array.baseAddress!))
        }
        return array
    }

    /// A table of `count` elements, which is to be freed unless it is borrowed.
    func table<Element: BitwiseCopyable>(
        _ kind: SectionKind, part: Int = 0, _ element: Element.Type, count: Int
    ) throws(MartletError) -> AppendArray<Element> {
        guard count > 0 else { return AppendArray() }
        let size = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !size.overflow else { throw error("claims to hold more than memory can") }
        let entry = try take(kind, part: part, size: size.partialValue)
        if let mapping {
            let bytes = mapping.bytes.baseAddress! + entry.offset
            return AppendArray(borrowing: bytes.assumingMemoryBound(to: Element.self))
        }
        let table = try AppendArray<Element>(room: count)
        do throws(MartletError) {
            try read(entry, kind, to: UnsafeMutableRawPointer(table.base!))
        } catch {
            table.free()
            throw error
        }
        return table
    }

    /// The size of a section; 0 if it is not there.
    func size(_ kind: SectionKind, part: Int = 0) -> Int {
        table.place(of: kind, part).map { table.entries[$0].size } ?? 0
    }

    /// Throws unless every section has been read.
    func finish() throws(MartletError) {
        guard let left = isRead.firstIndex(of: false) else { return }
        let (kind, part) = (table.entries[left].kind, table.entries[left].part)
        throw error("is damaged: section \(kind) of part \(part) does not belong there")
    }

    // MARK: - Sections

    private func take(
        _ kind: SectionKind, part: Int, size: Int
    ) throws(MartletError) -> SectionEntry {
        guard let place = table.place(of: kind, part) else {
            throw error("is damaged: section \(kind) of part \(part) is missing")
        }
        let entry = table.entries[place]
        guard entry.size == size else {
            throw error(
                "is damaged: section \(kind) of part \(part) is \(entry.size) bytes, not \(size)")
        }
        isRead[place] = true
        return entry
    }

    /// Reads a section piece by piece, while it is in the processor's cache, and checks its checksum.
    private func read(
        _ entry: SectionEntry, _ kind: SectionKind, to target: UnsafeMutableRawPointer
    ) throws(MartletError) {
        var (checksum, done) = (CRC32(), 0)
        while done < entry.size {
            if control?.isCancelled == true { throw .cancelled }
            let count = min(Self.pieceSize, entry.size - done)
            try source.read(entry.offset + done..<entry.offset + done + count, to: target + done)
            checksum.add(UnsafeRawBufferPointer(start: target + done, count: count))
            control?.advance(by: count)
            done += count
        }
        let end = entry.offset + entry.size
        let padding = try source.bytes(end..<entry.offset + FileFormat.padded(entry.size))
        padding.withUnsafeBytes { checksum.add($0) }
        guard checksum.value == entry.checksum else {
            throw error("is damaged: the checksum of section \(kind) is wrong")
        }
    }

    private static let pieceSize = 1 << 20
}
