import CMartlet
import Glibc
import Martlet

/// Runs the body of an exported function: a thrown error becomes a status, and its sentence the
/// thread's last error. A Swift trap cannot be caught, so bodies check everything that came from
/// outside, by throwing.
func boundary(_ body: () throws(MartletError) -> Void) -> martlet_status {
    do throws(MartletError) {
        try body()
        return martlet_status(MARTLET_OK)
    } catch {
        var code: Int32 = 0
        if case .io(_, let number) = error { code = number }
        LastError.set(error.description, code: code)
        return error.status
    }
}

extension MartletError {
    var status: martlet_status {
        switch self {
        case .invalidArgument: martlet_status(MARTLET_INVALID_ARGUMENT)
        case .dimensionMismatch: martlet_status(MARTLET_DIMENSION_MISMATCH)
        case .notFinite: martlet_status(MARTLET_NOT_FINITE)
        case .tooLong, .tooShort: martlet_status(MARTLET_BAD_LENGTH)
        case .badText: martlet_status(MARTLET_BAD_TEXT)
        case .idExists: martlet_status(MARTLET_ID_EXISTS)
        case .idNotFound: martlet_status(MARTLET_ID_NOT_FOUND)
        case .idKind: martlet_status(MARTLET_ID_KIND)
        case .outOfMemory: martlet_status(MARTLET_OUT_OF_MEMORY)
        case .cancelled: martlet_status(MARTLET_CANCELLED)
        case .indexFull: martlet_status(MARTLET_INDEX_FULL)
        case .bufferTooSmall: martlet_status(MARTLET_BUFFER_TOO_SMALL)
        case .columnType: martlet_status(MARTLET_COLUMN_TYPE)
        case .badFilter: martlet_status(MARTLET_BAD_FILTER)
        case .badFormat: martlet_status(MARTLET_BAD_FORMAT)
        case .io: martlet_status(MARTLET_IO)
        }
    }
}

/// The sentence of a thread's latest failure, and the system's error number.
enum LastError {
    private static let capacity = 512
    private static let sentenceOffset = MemoryLayout<Int32>.size
    /// Holds each thread's buffer, which ends with its thread.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { free($0) }
        return key
    }()

    static var text: UnsafePointer<CChar> {
        pthread_getspecific(key).map {
            UnsafePointer(($0 + sentenceOffset).assumingMemoryBound(to: CChar.self))
        } ?? none
    }

    static var code: Int32 { pthread_getspecific(key)?.load(as: Int32.self) ?? 0 }

    static func set(_ sentence: String, code: Int32) {
        guard let memory = memory() else { return }
        memory.storeBytes(of: code, as: Int32.self)
        let buffer = (memory + sentenceOffset).assumingMemoryBound(to: CChar.self)
        var count = min(sentence.utf8.count, capacity - 1)
        // Not in the middle of a character.
        while count > 0, String(sentence.utf8.prefix(count)) == nil { count -= 1 }
        for (i, byte) in sentence.utf8.prefix(count).enumerated() {
            buffer[i] = CChar(bitPattern: byte)
        }
        buffer[count] = 0
    }

    private static nonisolated(unsafe) let none: UnsafePointer<CChar> = {
        let empty = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        empty.initialize(to: 0)
        return UnsafePointer(empty)
    }()

    private static func memory() -> UnsafeMutableRawPointer? {
        if let memory = pthread_getspecific(key) { return memory }
        guard let memory = malloc(sentenceOffset + capacity) else { return nil }
        pthread_setspecific(key, memory)
        return memory
    }
}

/// The index behind a handle.
func index(_ handle: OpaquePointer?) throws(MartletError) -> Index {
    guard let handle else { throw .invalidArgument("the index is NULL") }
    return Unmanaged<Index>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
}

/// Hands a new index to the caller.
func handle(_ index: Index) -> OpaquePointer {
    OpaquePointer(Unmanaged.passRetained(index).toOpaque())
}

/// A size from the caller as an `Int`.
func int(_ name: String, _ value: UInt64) throws(MartletError) -> Int {
    guard let int = Int(exactly: value) else {
        throw .invalidArgument("\(name) is \(value), but must be below 2^63")
    }
    return int
}

/// A copy of an optional struct of the caller's, defaults where it is shorter than today's (it then
/// comes from an earlier header) or NULL.
func options<Options: BitwiseCopyable>(
    _ given: UnsafePointer<Options>?, size: UInt64?, defaults: Options, _ name: String
) throws(MartletError) -> Options {
    var options = defaults
    guard let given, let size else { return options }
    let known = UInt64(MemoryLayout<Options>.size)
    // Fields lie in words of 8 bytes; part of a pointer must not be taken for one.
    guard size >= 8, size <= known, size.isMultiple(of: 8) else {
        throw .invalidArgument(
            "\(name).struct_size is \(size), but must be a multiple of 8 from 8 to \(known); "
                + "initialise the struct with its _INIT macro")
    }
    withUnsafeMutableBytes(of: &options) {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: given, count: Int(size)))
    }
    return options
}
