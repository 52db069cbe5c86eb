import Glibc

/// Writes files section by section, in large pieces, and sums up what it writes.
final class SectionOutput {
    /// Bytes per piece: the most that a cancelled call still writes.
    private static let pieceSize = 4 << 20

    private let output: ByteOutput
    private let control: Control?
    private let buffer: UnsafeMutableRawPointer
    private var buffered = 0
    private var written = 0
    private var checksum = CRC32()

    private init(_ output: ByteOutput, _ control: Control?) throws(MartletError) {
        (self.output, self.control) = (output, control)
        buffer = UnsafeMutableRawPointer(try Memory.allocate(UInt8.self, Self.pieceSize))
    }

    deinit { free(buffer) }

    /// Writes a whole file.
    /// - Throws: `cancelled`, `outOfMemory`, and what `output` throws.
    static func write(
        _ sections: [Section], to output: ByteOutput, _ control: Control?
    ) throws(MartletError) {
        let sections = sections.filter { $0.size > 0 }
        let body = sections.reduce(0) { $0 + FileFormat.padded($1.size) }
        control?.begin(
            total: FileFormat.headerSize + body + sections.count * FileFormat.entrySize
                + FileFormat.footerSize)
        let output = try SectionOutput(output, control)
        try output.writeHeader()
        var entries: [SectionEntry] = []
        for section in sections { entries.append(try output.write(section)) }
        try output.writeTable(entries)
        try output.flush()
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(MartletError) {
        var left = bytes
        while !left.isEmpty {
            if buffered == Self.pieceSize { try flush() }
            let count = min(left.count, Self.pieceSize - buffered)
            let piece = UnsafeRawBufferPointer(rebasing: left[..<count])
            memcpy(buffer + buffered, piece.baseAddress!, count)
            checksum.add(piece)
            buffered += count
            left = UnsafeRawBufferPointer(rebasing: left[count...])
        }
    }

    func append(_ words: [UInt64]) throws(MartletError) {
        try words.withUnsafeBufferPointer { words throws(MartletError) in
            try append(UnsafeRawBufferPointer(words))
        }
    }

    private func writeHeader() throws(MartletError) {
        var header = FileFormat.magic
        header.append(number: FileFormat.version)
        header += [UInt8](repeating: 0, count: FileFormat.headerSize - 4 - header.count)
        header.appendChecksum()
        try append(header)
    }

    private func write(_ section: Section) throws(MartletError) -> SectionEntry {
        checksum = CRC32()
        let offset = written + buffered
        try section.write(self)
        let size = written + buffered - offset
        precondition(size == section.size)
        let padding = [UInt8](repeating: 0, count: FileFormat.padded(size) - size)
        try append(padding)
        return SectionEntry(
            kind: section.kind.rawValue, part: UInt32(section.part), offset: offset, size: size,
            checksum: checksum.value)
    }

    private func writeTable(_ entries: [SectionEntry]) throws(MartletError) {
        checksum = CRC32()
        let offset = written + buffered
        for entry in entries {
            var bytes: [UInt8] = []
            bytes.append(number: entry.kind)
            bytes.append(number: entry.part)
            bytes.append(number: UInt64(entry.offset))
            bytes.append(number: UInt64(entry.size))
            bytes.append(number: UInt64(entry.checksum))
            try append(bytes)
        }
        var footer: [UInt8] = []
        footer.append(number: UInt64(offset))
        footer.append(number: UInt64(entries.count))
        footer.append(number: UInt64(checksum.value))
        footer.append(number: UInt32(0))
        footer.appendChecksum()
        try append(footer)
    }

    private func append(_ bytes: [UInt8]) throws(MartletError) {
        try bytes.withUnsafeBufferPointer { bytes throws(MartletError) in
            try append(UnsafeRawBufferPointer(bytes))
        }
    }

    private func flush() throws(MartletError) {
        if control?.isCancelled == true { throw .cancelled }
        try output.write(UnsafeRawBufferPointer(start: buffer, count: buffered))
        control?.advance(by: buffered)
        written += buffered
        buffered = 0
    }
}
