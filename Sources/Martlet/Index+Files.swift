/// How a file is opened.
public struct LoadOptions {
    /// Whether the file is copied into memory, or mapped: looked at where the system has it, page by page
    /// as it is needed, and shared with other processes that map it.
    public enum Mode: Sendable {
        case copied, mapped
    }

    public var mode = Mode.copied
    public var control: Control?

    public init() {}
}

extension Index {
    /// Saves the newest version to a file: all of it, or nothing. A file that is there is replaced when
    /// the new one is complete and durable, and else left as it is. Changes to the index do not wait for
    /// it, and are not part of the file.
    ///
    /// - Parameters:
    ///   - path: A string, or bytes as the system has them.
    ///   - control: Counts bytes.
    /// - Throws: `io`, `cancelled`, `outOfMemory`.
    public func save(
        to path: UnsafePointer<CChar>, _ control: Control? = nil
    ) throws(MartletError) {
        let file = try ReplacementFile(replacing: FilePath(path))
        try write(to: file, control)
        try file.commit()
    }

    /// Calls `body` with the bytes of the file, piece after piece.
    /// - Throws: `cancelled`, `outOfMemory`, and what `body` throws.
    public func write(
        _ control: Control? = nil,
        _ body: @escaping (UnsafeRawBufferPointer) throws(MartletError) -> Void
    ) throws(MartletError) {
        try write(to: Receiver(body), control)
    }

    /// Loads an index from a file; how it was saved does not matter. Trusts nothing in the file. One that
    /// is mapped must not be written to as long as the index lives; to save over it is no such thing.
    ///
    /// - Throws: `badFormat`, `io`, `outOfMemory`, `cancelled`.
    public static func load(
        from path: UnsafePointer<CChar>, _ options: LoadOptions = LoadOptions()
    ) throws(MartletError) -> Index {
        let file = try OpenFile(FilePath(path))
        switch options.mode {
        case .copied: return try load(.file(file), options.control)
        case .mapped: return try load(.mapping(Mapping(file)), options.control)
        }
    }

    /// Loads an index from the bytes of a file, which are copied.
    /// - Throws: `badFormat`, `outOfMemory`, `cancelled`.
    public static func load(
        _ bytes: UnsafeRawBufferPointer, _ control: Control? = nil
    ) throws(MartletError) -> Index {
        try load(.memory(bytes), control)
    }

    private func write(to output: ByteOutput, _ control: Control?) throws(MartletError) {
        try versions.read { snapshot throws(MartletError) in
            try SectionOutput.write(snapshot.sections, to: output, control)
        }
    }

    private static func load(
        _ source: FileSource, _ control: Control?
    ) throws(MartletError) -> Index {
        Index(try Contents(SectionReader(source, control)))
    }

    private final class Receiver: ByteOutput {
        let body: (UnsafeRawBufferPointer) throws(MartletError) -> Void

        init(_ body: @escaping (UnsafeRawBufferPointer) throws(MartletError) -> Void) {
            self.body = body
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws(MartletError) { try body(bytes) }
    }
}
