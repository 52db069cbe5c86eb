import CMartlet
import Martlet

@_cdecl("martlet_open")
public func martletOpen(
    _ path: UnsafePointer<CChar>?, _ given: UnsafePointer<martlet_index_options>?,
    _ control: UnsafeMutablePointer<martlet_control>?, _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> martlet_status {
    out?.pointee = nil
    return boundary { () throws(MartletError) in
        guard let path, let out else { throw .invalidArgument("path and index must not be NULL") }
        let configuration = try given.map { given throws(MartletError) in try Configuration(given) }
        out.pointee = handle(
            try Index.open(path, configuration, control.map(Control.init)))
    }
}

@_cdecl("martlet_checkpoint")
public func martletCheckpoint(
    _ handle: OpaquePointer?, _ control: UnsafeMutablePointer<martlet_control>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try index(handle).checkpoint(control.map(Control.init))
    }
}

@_cdecl("martlet_close")
public func martletClose(_ handle: OpaquePointer?) -> martlet_status {
    boundary { () throws(MartletError) in try index(handle).close() }
}
