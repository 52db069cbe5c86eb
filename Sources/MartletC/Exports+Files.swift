import CMartlet
import Martlet

@_cdecl("martlet_save")
public func martletSave(
    _ handle: OpaquePointer?, _ path: UnsafePointer<CChar>?,
    _ control: UnsafeMutablePointer<martlet_control>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard let path else { throw .invalidArgument("the path is NULL") }
        try index.save(to: path, control.map(Control.init))
    }
}

@_cdecl("martlet_write")
public func martletWrite(
    _ handle: OpaquePointer?, _ write: martlet_write_function?, _ context: UnsafeMutableRawPointer?,
    _ control: UnsafeMutablePointer<martlet_control>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard let write else { throw .invalidArgument("the write function is NULL") }
        try index.write(control.map(Control.init)) { bytes throws(MartletError) in
            let code = write(context, bytes.baseAddress, UInt64(bytes.count))
            guard code == 0 else {
                throw .io("the write function returned \(code), and not 0", code: code)
            }
        }
    }
}

@_cdecl("martlet_load")
public func martletLoad(
    _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<martlet_load_options>?,
    _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> martlet_status {
    out?.pointee = nil
    return boundary { () throws(MartletError) in
        guard let path, let out else { throw .invalidArgument("path and index must not be NULL") }
        out.pointee = handle(try Index.load(from: path, LoadOptions(options)))
    }
}

@_cdecl("martlet_load_bytes")
public func martletLoadBytes(
    _ data: UnsafeRawPointer?, _ size: UInt64, _ options: UnsafePointer<martlet_load_options>?,
    _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> martlet_status {
    out?.pointee = nil
    return boundary { () throws(MartletError) in
        guard data != nil || size == 0, let out else {
            throw .invalidArgument("data and index must not be NULL")
        }
        let options = try LoadOptions(options)
        guard options.mode == .copied else {
            throw .invalidArgument("mode is MARTLET_LOAD_MAP, but only files can be mapped")
        }
        let bytes = UnsafeRawBufferPointer(start: data, count: try int("size", size))
        out.pointee = handle(try Index.load(bytes, options.control))
    }
}

extension LoadOptions {
    init(_ pointer: UnsafePointer<martlet_load_options>?) throws(MartletError) {
        self.init()
        let given = try options(
            pointer, size: pointer?.pointee.struct_size, defaults: martlet_load_options(),
            "options")
        switch given.mode {
        case martlet_load_mode(MARTLET_LOAD_COPY): mode = .copied
        case martlet_load_mode(MARTLET_LOAD_MAP): mode = .mapped
        default:
            throw .invalidArgument(
                "mode is \(given.mode), but must be MARTLET_LOAD_COPY or MARTLET_LOAD_MAP")
        }
        control = try given.control.map(Control.init)
    }
}
