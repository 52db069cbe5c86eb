/// Where a file says that its sections are. What it says has been checked: they stand one behind the
/// other and fill the file.
struct SectionTable {
    /// Of the format.
    let version: Int
    let entries: [SectionEntry]

    /// - Throws: `badFormat` if this is no file of ours, or not a whole one.
    init(_ source: FileSource) throws(MartletError) {
        version = try Self.readHeader(source)
        entries = try Self.readTable(source)
        try checkOrder(source)
    }

    /// The place of a section in the table.
    func place(of kind: SectionKind, _ part: Int) -> Int? {
        let wanted = (UInt32(truncatingIfNeeded: part), kind.rawValue)
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if (entries[middle].part, entries[middle].kind) < wanted {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < entries.count, (entries[low].part, entries[low].kind) == wanted else {
            return nil
        }
        return low
    }

    /// Returns the format's version.
    private static func readHeader(_ source: FileSource) throws(MartletError) -> Int {
        let magic = FileFormat.magic
        guard source.size >= magic.count, try source.bytes(0..<magic.count) == magic else {
            throw source.error("is not a Martlet index: it does not begin as one does")
        }
        guard source.size >= FileFormat.headerSize + FileFormat.footerSize else {
            throw source.error("is cut off: it has only \(source.size) bytes")
        }
        let header = try source.bytes(0..<FileFormat.headerSize)
        let version: UInt32 = header.number(at: magic.count)
        guard version <= FileFormat.version else {
            throw source.error(
                "has format version \(version), and this library reads versions up to "
                    + "\(FileFormat.version): it was saved by a newer one")
        }
        guard version > 0, header.hasOwnChecksum else {
            throw source.error("is damaged: the checksum of its header is wrong")
        }
        return Int(version)
    }

    private static func readTable(
        _ source: FileSource
    ) throws(MartletError) -> [SectionEntry] {
        let end = source.size - FileFormat.footerSize
        let footer = try source.bytes(end..<source.size)
        guard footer.hasOwnChecksum else {
            throw source.error("is cut off or damaged: it does not end as it should")
        }
        let (offset, count): (UInt64, UInt64) = (footer.number(at: 0), footer.number(at: 8))
        guard offset <= UInt64(end), count == (UInt64(end) - offset) / UInt64(FileFormat.entrySize),
            Int(offset) + Int(count) * FileFormat.entrySize == end
        else { throw source.error("is damaged: its table of sections is not where it should be") }
        let table = try source.bytes(Int(offset)..<end)
        var checksum = CRC32()
        table.withUnsafeBytes { checksum.add($0) }
        guard UInt64(checksum.value) == footer.number(at: 16), footer.number(at: 24) == UInt32(0)
        else {
            throw source.error("is damaged: the checksum of its table of sections is wrong")
        }
        var entries: [SectionEntry] = []
        for place in stride(from: 0, to: table.count, by: FileFormat.entrySize) {
            entries.append(try SectionEntry(table, at: place, source))
        }
        return entries
    }

    /// Sections stand one behind the other, without gaps, sorted by part and kind.
    private func checkOrder(_ source: FileSource) throws(MartletError) {
        var next = FileFormat.headerSize
        for (place, entry) in entries.enumerated() {
            let before = place > 0 ? entries[place - 1] : nil
            guard entry.offset == next,
                before.map({ ($0.part, $0.kind) < (entry.part, entry.kind) })
                    ?? true, entry.size > 0, entry.size <= source.size - next
            else {
                throw source.error("is damaged: entry \(place) of its table of sections is wrong")
            }
            next += FileFormat.padded(entry.size)
        }
        let table = source.size - FileFormat.footerSize - entries.count * FileFormat.entrySize
        guard next == table else {
            throw source.error("is damaged: its sections end at byte \(next), not at \(table)")
        }
    }
}

extension SectionEntry {
    fileprivate init(
        _ table: [UInt8], at place: Int, _ source: FileSource
    ) throws(MartletError) {
        (kind, part) = (table.number(at: place), table.number(at: place + 4))
        let offset: UInt64 = table.number(at: place + 8)
        let size: UInt64 = table.number(at: place + 16)
        let checksum: UInt64 = table.number(at: place + 24)
        guard let offset = Int(exactly: offset), let size = Int(exactly: size),
            let checksum = UInt32(exactly: checksum)
        else { throw source.error("is damaged: its table of sections holds impossible numbers") }
        (self.offset, self.size, self.checksum) = (offset, size, checksum)
    }
}

extension [UInt8] {
    fileprivate func number<Number: FixedWidthInteger & BitwiseCopyable>(at place: Int) -> Number {
        withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self))
        }
    }

    /// Whether the last four bytes are the checksum of those before.
    fileprivate var hasOwnChecksum: Bool {
        var checksum = CRC32()
        withUnsafeBytes { checksum.add(UnsafeRawBufferPointer(rebasing: $0[..<(count - 4)])) }
        return number(at: count - 4) == checksum.value
    }
}
