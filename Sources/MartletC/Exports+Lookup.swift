import CMartlet
import Martlet

@_cdecl("martlet_get")
public func martletGet(
    _ handle: OpaquePointer?, _ ids: UnsafePointer<martlet_ids>?,
    _ vectors: UnsafeMutablePointer<Float>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let ids = try given(ids)
        guard ids.count > 0 else { return }
        guard let vectors else { throw .invalidArgument("vectors is NULL") }
        try index.get(ids, into: vectors)
    }
}

@_cdecl("martlet_find")
public func martletFind(
    _ handle: OpaquePointer?, _ ids: UnsafePointer<martlet_ids>?,
    _ rows: UnsafeMutablePointer<Int64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let ids = try given(ids)
        guard ids.count > 0 else { return }
        guard let rows else { throw .invalidArgument("rows is NULL") }
        try index.find(ids, into: rows)
    }
}

@_cdecl("martlet_get_ids")
public func martletGetIds(
    _ handle: OpaquePointer?, _ rows: UnsafePointer<Int64>?, _ count: UInt64,
    _ text: UnsafeMutablePointer<martlet_text>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let count = try int("count", count)
        guard rows != nil || count == 0 else { throw .invalidArgument("rows is NULL") }
        try withTextOutput(text, "text") { text throws(MartletError) in
            try index.getIds(UnsafeBufferPointer(start: rows, count: count), into: &text)
        }
    }
}

@_cdecl("martlet_get_integer_ids")
public func martletGetIntegerIds(
    _ handle: OpaquePointer?, _ rows: UnsafePointer<Int64>?, _ count: UInt64,
    _ ids: UnsafeMutablePointer<Int64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        let count = try int("count", count)
        guard count == 0 || (rows != nil && ids != nil) else {
            throw .invalidArgument("rows and ids must not be NULL")
        }
        try index.getIntegerIds(UnsafeBufferPointer(start: rows, count: count), into: ids)
    }
}

@_cdecl("martlet_count")
public func martletCount(
    _ handle: OpaquePointer?, _ filter: UnsafePointer<CChar>?, _ size: UInt64,
    _ count: UnsafeMutablePointer<UInt64>?
) -> martlet_status {
    boundary { () throws(MartletError) in
        let index = try index(handle)
        guard let count else { throw .invalidArgument("count is NULL") }
        count.pointee = UInt64(try index.count(filter: MartletC.filter(filter, size)))
    }
}

func given(_ ids: UnsafePointer<martlet_ids>?) throws(MartletError) -> IdColumn {
    guard let ids else { throw .invalidArgument("ids is NULL") }
    return try IdColumn(ids)
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
        (count, removed) = (UInt64(statistics.count), UInt64(statistics.removed))
        id_kind = statistics.idKind?.rawValue ?? martlet_id_kind(MARTLET_NO_IDS_YET)
        (vector_bytes, code_bytes) = (UInt64(statistics.vectorBytes), UInt64(statistics.codeBytes))
        link_bytes = UInt64(statistics.linkBytes)
        (columns, metadata_bytes) = (
            UInt32(clamping: statistics.columns), UInt64(statistics.metadataBytes)
        )
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
        add_metadata_ns = UInt64(statistics.lastAdd.metadata)
        add_distances = UInt64(statistics.lastAdd.distances)
        memory = statistics.memory.rawValue
    }
}
