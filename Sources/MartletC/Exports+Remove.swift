import CMartlet
import Martlet

@_cdecl("martlet_remove")
public func martletRemove(
    _ handle: OpaquePointer?, _ ids: UnsafePointer<martlet_ids>?,
    _ control: UnsafeMutablePointer<martlet_control>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try index(handle).remove(given(ids), control.map(Control.init))
    }
}

@_cdecl("martlet_clear")
public func martletClear(_ handle: OpaquePointer?) -> martlet_status {
    boundary { () throws(MartletError) in try index(handle).clear() }
}

@_cdecl("martlet_compact")
public func martletCompact(
    _ handle: OpaquePointer?, _ control: UnsafeMutablePointer<martlet_control>?
) -> martlet_status {
    boundary { () throws(MartletError) in try index(handle).compact(control.map(Control.init)) }
}
