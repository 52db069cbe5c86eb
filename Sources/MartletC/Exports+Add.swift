import CMartlet
import Martlet

@_cdecl("martlet_add")
public func martletAdd(
    _ handle: OpaquePointer?, _ vectors: UnsafePointer<Float>?, _ rows: UInt64,
    _ rowStride: Int64, _ componentStride: Int64, _ options: UnsafePointer<martlet_add_options>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let matrix = try Matrix(
            vectors, rows, rowStride, componentStride, dim: index.dim)
        try index.add(matrix, AddOptions(options))
    }
}

@_cdecl("martlet_add_matrix")
public func martletAddMatrix(
    _ handle: OpaquePointer?, _ vectors: UnsafePointer<martlet_matrix>?,
    _ options: UnsafePointer<martlet_add_options>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try index(handle).add(Matrix(vectors), AddOptions(options))
    }
}

@_cdecl("martlet_upsert")
public func martletUpsert(
    _ handle: OpaquePointer?, _ vectors: UnsafePointer<martlet_matrix>?,
    _ options: UnsafePointer<martlet_add_options>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try index(handle).upsert(Matrix(vectors), AddOptions(options))
    }
}
