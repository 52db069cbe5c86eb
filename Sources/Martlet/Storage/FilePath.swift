import CIntrinsics
import Glibc

/// A path as the system has it: bytes, in no particular encoding.
struct FilePath: CustomStringConvertible {
    /// Ends with NUL.
    let bytes: [CChar]

    init(_ path: UnsafePointer<CChar>) {
        bytes = Array(UnsafeBufferPointer(start: path, count: strlen(path) + 1))
    }

    private init(_ bytes: [CChar]) { self.bytes = bytes }

    var description: String {
        "'" + String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "'"
    }

    /// The path without symbolic links, if it leads to something.
    var resolved: FilePath {
        guard let found = realpath(bytes, nil) else { return self }
        defer { free(found) }
        return FilePath(found)
    }

    /// Where the file lies: what comes before the last slash, and the slash.
    var folder: FilePath {
        guard let slash = bytes.lastIndex(of: CChar(UInt8(ascii: "/"))) else {
            return FilePath("./")
        }
        return FilePath(bytes[...slash] + [0])
    }

    /// The path without slashes at its end, but for the root's.
    var withoutSlash: FilePath {
        var name = Array(bytes.dropLast())
        while name.count > 1, name.last == CChar(UInt8(ascii: "/")) { name.removeLast() }
        return FilePath(name + [0])
    }

    /// A name in this folder.
    func appending(_ name: String) -> FilePath {
        FilePath(bytes.dropLast() + name.utf8.map { CChar(bitPattern: $0) } + [0])
    }
}

extension MartletError {
    /// What the system's latest refusal means for `action`, "read" for instance.
    static func system(
        _ action: String, _ path: FilePath, code: Int32 = intrinsics_errno()
    ) -> MartletError {
        .io("cannot \(action) \(path): \(String(cString: strerror(code)))", code: code)
    }
}
