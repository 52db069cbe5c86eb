import CMartlet
import Martlet

/// The caller's structs, checked and turned into the engine's.

extension Configuration {
    init(_ pointer: UnsafePointer<martlet_index_options>) throws(MartletError) {
        let defaults = martlet_index_options(
            struct_size: 0, dim: 0, metric: martlet_metric(MARTLET_L2), M: MARTLET_DEFAULT_M,
            ef_construction: UInt64(MARTLET_DEFAULT_EF_CONSTRUCTION), seed: 0,
            memory: martlet_memory(MARTLET_BALANCED), reserved: 0)
        let given = try options(
            pointer, size: pointer.pointee.struct_size, defaults: defaults, "options")
        guard let metric = Metric(rawValue: given.metric) else {
            throw .invalidArgument(
                "metric is \(given.metric), but must be MARTLET_L2, MARTLET_IP or MARTLET_COSINE")
        }
        try self.init(
            dim: int("dim", given.dim), metric: metric, M: Int(given.M),
            efConstruction: int("ef_construction", given.ef_construction), seed: given.seed,
            memory: MemoryForm(given.memory))
    }
}

extension MemoryForm {
    init(_ given: martlet_memory) throws(MartletError) {
        guard let form = MemoryForm(rawValue: given) else {
            throw .invalidArgument(
                "memory is \(given), but must be MARTLET_BALANCED, MARTLET_FAST or MARTLET_COMPACT")
        }
        self = form
    }
}

extension Matrix {
    /// The main path: rows of floats.
    init(
        _ floats: UnsafePointer<Float>?, _ rows: UInt64, _ rowStride: Int64,
        _ componentStride: Int64, dim: Int
    ) throws(MartletError) {
        self.init(
            data: floats, rows: try int("rows", rows), columns: dim, rowStride: Int(rowStride),
            componentStride: Int(componentStride), element: .float32)
    }

    init(_ pointer: UnsafePointer<martlet_matrix>?) throws(MartletError) {
        guard pointer != nil else { throw .invalidArgument("the matrix is NULL") }
        let given = try options(
            pointer, size: pointer?.pointee.struct_size, defaults: martlet_matrix(), "matrix")
        guard let element = Element(rawValue: given.element) else {
            throw .invalidArgument(
                "element is \(given.element), but must be one of the martlet_element values")
        }
        self.init(
            data: given.data, rows: try int("rows", given.rows),
            columns: try int("columns", given.columns), rowStride: Int(given.row_stride),
            componentStride: Int(given.component_stride), element: element)
    }
}

extension AddOptions {
    init(_ pointer: UnsafePointer<martlet_add_options>?) throws(MartletError) {
        self.init()
        let given = try options(
            pointer, size: pointer?.pointee.struct_size,
            defaults: martlet_add_options(
                struct_size: 0, ids: nil, assigned_ids: nil, columns: nil, column_count: 0,
                threads: 0,
                control: nil),
            "options")
        ids = try given.ids.map(IdColumn.init)
        assignedIds = given.assigned_ids
        columns = try ColumnSource.columns(given.columns, given.column_count)
        threads = try int("threads", given.threads)
        control = try given.control.map(Control.init)
    }
}

extension martlet_search_options {
    init(_ pointer: UnsafePointer<martlet_search_options>?) throws(MartletError) {
        self = try options(
            pointer, size: pointer?.pointee.struct_size,
            defaults: martlet_search_options(
                struct_size: 0, ef: UInt64(MARTLET_DEFAULT_EF), threads: 0, control: nil,
                filter: nil,
                filter_size: 0, allow: nil, allow_ids: nil, rows: nil, explanation: nil),
            "options")
    }
}

extension SearchOptions {
    init(_ given: martlet_search_options) throws(MartletError) {
        self.init()
        ef = try int("ef", given.ef)
        threads = try int("threads", given.threads)
        control = try given.control.map(Control.init)
        filter = try MartletC.filter(given.filter, given.filter_size)
        allow = try given.allow.map(Mask.init)
        allowedIds = try given.allow_ids.map(IdColumn.init)
    }
}

/// The bytes of a filter; nil if there is none.
func filter(
    _ text: UnsafePointer<CChar>?, _ size: UInt64
) throws(MartletError) -> UnsafeRawBufferPointer? {
    let count = try int("filter_size", size)
    return text.map { UnsafeRawBufferPointer(start: $0, count: count) }
}

extension Mask {
    init(_ pointer: UnsafePointer<martlet_mask>) throws(MartletError) {
        let given = try options(
            pointer, size: pointer.pointee.struct_size,
            defaults: martlet_mask(
                struct_size: 0, data: nil, rows: 0, stride: 1,
                format: martlet_format(MARTLET_AS_BYTES), reserved: 0, bit_offset: 0),
            "allow")
        guard let format = ValueFormat(rawValue: given.format) else {
            throw .invalidArgument(
                "allow.format is \(given.format), but must be MARTLET_AS_BYTES or MARTLET_AS_BITS")
        }
        self.init(
            data: given.data, rows: try int("allow.rows", given.rows), format: format,
            stride: Int(given.stride), bitOffset: try int("allow.bit_offset", given.bit_offset))
    }
}

extension Control {
    init(_ given: UnsafeMutablePointer<martlet_control>) throws(MartletError) {
        let known = UInt64(MemoryLayout<martlet_control>.size)
        // A later header's struct begins with these fields, too.
        guard given.pointee.struct_size >= known else {
            throw .invalidArgument(
                "control.struct_size is \(given.pointee.struct_size), but must be at least \(known); "
                    + "initialise the struct with MARTLET_CONTROL_INIT")
        }
        self.init(
            total: Self.field(\.total, of: given), done: Self.field(\.done, of: given),
            cancel: Self.field(\.cancel, of: given))
    }

    private static func field<Value>(
        _ path: KeyPath<martlet_control, Value>, of control: UnsafeMutablePointer<martlet_control>
    ) -> UnsafeMutablePointer<Value> {
        let offset = MemoryLayout<martlet_control>.offset(of: path)!
        return (UnsafeMutableRawPointer(control) + offset).assumingMemoryBound(to: Value.self)
    }
}
