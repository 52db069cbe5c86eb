/// The frame of a file; docs/format.md has it byte by byte.
///
///     header | section, padded | section, padded | … | table of sections | footer
///
/// The table comes last, as in ZIP and Parquet, because checksums are known only then, and so a file
/// can be written in one pass to anything that takes bytes. All numbers are little-endian, which all
/// processors are that Swift runs Martlet on.
enum FileFormat {
    static let magic: [UInt8] = [0x89] + Array("MARTLET".utf8)
    static let version: UInt32 = 3
    /// Sections begin at multiples of this, so that tables can be used where they lie.
    static let alignment = 64
    static let headerSize = 64
    static let entrySize = 32
    static let footerSize = 32

    /// The size with padding.
    static func padded(_ size: Int) -> Int { (size + alignment - 1) & ~(alignment - 1) }
}

/// A row of the table of sections.
struct SectionEntry: Equatable {
    let kind: UInt32
    let part: UInt32
    let offset: Int
    let size: Int
    /// Of the section and its padding.
    let checksum: UInt32
}

extension [UInt8] {
    mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends the checksum of all that is there.
    mutating func appendChecksum() {
        var checksum = CRC32()
        withUnsafeBytes { checksum.add($0) }
        append(number: checksum.value)
    }
}
