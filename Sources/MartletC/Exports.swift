import CMartlet
import Martlet
@_cdecl("martlet_index_free") public func martletIndexFree(_ i: OpaquePointer?) { _ = Index() }
