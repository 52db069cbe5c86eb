import Glibc

/// A folder of its own, which goes with all that is in it.
public final class TemporaryFolder: Sendable {
    private let folder: String

    public init() {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "the system grants no folder")
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(folder) }

    /// The path of something in it.
    public func path(_ name: String) -> String { folder + "/" + name }

    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            closedir(folder)
        }
        Glibc.remove(path)
    }
}
