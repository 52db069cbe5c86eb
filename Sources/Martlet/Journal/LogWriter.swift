import CIntrinsics
import Glibc

/// Appends records to a log, each durable before the change it tells of is seen.
///
/// A record is written behind those that are there, its header last, and then synced. If any of that
/// fails, the log is cut back to what it was. If even that fails, or a sync does, after which the
/// system may have dropped what it had not written, nobody can know what the file holds: the log takes
/// no more records.
final class LogWriter {
    private let path: FilePath
    private let descriptor: Int32
    /// Bytes of sound records.
    private(set) var size: Int
    /// Of the last record.
    private(set) var sequence: Int
    private var isBroken = false

    /// A new log. What stands at the path is from a creation that was never finished.
    init(creating path: FilePath, epoch: Int, after sequence: Int) throws(MartletError) {
        self.path = path
        (size, self.sequence) = (LogFormat.headerSize, sequence)
        descriptor = intrinsics_open(path.bytes, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("create", path) }
        let header = LogFormat.header(epoch: epoch, after: sequence)
        try write(header, at: 0)
        guard fdatasync(descriptor) == 0 else { throw .system("write", path) }
        try ReplacementFile.makeDurable(path.folder)
    }

    /// Goes on behind the last sound record of a log.
    init(continuing path: FilePath, _ log: LogReader) throws(MartletError) {
        self.path = path
        (size, sequence) = (log.place, log.sequence)
        descriptor = intrinsics_open(path.bytes, O_RDWR | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system("open", path) }
        guard ftruncate(descriptor, size) == 0, fdatasync(descriptor) == 0 else {
            throw .system("write", path)
        }
    }

    deinit { close(descriptor) }

    /// Appends the record that `body` writes. It is there, for good, when this returns.
    /// - Throws: `io`, `outOfMemory`; the log is what it was then.
    func append(
        _ kind: RecordKind, _ body: (RecordOutput) throws(MartletError) -> Void
    ) throws(MartletError) {
        guard !isBroken else {
            throw .io(
                "\(path) takes no more changes since a write has failed; open it again", code: EIO)
        }
        guard sequence + 1 < LogFormat.numberLimit else {
            throw .io("\(path) has no number left for a record", code: EOVERFLOW)
        }
        do throws(MartletError) {
            let output = try RecordOutput { [self] bytes, offset throws(MartletError) in
                try write(bytes, at: size + RecordHeader.size + offset)
            }
            try body(output)
            let (length, checksum) = try output.finish()
            let header = RecordHeader(
                kind, sequence: sequence + 1, size: length, checksum: checksum)
            try write(header.bytes, at: size)
            guard fdatasync(descriptor) == 0 else {
                isBroken = true
                throw .system("write", path)
            }
            size += RecordHeader.size + LogFormat.padded(length)
            sequence += 1
        } catch {
            if ftruncate(descriptor, size) != 0 || fdatasync(descriptor) != 0 { isBroken = true }
            throw error
        }
    }

    private func write(_ bytes: [UInt8], at place: Int) throws(MartletError) {
        try bytes.withUnsafeBufferPointer { bytes throws(MartletError) in
            try write(UnsafeRawBufferPointer(bytes), at: place)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at place: Int) throws(MartletError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress! + done, bytes.count - done, place + done)
            guard count >= 0 || intrinsics_errno() == EINTR else { throw .system("write", path) }
            done += max(count, 0)
        }
    }
}

/// The payload of a record in the making, which goes to the log piece by piece.
final class RecordOutput {
    typealias Write = (UnsafeRawBufferPointer, Int) throws(MartletError) -> Void

    private static let pieceSize = 1 << 20

    private let write: Write
    private let buffer: UnsafeMutableRawPointer
    private var buffered = 0
    private var written = 0
    private var checksum = CRC32()

    init(_ write: @escaping Write) throws(MartletError) {
        self.write = write
        buffer = UnsafeMutableRawPointer(try Memory.allocate(UInt8.self, Self.pieceSize))
    }

    deinit { free(buffer) }

    func append(_ bytes: UnsafeRawBufferPointer) throws(MartletError) {
        var left = bytes
        while !left.isEmpty {
            if buffered == Self.pieceSize { try flush() }
            let count = min(left.count, Self.pieceSize - buffered)
            memcpy(buffer + buffered, left.baseAddress!, count)
            buffered += count
            left = UnsafeRawBufferPointer(rebasing: left[count...])
        }
    }

    func append<Value: BitwiseCopyable>(_ value: Value) throws(MartletError) {
        try withUnsafeBytes(of: value) { bytes throws(MartletError) in try append(bytes) }
    }

    /// Ends a part of the payload.
    func pad() throws(MartletError) {
        let count = LogFormat.padded(written + buffered) - written - buffered
        for _ in 0..<count { try append(UInt8(0)) }
    }

    fileprivate func finish() throws(MartletError) -> (size: Int, checksum: UInt32) {
        let size = written + buffered
        try pad()
        try flush()
        return (size, checksum.value)
    }

    private func flush() throws(MartletError) {
        let bytes = UnsafeRawBufferPointer(start: buffer, count: buffered)
        checksum.add(bytes)
        try write(bytes, written)
        written += buffered
        buffered = 0
    }
}
