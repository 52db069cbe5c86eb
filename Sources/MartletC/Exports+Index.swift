import CMartlet
import Martlet

/// Making and releasing an index, and what the library says of itself.

private func lastingString(_ string: String) -> UnsafePointer<CChar> {
    let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: string.utf8.count + 1)
    for (i, byte) in string.utf8.enumerated() { bytes[i] = CChar(bitPattern: byte) }
    bytes[string.utf8.count] = 0
    return UnsafePointer(bytes)
}

private nonisolated(unsafe) let version = lastingString(
    "\(MARTLET_VERSION_MAJOR).\(MARTLET_VERSION_MINOR).\(MARTLET_VERSION_PATCH)")
private nonisolated(unsafe) let instructionSet = lastingString(InstructionSet.name)

@_cdecl("martlet_last_error")
public func martletLastError() -> UnsafePointer<CChar> { LastError.text }

@_cdecl("martlet_last_errno")
public func martletLastErrno() -> Int32 { LastError.code }

@_cdecl("martlet_version")
public func martletVersion() -> UnsafePointer<CChar> { version }

@_cdecl("martlet_kernels")
public func martletKernels() -> UnsafePointer<CChar> { instructionSet }

@_cdecl("martlet_index_create")
public func martletIndexCreate(
    _ given: UnsafePointer<martlet_index_options>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> martlet_status {
    out?.pointee = nil
    return boundary { () throws(MartletError) in
        guard let given, let out else {
            throw .invalidArgument("options and index must not be NULL")
        }
        out.pointee = handle(Index(try Configuration(given)))
    }
}

@_cdecl("martlet_get_options")
public func martletGetOptions(
    _ handle: OpaquePointer?, _ out: UnsafeMutablePointer<martlet_index_options>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let configuration = try index(handle).configuration
        guard let out else { throw .invalidArgument("options is NULL") }
        let size = out.pointee.struct_size
        // Checks the size; the content is not needed.
        _ = try options(out, size: size, defaults: martlet_index_options(), "options")
        var filled = martlet_index_options(
            struct_size: size, dim: UInt64(configuration.dim),
            metric: configuration.metric.rawValue, M: UInt32(configuration.M),
            ef_construction: UInt64(configuration.efConstruction), seed: configuration.seed,
            memory: configuration.memory.rawValue, reserved: 0)
        withUnsafeBytes(of: &filled) {
            UnsafeMutableRawPointer(out).copyMemory(from: $0.baseAddress!, byteCount: Int(size))
        }
    }
}

@_cdecl("martlet_convert")
public func martletConvert(
    _ handle: OpaquePointer?, _ memory: martlet_memory,
    _ control: UnsafeMutablePointer<martlet_control>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try index(handle).convert(to: MemoryForm(memory), control.map(Control.init))
    }
}

@_cdecl("martlet_index_view")
public func martletIndexView(
    _ handle: OpaquePointer?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> martlet_status {
    out?.pointee = nil
    return boundary { () throws(MartletError) in
        guard let out else { throw .invalidArgument("view must not be NULL") }
        let view = try index(handle).view()
        out.pointee = OpaquePointer(Unmanaged.passRetained(view).toOpaque())
    }
}

@_cdecl("martlet_index_free")
public func martletIndexFree(_ handle: OpaquePointer?) {
    guard let handle else { return }
    Unmanaged<Index>.fromOpaque(UnsafeRawPointer(handle)).release()
}
