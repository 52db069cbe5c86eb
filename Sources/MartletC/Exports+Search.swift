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
            queries, rows, rowStride, componentStride, dim: index.dim)
        try search(index, matrix, k, options, ids, distances, counts)
    }
}

@_cdecl("martlet_search_matrix")
public func martletSearchMatrix(
    _ handle: OpaquePointer?, _ queries: UnsafePointer<martlet_matrix>?, _ k: UInt64,
    _ options: UnsafePointer<martlet_search_options>?, _ ids: UnsafeMutablePointer<Int64>?,
    _ distances: UnsafeMutablePointer<Float>?, _ counts: UnsafeMutablePointer<UInt64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        try search(index(handle), Matrix(queries), k, options, ids, distances, counts)
    }
}

private func search(
    _ index: Index, _ queries: Matrix, _ k: UInt64,
    _ options: UnsafePointer<martlet_search_options>?, _ ids: UnsafeMutablePointer<Int64>?,
    _ distances: UnsafeMutablePointer<Float>?, _ counts: UnsafeMutablePointer<UInt64>?
) throws(MartletError) {
    let given = try martlet_search_options(options)
    var output = SearchOutput(ids: ids, distances: distances, counts: counts)
    output.rows = given.rows
    let size = try given.explanation?.checkedSize()
    let explanation = try index.search(
        queries, k: int("k", k), SearchOptions(given), into: output)
    if let size { given.explanation?.fill(explanation, size) }
}

extension UnsafeMutablePointer<martlet_explanation> {
    fileprivate func checkedSize() throws(MartletError) -> UInt64 {
        _ = try options(
            self, size: pointee.struct_size, defaults: martlet_explanation(), "explanation")
        return pointee.struct_size
    }

    fileprivate func fill(_ explanation: SearchExplanation, _ size: UInt64) {
        var filled = martlet_explanation(explanation)
        filled.struct_size = size
        withUnsafeBytes(of: &filled) {
            UnsafeMutableRawPointer(self).copyMemory(from: $0.baseAddress!, byteCount: Int(size))
        }
    }
}

extension martlet_explanation {
    fileprivate init(_ explanation: SearchExplanation) {
        self.init()
        plan = explanation.method.rawValue
        (rows, matching) = (UInt64(explanation.rows), UInt64(explanation.matching))
        beam_width = UInt64(explanation.beamWidth)
        (distances, fallbacks) = (
            UInt64(explanation.distances), UInt64(explanation.fallbacks)
        )
        (beam_cost, scan_cost) = (explanation.beamCost, explanation.scanCost)
    }
}
