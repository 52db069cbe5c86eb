import CMartlet
import Martlet

@_cdecl("martlet_search")
public func martletSearch(
    _ handle: OpaquePointer?, _ queries: UnsafePointer<Float>?, _ rows: UInt64,
    _ rowStride: Int64, _ componentStride: Int64, _ k: UInt64,
    _ options: UnsafePointer<martlet_search_options>?, _ ids: UnsafeMutablePointer<Int64>?,
    _ distances: UnsafeMutablePointer<Float>?, _ counts: UnsafeMutablePointer<UInt64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let matrix = try Matrix(
            queries, rows, rowStride, componentStride, dim: index.configuration.dim)
        try index.search(
            matrix, k: int("k", k), SearchOptions(options),
            into: SearchOutput(ids: ids, distances: distances, counts: counts))
    }
}

@_cdecl("martlet_search_matrix")
public func martletSearchMatrix(
    _ handle: OpaquePointer?, _ queries: UnsafePointer<martlet_matrix>?, _ k: UInt64,
    _ options: UnsafePointer<martlet_search_options>?, _ ids: UnsafeMutablePointer<Int64>?,
    _ distances: UnsafeMutablePointer<Float>?, _ counts: UnsafeMutablePointer<UInt64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try index(handle).search(
            Matrix(queries), k: int("k", k), SearchOptions(options),
            into: SearchOutput(ids: ids, distances: distances, counts: counts))
    }
}
