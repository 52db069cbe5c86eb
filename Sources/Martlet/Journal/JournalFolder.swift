import CIntrinsics
import Glibc

/// What lies in the folder of a journal.
struct JournalFolder {
    let path: FilePath
    /// Numbers of checkpoints and logs, ascending.
    private(set) var checkpoints: [Int] = []
    private(set) var logs: [Int] = []
    /// Left behind by whoever did not come to write a file to its end.
    private var temporaries: [String] = []

    /// - Throws: `io`.
    init(_ path: FilePath) throws(MartletError) {
        self.path = path
        guard let folder = opendir(path.bytes) else { throw .system("open", path) }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if let number = Self.number(name, "checkpoint-") { checkpoints.append(number) }
            if let number = Self.number(name, "log-") { logs.append(number) }
            if ReplacementFile.isTemporary(name) { temporaries.append(name) }
        }
        checkpoints.sort()
        logs.sort()
    }

    /// Makes the folder, if there is none.
    /// - Throws: `io`.
    static func make(_ path: FilePath) throws(MartletError) {
        guard mkdir(path.bytes, 0o777) == 0 || intrinsics_errno() == EEXIST else {
            throw .system("create the folder", path)
        }
        try ReplacementFile.makeDurable(path.parent)
    }

    var checkpoint: FilePath? { checkpoints.last.map { path.appending("checkpoint-\($0)") } }

    func log(_ epoch: Int) -> FilePath { path.appending("log-\(epoch)") }

    /// Removes what the checkpoint `epoch` makes superfluous, as far as the system lets.
    func removeAll(before epoch: Int) {
        for number in logs where number < epoch { unlink(log(number).bytes) }
        for number in checkpoints where number < epoch {
            unlink(path.appending("checkpoint-\(number)").bytes)
        }
    }

    func removeTemporaries() {
        for name in temporaries { unlink(path.appending(name).bytes) }
    }

    private static func number(_ name: String, _ prefix: String) -> Int? {
        guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)), number >= 0,
            number < LogFormat.numberLimit, "\(prefix)\(number)" == name
        else { return nil }
        return number
    }
}

extension FilePath {
    /// 0 if there is no such file.
    var fileSize: Int {
        var status = stat()
        return stat(bytes, &status) == 0 ? Int(status.st_size) : 0
    }

    /// As a folder, to whose end names can be appended.
    var asFolder: FilePath { withoutSlash.appending("/") }

    /// The folder that a folder lies in.
    var parent: FilePath { withoutSlash.folder }
}
