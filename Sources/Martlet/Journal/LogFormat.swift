import Glibc

/// The frame of a log; docs/format.md has it byte by byte.
///
///     header | record header, payload, padded | record header, payload, padded | …
enum LogFormat {
    static let magic: [UInt8] = [0x89] + Array("MARTLOG".utf8)
    static let version: UInt32 = 2
    static let headerSize = 64
    /// Records begin at multiples of this, and so do the parts of their payloads.
    static let alignment = 8
    /// Numbers of records, logs and checkpoints are less than this, so that each has a next one.
    static let numberLimit = Int.max

    /// The number of the log and checkpoint that follow `epoch`.
    /// - Throws: `io` if there is none.
    static func number(after epoch: Int, in folder: FilePath) throws(MartletError) -> Int {
        guard epoch + 1 < numberLimit else {
            throw .io("\(folder) has no number left for a checkpoint", code: EOVERFLOW)
        }
        return epoch + 1
    }

    static func padded(_ size: Int) -> Int { (size + alignment - 1) & ~(alignment - 1) }

    /// The first bytes of the log that follows checkpoint `epoch`.
    /// - Parameter sequence: Of the last record of the log before.
    static func header(
        version: UInt32 = version, epoch: Int, after sequence: Int
    ) -> [UInt8] {
        var bytes = magic
        bytes.append(number: version)
        bytes.append(number: UInt32(0))
        bytes.append(number: UInt64(epoch))
        bytes.append(number: UInt64(sequence))
        bytes += [UInt8](repeating: 0, count: headerSize - 4 - bytes.count)
        bytes.appendChecksum()
        return bytes
    }
}

/// What a record does. The numbers are those of docs/format.md and never change.
enum RecordKind: UInt32 {
    case add = 1
    case upsert = 2
    case remove = 3
    case updateMetadata = 4
    case clear = 5
    case compact = 6
    case convert = 7
}

/// What stands before a record's payload.
struct RecordHeader {
    static let size = 32
    private static let magic = UInt32(littleEndian: 0x3152_4C4D)

    let kind: RecordKind
    /// Counts the records of all logs from 1.
    let sequence: Int
    /// Of the payload, without padding.
    let size: Int
    /// Of the payload and its padding.
    let checksum: UInt32

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: Self.magic)
        bytes.append(number: kind.rawValue)
        bytes.append(number: UInt64(sequence))
        bytes.append(number: UInt64(size))
        bytes.append(number: checksum)
        bytes.appendChecksum()
        return bytes
    }

    init(_ kind: RecordKind, sequence: Int, size: Int, checksum: UInt32) {
        (self.kind, self.sequence, self.size, self.checksum) = (kind, sequence, size, checksum)
    }

    /// The header that stands at a place, if a sound one does.
    init?(_ log: UnsafeRawBufferPointer, at place: Int) {
        guard place <= log.count - Self.size else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: log[place..<place + Self.size])
        guard bytes.load(as: UInt32.self) == Self.magic, bytes.endsWithChecksum,
            let kind = RecordKind(rawValue: bytes.load(fromByteOffset: 4, as: UInt32.self)),
            let sequence = Int(exactly: bytes.load(fromByteOffset: 8, as: UInt64.self)),
            sequence < LogFormat.numberLimit,
            let size = Int(exactly: bytes.load(fromByteOffset: 16, as: UInt64.self))
        else { return nil }
        self.init(
            kind, sequence: sequence, size: size,
            checksum: bytes.load(fromByteOffset: 24, as: UInt32.self))
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the last four bytes are the checksum of those before.
    var endsWithChecksum: Bool {
        var checksum = CRC32()
        checksum.add(UnsafeRawBufferPointer(rebasing: self[..<(count - 4)]))
        return checksum.value == load(fromByteOffset: count - 4, as: UInt32.self)
    }
}
