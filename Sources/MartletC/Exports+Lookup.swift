import CMartlet
import Martlet

@_cdecl("martlet_get")
public func martletGet(
    _ handle: OpaquePointer?, _ ids: UnsafePointer<Int64>?, _ count: UInt64, _ stride: Int64,
    _ vectors: UnsafeMutablePointer<Float>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard count > 0 else { return }
        guard let ids, let vectors else {
            throw .invalidArgument("ids and vectors must not be NULL, since count is not 0")
        }
        try index.get(
            IdColumn(data: ids, stride: Int(stride)), count: int("count", count), into: vectors)
    }
}

@_cdecl("martlet_contains")
public func martletContains(
    _ handle: OpaquePointer?, _ ids: UnsafePointer<Int64>?, _ count: UInt64, _ stride: Int64,
    _ found: UnsafeMutablePointer<UInt8>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard count > 0 else { return }
        guard let ids, let found else {
            throw .invalidArgument("ids and found must not be NULL, since count is not 0")
        }
        let column = IdColumn(data: ids, stride: Int(stride))
        try index.contains(column, count: int("count", count)) { found[$0] = $1 ? 1 : 0 }
    }
}

@_cdecl("martlet_count")
public func martletCount(
    _ handle: OpaquePointer?, _ count: UnsafeMutablePointer<UInt64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard let count else { throw .invalidArgument("count is NULL") }
        count.pointee = UInt64(index.count)
    }
}

@_cdecl("martlet_get_statistics")
public func martletGetStatistics(
    _ handle: OpaquePointer?, _ out: UnsafeMutablePointer<martlet_statistics>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard let out else { throw .invalidArgument("statistics is NULL") }
        let size = out.pointee.struct_size
        // Checks the size; the content is not needed.
        _ = try options(out, size: size, defaults: martlet_statistics(), "statistics")
        var filled = martlet_statistics(index.configuration, try index.statistics())
        filled.struct_size = size
        withUnsafeBytes(of: &filled) {
            UnsafeMutableRawPointer(out).copyMemory(from: $0.baseAddress!, byteCount: Int(size))
        }
    }
}

extension martlet_statistics {
    init(_ configuration: Configuration, _ statistics: Statistics) {
        self.init()
        (dim, metric) = (UInt64(configuration.dim), configuration.metric.rawValue)
        (M, seed) = (UInt32(configuration.M), configuration.seed)
        ef_construction = UInt64(configuration.efConstruction)
        count = UInt64(statistics.count)
        (vector_bytes, code_bytes) = (UInt64(statistics.vectorBytes), UInt64(statistics.codeBytes))
        link_bytes = UInt64(statistics.linkBytes)
        (id_bytes, other_bytes) = (UInt64(statistics.idBytes), UInt64(statistics.otherBytes))
        withUnsafeMutableBytes(of: &levels) {
            for (level, nodes) in statistics.graph.levels.enumerated() {
                $0.storeBytes(of: UInt64(nodes), toByteOffset: level * 8, as: UInt64.self)
            }
        }
        (links, max_links) = (UInt64(statistics.graph.links), UInt64(statistics.graph.maxLinks))
        reachable = UInt64(statistics.graph.reachable)
        (add_rows, add_threads) = (
            UInt64(statistics.lastAdd.rows), UInt64(statistics.lastAdd.threads)
        )
        add_element = statistics.lastAdd.element.rawValue
        (add_total_ns, add_read_ns) = (
            UInt64(statistics.lastAdd.total), UInt64(statistics.lastAdd.reading)
        )
        add_encode_ns = UInt64(statistics.lastAdd.encoding)
        (add_ids_ns, add_graph_ns) = (
            UInt64(statistics.lastAdd.ids), UInt64(statistics.lastAdd.graph)
        )
        add_distances = UInt64(statistics.lastAdd.distances)
    }
}
