import CIntrinsics
import Glibc

/// Where the bytes of a file come from.
enum FileSource {
    /// An open file, to be read.
    case file(OpenFile)
    /// The caller's memory, to be copied.
    case memory(UnsafeRawBufferPointer)
    /// A file to be used where the system has it.
    case mapping(Mapping)

    var size: Int {
        switch self {
        case .file(let file): file.size
        case .memory(let bytes): bytes.count
        case .mapping(let mapping): mapping.bytes.count
        }
    }

    /// What messages call the file.
    var title: String {
        switch self {
        case .file(let file): "\(file.path)"
        case .memory: "the bytes given"
        case .mapping(let mapping): "\(mapping.path)"
        }
    }

    /// Reads bytes, which must be within the size.
    func read(
        _ range: Range<Int>, to target: UnsafeMutableRawPointer
    ) throws(MartletError) {
        switch self {
        case .file(let file): try file.read(range, to: target)
        case .memory(let bytes): copy(bytes, range, to: target)
        case .mapping(let mapping): copy(UnsafeRawBufferPointer(mapping.bytes), range, to: target)
        }
    }

    /// A few bytes, which must be within the size.
    func bytes(_ range: Range<Int>) throws(MartletError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        try bytes.withUnsafeMutableBufferPointer { bytes throws(MartletError) in
            if let base = bytes.baseAddress { try read(range, to: base) }
        }
        return bytes
    }

    /// What is wrong with the file.
    func error(_ sentence: String) -> MartletError { .badFormat("\(title) \(sentence)") }

    private func copy(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, to target: UnsafeMutableRawPointer
    ) {
        guard let base = bytes.baseAddress, !range.isEmpty else { return }
        memcpy(target, base + range.lowerBound, range.count)
    }
}

/// A file that is open for reading.
final class OpenFile {
    let path: FilePath
    let size: Int
    fileprivate let descriptor: Int32

    init(_ path: FilePath) throws(MartletError) {
        self.path = path
        descriptor = intrinsics_open(path.bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw .system("open", path) }
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        size = Int(status.st_size)
        guard isKnown else { throw .system("read", path) }
        guard !intrinsics_is_folder(status.st_mode) else {
            throw .system("read", path, code: EISDIR)
        }
        // A pipe, say, that somebody would have to write to.
        guard intrinsics_is_file(status.st_mode) else {
            throw .io("cannot read \(path), which is no ordinary file", code: EINVAL)
        }
    }

    deinit { close(descriptor) }

    fileprivate func read(
        _ range: Range<Int>, to target: UnsafeMutableRawPointer
    ) throws(MartletError) {
        var done = 0
        while done < range.count {
            let count = pread(
                descriptor, target + done, range.count - done, range.lowerBound + done)
            guard count >= 0 || intrinsics_errno() == EINTR else { throw .system("read", path) }
            guard count != 0 else {
                throw .badFormat("\(path) has become shorter while it was read")
            }
            done += max(count, 0)
        }
    }
}

/// A file in memory, page by page as it is looked at, shared with other processes that map it. What is
/// written to the memory stays this process's own and never reaches the file.
final class Mapping: @unchecked Sendable {
    let path: FilePath
    let bytes: UnsafeMutableRawBufferPointer

    init(_ file: OpenFile) throws(MartletError) {
        path = file.path
        guard file.size > 0 else {
            bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = mmap(
            nil, file.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.descriptor, 0)
        guard let address, Int(bitPattern: address) != -1 else { throw .system("map", path) }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: file.size)
    }

    deinit { if let base = bytes.baseAddress { munmap(base, bytes.count) } }
}
