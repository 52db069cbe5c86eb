import CMartlet
import Martlet

/// Strings and ids of the caller's, checked and turned into the engine's; buffers for strings.

extension Strings {
    /// `name` names the struct in messages.
    init(_ pointer: UnsafePointer<martlet_strings>, _ name: String) throws(MartletError) {
        let given = try options(
            pointer, size: pointer.pointee.struct_size,
            defaults: martlet_strings(
                struct_size: 0, data: nil, offsets: nil, count: 0,
                offset_bytes: UInt32(MemoryLayout<Int64>.size), index_format: 0, views: nil,
                buffers: nil, buffer_sizes: nil, buffer_count: 0, indices: nil, dictionary_count: 0),
            name)
        self.init(
            try Self.texts(given, name), indices: try Self.indices(given, name),
            count: try int("\(name).count", given.count))
    }

    private static func texts(
        _ given: martlet_strings, _ name: String
    ) throws(MartletError) -> Texts {
        guard let views = given.views else {
            return .offsets(
                Offsets(
                    data: given.data, table: given.offsets, offsetBytes: Int(given.offset_bytes)))
        }
        guard given.offsets == nil else {
            throw .invalidArgument("\(name) has offsets and views, but must have one of them")
        }
        return .views(
            Views(
                table: views, buffers: given.buffers, bufferSizes: given.buffer_sizes,
                bufferCount: try int("\(name).buffer_count", given.buffer_count)))
    }

    private static func indices(
        _ given: martlet_strings, _ name: String
    ) throws(MartletError) -> Indices? {
        guard let indices = given.indices else { return nil }
        guard let format = ValueFormat(rawValue: given.index_format) else {
            throw .invalidArgument(
                "\(name).index_format is \(given.index_format), but must be one of the "
                    + "martlet_format values")
        }
        return Indices(
            table: indices, format: format,
            textCount: try int("\(name).dictionary_count", given.dictionary_count))
    }
}

extension IdColumn {
    init(_ pointer: UnsafePointer<martlet_ids>) throws(MartletError) {
        let given = try options(
            pointer, size: pointer.pointee.struct_size,
            defaults: martlet_ids(
                struct_size: 0, count: 0, integers: nil, stride: Int64(MemoryLayout<Int64>.size),
                strings: nil),
            "ids")
        let count = try int("ids.count", given.count)
        guard let givenStrings = given.strings else {
            self = .integers(
                Integers(data: given.integers, stride: Int(given.stride), count: count))
            return
        }
        guard given.integers == nil else {
            throw .invalidArgument("ids has integers and strings, but must have one of them")
        }
        let strings = try Strings(givenStrings, "ids.strings")
        guard strings.count == count else {
            throw .invalidArgument(
                "ids.count is \(count), but ids.strings.count is \(strings.count)")
        }
        self = .strings(strings)
    }
}

/// Lends `body` the caller's buffer for strings, then tells the caller the sizes, also after a
/// failure.
func withTextOutput(
    _ pointer: UnsafeMutablePointer<martlet_text>?, _ name: String,
    _ body: (inout TextOutput) throws(MartletError) -> Void
) throws(MartletError) {
    guard let pointer else { throw .invalidArgument("\(name) is NULL") }
    let known = UInt64(MemoryLayout<martlet_text>.size)
    // All of its fields take part; a later header's struct begins with them, too.
    guard pointer.pointee.struct_size >= known else {
        throw .invalidArgument(
            "\(name).struct_size is \(pointer.pointee.struct_size), but must be at least \(known); "
                + "initialise the struct with MARTLET_TEXT_INIT")
    }
    let given = pointer.pointee
    var output = TextOutput(
        data: given.data, capacity: try int("\(name).capacity", given.capacity),
        offsets: given.offsets,
        offsetCapacity: try int("\(name).offset_capacity", given.offset_capacity))
    defer {
        (pointer.pointee.size, pointer.pointee.count) = (UInt64(output.size), UInt64(output.count))
    }
    try body(&output)
}
