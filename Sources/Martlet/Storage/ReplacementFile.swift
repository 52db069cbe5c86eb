import CIntrinsics
import Glibc

/// Where the bytes of a file go, one after the other.
protocol ByteOutput: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws(MartletError)
}

/// A file that takes the place of another all at once, or not at all.
///
/// It is written under a name of its own beside the one that it is for, made durable, and then
/// renamed; the folder is made durable last. Whatever happens in between, and whenever the machine or
/// the process stops, the path leads to the old file or to the new one, each complete. Without
/// `commit`, nothing is left of it.
final class ReplacementFile: ByteOutput {
    private let target: FilePath
    private let temporary: FilePath
    /// -1 once it is closed.
    private var descriptor: Int32
    private var isRenamed = false

    private static let (prefix, suffix) = (".martlet-", ".tmp")

    /// Whether a file of this name is one that was not finished.
    static func isTemporary(_ name: String) -> Bool {
        name.hasPrefix(prefix) && name.hasSuffix(suffix)
    }

    /// - Parameter path: What it leads to is replaced, also through symbolic links, and its permissions
    ///   are kept.
    init(replacing path: FilePath) throws(MartletError) {
        target = path.resolved
        temporary = target.folder.appending(
            "\(Self.prefix)\(String(UInt64.random(in: 0 ... .max), radix: 36))\(Self.suffix)")
        let old = try Self.mode(of: target)
        descriptor = intrinsics_open(
            temporary.bytes, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("create a file beside", path) }
        // Only a wish: who may write a folder need not own the file in it.
        if let old { fchmod(descriptor, old & 0o7777) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isRenamed { unlink(temporary.bytes) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(MartletError) {
        var left = bytes
        while !left.isEmpty {
            let written = Glibc.write(descriptor, left.baseAddress, left.count)
            guard written >= 0 || intrinsics_errno() == EINTR else {
                throw .system("write", target)
            }
            left = UnsafeRawBufferPointer(rebasing: left[max(written, 0)...])
        }
        // So that there is little left to wait for in the end.
        intrinsics_begin_writeback(descriptor)
    }

    /// Makes the file durable and puts it in its place.
    func commit() throws(MartletError) {
        guard fsync(descriptor) == 0 else { throw .system("write", target) }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw .system("write", target) }
        guard rename(temporary.bytes, target.bytes) == 0 else { throw .system("replace", target) }
        isRenamed = true
        try Self.makeDurable(target.folder)
    }

    static func makeDurable(_ folder: FilePath) throws(MartletError) {
        let descriptor = intrinsics_open(folder.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system("open the folder", folder) }
        defer { close(descriptor) }
        // Some file systems cannot, and answer so.
        guard fsync(descriptor) == 0 || intrinsics_errno() == EINVAL else {
            throw .system("write", folder)
        }
    }

    /// The permissions of a file that is there.
    private static func mode(of path: FilePath) throws(MartletError) -> mode_t? {
        var status = stat()
        guard stat(path.bytes, &status) == 0 else { return nil }
        guard intrinsics_is_file(status.st_mode) else {
            let code = intrinsics_is_folder(status.st_mode) ? EISDIR : EINVAL
            throw .io("cannot replace \(path), which is no ordinary file", code: code)
        }
        return status.st_mode
    }
}
