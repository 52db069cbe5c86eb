/// Reads the records of a log, in order.
///
/// A log may end in the middle of a record, if the process or the machine stopped while it was
/// written: that change was never acknowledged, and is no part of the log. A damaged record that
/// others follow had been acknowledged, and is an error.
final class LogReader {
    private let mapping: Mapping
    private let log: UnsafeRawBufferPointer
    /// Behind the last record read.
    private(set) var place = LogFormat.headerSize
    /// Of the last record read.
    private(set) var sequence: Int
    let epoch: Int
    /// Of the format.
    let version: UInt32

    /// - Returns: nil if not even the header was finished.
    /// - Throws: `badFormat`, `io`.
    init?(_ path: FilePath, epoch: Int) throws(MartletError) {
        mapping = try Mapping(OpenFile(path))
        log = UnsafeRawBufferPointer(mapping.bytes)
        guard log.count >= LogFormat.headerSize else { return nil }
        let header = UnsafeRawBufferPointer(rebasing: log[..<LogFormat.headerSize])
        guard header.endsWithChecksum, header.starts(with: LogFormat.magic) else {
            if log.count == LogFormat.headerSize { return nil }
            throw .badFormat("\(path) is no log of Martlet's, or its header is damaged")
        }
        version = header.load(fromByteOffset: 8, as: UInt32.self)
        guard version <= LogFormat.version else {
            throw .badFormat(
                "\(path) has log format version \(version), but this library reads up to "
                    + "\(LogFormat.version)")
        }
        let before = Int(clamping: header.load(fromByteOffset: 24, as: UInt64.self))
        let expected = LogFormat.header(version: version, epoch: epoch, after: before)
        guard version > 0, before < LogFormat.numberLimit, header.elementsEqual(expected)
        else { throw .badFormat("\(path) is not the log that its name says") }
        (self.epoch, sequence) = (epoch, before)
    }

    /// The next record; nil at the end.
    /// - Throws: `badFormat` if a damaged record is not the last.
    func next() throws(MartletError) -> (RecordKind, RecordInput)? {
        guard let header = RecordHeader(log, at: place), header.sequence == sequence + 1,
            let payload = payload(header)
        else {
            guard hasRecord(after: sequence + 1) else { return nil }
            throw .badFormat("record \(sequence + 1) of \(mapping.path) is damaged")
        }
        sequence += 1
        place += RecordHeader.size + LogFormat.padded(header.size)
        return (
            header.kind,
            RecordInput(payload, "record \(sequence) of \(mapping.path)")
        )
    }

    private func payload(_ header: RecordHeader) -> UnsafeRawBufferPointer? {
        let start = place + RecordHeader.size
        guard header.size <= log.count - start,
            LogFormat.padded(header.size) <= log.count - start
        else { return nil }
        let end = start + LogFormat.padded(header.size)
        var checksum = CRC32()
        checksum.add(UnsafeRawBufferPointer(rebasing: log[start..<end]))
        guard checksum.value == header.checksum else { return nil }
        return UnsafeRawBufferPointer(rebasing: log[start..<start + header.size])
    }

    /// Whether a sound header of a later record stands anywhere behind the place.
    private func hasRecord(after sequence: Int) -> Bool {
        var place = place
        while place <= log.count - RecordHeader.size {
            if let header = RecordHeader(log, at: place), header.sequence > sequence { return true }
            place += LogFormat.alignment
        }
        return false
    }
}

/// The payload of a record, taken apart from front to back. Nothing in it is trusted.
struct RecordInput {
    private var left: UnsafeRawBufferPointer
    private var taken = 0
    let title: String

    fileprivate init(_ payload: UnsafeRawBufferPointer, _ title: String) {
        (left, self.title) = (payload, title)
    }

    var isAtEnd: Bool { left.isEmpty }

    var isBroken: MartletError { .badFormat("\(title) is not what a record may be") }

    /// The next `count` elements, and the padding behind them.
    mutating func take<Element: BitwiseCopyable>(
        _ type: Element.Type, _ count: Int
    ) throws(MartletError) -> UnsafeRawPointer {
        let size = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard count >= 0, !size.overflow, size.partialValue <= left.count else { throw isBroken }
        let start = left.baseAddress ?? UnsafeRawPointer(bitPattern: LogFormat.alignment)!
        let padded = min(LogFormat.padded(size.partialValue), left.count)
        left = UnsafeRawBufferPointer(rebasing: left[padded...])
        return start
    }

    /// The next number, which is a count.
    mutating func takeCount() throws(MartletError) -> Int {
        let count = try take(Int.self, 1).load(as: Int.self)
        guard count >= 0, count < Int.max - 1 else { throw isBroken }
        return count
    }
}
