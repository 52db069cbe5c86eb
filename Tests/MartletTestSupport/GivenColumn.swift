import Glibc
import Martlet

/// A column in memory of just its size, in some layout, with what an index must make of it.
public final class GivenColumn {
    public private(set) var source: ColumnSource
    public private(set) var cells: [Cell?] = []
    private var memory: [UnsafeMutableRawPointer] = []
    private var texts: [GivenStrings] = []

    /// Random values and nulls in a random layout.
    public init(
        _ name: String, _ type: ColumnType, rows: Int, _ generator: inout SeededGenerator
    ) {
        source = ColumnSource(name: name, rows: rows, type: type)
        source.bitOffset = Int.random(in: 0...20, using: &generator)
        let nulls = Int.random(in: 0...3, using: &generator)
        let isNull = (0..<rows).map { _ in
            nulls == 3 || nulls > 0 && Int.random(in: 0..<4, using: &generator) == 0
        }
        switch type {
        case .bool: cells = makeBools(&generator)
        case .int64: cells = makeIntegers(&generator, unit: nil)
        case .datetime: cells = makeDatetimes(&generator)
        case .float64: cells = makeDoubles(&generator)
        case .string, .json: cells = makeTexts(&generator)
        case .tags: cells = makeTags(&generator)
        }
        if nulls > 0 { setValidity(isNull.map { !$0 }) }
        for row in 0..<rows where isNull[row] { cells[row] = nil }
    }

    /// A column of strings, or of JSON texts.
    public init(_ name: String, _ texts: [String?], type: ColumnType = .string) {
        source = ColumnSource(name: name, rows: texts.count, type: type)
        source.strings = strings(texts.map { Array(($0 ?? "").utf8) }, before: [], offsetBytes: 8)
        cells = texts.map { $0.map { .text(Array($0.utf8)) } }
        if texts.contains(nil) { setValidity(texts.map { $0 != nil }) }
    }

    /// A column of integers, or of microseconds.
    public init(_ name: String, _ integers: [Int64?], type: ColumnType = .int64) {
        source = ColumnSource(name: name, rows: integers.count, type: type)
        source.values = allocate(integers.map { $0 ?? .min })
        cells = integers.map { $0.map { .integer($0) } }
        if integers.contains(nil) { setValidity(integers.map { $0 != nil }) }
    }

    deinit {
        for each in memory { free(each) }
    }

    /// Changes what the index is told.
    public func change(_ body: (inout ColumnSource) -> Void) { body(&source) }

    private func setValidity(_ bits: [Bool]) { source.validity = allocate(bits: bits) }
}

// MARK: - Memory

extension GivenColumn {
    private func allocate(bytes: Int) -> UnsafeMutableRawPointer {
        let address = malloc(max(bytes, 1))!
        memory.append(address)
        return address
    }

    public func allocate<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeRawPointer {
        let size = MemoryLayout<Value>.stride
        let address = allocate(bytes: values.count * size)
        for (i, value) in values.enumerated() {
            address.storeBytes(of: value, toByteOffset: i * size, as: Value.self)
        }
        return UnsafeRawPointer(address)
    }

    /// Bits behind `source.bitOffset` others, which are set.
    private func allocate(bits: [Bool]) -> UnsafeRawPointer {
        var bytes = [UInt8](repeating: 0, count: (source.bitOffset + bits.count + 7) / 8)
        let all = [Bool](repeating: true, count: source.bitOffset) + bits
        for (place, bit) in all.enumerated() where bit { bytes[place / 8] |= 1 << (place % 8) }
        return allocate(bytes)
    }

    /// Places numbers so that a random stride leads to them: one of them only if that is 0.
    private func place<Value: BitwiseCopyable>(
        _ values: [Value], _ generator: inout SeededGenerator
    ) -> [Value] {
        guard !values.isEmpty else {
            source.values = nil
            return []
        }
        let size = MemoryLayout<Value>.size
        let strides = [size, size, 0, 2 * size, size + 1, -size, -3 * size]
        let stride = strides.randomElement(using: &generator)!
        source.stride = stride
        let last = stride * (values.count - 1)
        let first = allocate(bytes: abs(last) + size) + max(-last, 0)
        let placed = stride == 0 ? [Value](repeating: values[0], count: values.count) : values
        for (i, value) in placed.enumerated() {
            let address = first + i * stride
            withUnsafeBytes(of: value) {
                address.copyMemory(from: $0.baseAddress!, byteCount: size)
            }
        }
        source.values = UnsafeRawPointer(first)
        return placed
    }

    /// Strings behind others, as in a slice of an array.
    public func strings(
        _ texts: [[UInt8]], before: [[UInt8]], offsetBytes: Int
    ) -> Strings {
        var offsets = [0]
        for text in before + texts { offsets.append(offsets.last! + text.count) }
        let sliced = Array(offsets.dropFirst(before.count))
        return Strings(
            data: allocate(Array((before + texts).joined())),
            offsets: offsetBytes == 4 ? allocate(sliced.map { Int32($0) }) : allocate(sliced),
            offsetBytes: offsetBytes, count: texts.count)
    }
}

// MARK: - Random values

extension GivenColumn {
    private func makeBools(_ generator: inout SeededGenerator) -> [Cell?] {
        let bools = (0..<source.rows).map { _ in Bool.random(using: &generator) }
        if Bool.random(using: &generator) {
            source.format = .bits
            source.values = allocate(bits: bools)
            return bools.map { .bool($0) }
        }
        source.format = .bytes
        let bytes: [UInt8] = bools.map { $0 ? .random(in: 1...255, using: &generator) : 0 }
        return place(bytes, &generator).map { .bool($0 != 0) }
    }

    /// Integers of a random format, up to its bounds; what they mean is `unit`'s matter.
    private func makeIntegers(_ generator: inout SeededGenerator, unit: TimeUnit?) -> [Cell?] {
        let formats: [ValueFormat] = [
            .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
        ]
        source.format = formats.randomElement(using: &generator)!
        // Milliseconds that are less than 2^53 are less than 2^63 microseconds.
        let large: ClosedRange<Int64> = unit == nil ? .min ... .max : -1 << 40...1 << 40
        let given: [Int64] =
            switch source.format {
            case .int8: integers(Int8.min...Int8.max, &generator)
            case .int16: integers(Int16.min...Int16.max, &generator)
            case .int32:
                integers(unit == .days ? -9_999_999...9_999_999 : Int32.min...Int32.max, &generator)
            case .int64: integers(unit == .days ? -9_999_999...9_999_999 : large, &generator)
            case .uint8: integers(UInt8.min...UInt8.max, &generator)
            case .uint16: integers(UInt16.min...UInt16.max, &generator)
            case .uint32:
                integers(unit == .days ? 0...9_999_999 : UInt32.min...UInt32.max, &generator)
            default:
                integers(unit == .days ? 0...9_999_999 : 0...UInt64(large.upperBound), &generator)
            }
        return given.map { .integer(Self.microseconds($0, unit ?? .microseconds)) }
    }

    private func integers<Value: FixedWidthInteger & BitwiseCopyable>(
        _ bounds: ClosedRange<Value>, _ generator: inout SeededGenerator
    ) -> [Int64] {
        let edges = [bounds.lowerBound, bounds.upperBound, 0, 1]
        let values: [Value] = (0..<source.rows).map { _ in
            Bool.random(using: &generator)
                ? .random(in: bounds, using: &generator) : edges.randomElement(using: &generator)!
        }
        return place(values, &generator).map { Int64($0) }
    }

    private func makeDatetimes(_ generator: inout SeededGenerator) -> [Cell?] {
        let units: [TimeUnit] = [.days, .seconds, .milliseconds, .microseconds, .nanoseconds]
        source.unit = units.randomElement(using: &generator)!
        return makeIntegers(&generator, unit: source.unit)
    }

    private static func microseconds(_ count: Int64, _ unit: TimeUnit) -> Int64 {
        switch unit {
        case .days: count * 24 * 60 * 60 * 1_000_000
        case .seconds: count * 1_000_000
        case .milliseconds: count * 1000
        case .microseconds: count
        case .nanoseconds: (count - ((count % 1000) + 1000) % 1000) / 1000
        }
    }

    private func makeDoubles(_ generator: inout SeededGenerator) -> [Cell?] {
        // Halves with their values: IEEE 754-2008, table 3.5.
        let halves: [(UInt16, Double)] = [
            (0x3c00, 1), (0xc000, -2), (0x3555, 0.333251953125), (0x7bff, 65504), (0x0001, 0x1p-24),
            (0x8000, -0.0), (0x7c00, .infinity), (0xfc00, -.infinity), (0x7e00, .nan),
        ]
        let edges = [0, -0.0, .nan, .infinity, -.infinity, 1e308, .leastNonzeroMagnitude]
        let doubles = (0..<source.rows).map { _ in
            Bool.random(using: &generator)
                ? Double.random(in: -1e6...1e6, using: &generator)
                : edges.randomElement(using: &generator)!
        }
        let formats: [ValueFormat] = [.float16, .float32, .float64]
        source.format = formats.randomElement(using: &generator)!
        switch source.format {
        case .float16:
            let picked = doubles.map { _ in halves.randomElement(using: &generator)!.0 }
            let placed = place(picked, &generator)
            return placed.map { half in .double(halves.first { $0.0 == half }!.1) }
        case .float32:
            return place(doubles.map { Float($0) }, &generator).map { .double(Double($0)) }
        default: return place(doubles, &generator).map { .double($0) }
        }
    }

    private func makeTexts(_ generator: inout SeededGenerator) -> [Cell?] {
        let texts = (0..<source.rows).map { _ in text(&generator) }
        source.strings = randomlyLaid(texts, &generator)
        return texts.map { .text($0) }
    }

    private func makeTags(_ generator: inout SeededGenerator) -> [Cell?] {
        let lists = (0..<source.rows).map { _ in
            (0..<Int.random(in: 0...4, using: &generator)).map { _ in text(&generator) }
        }
        let skipped = Int.random(in: 0...3, using: &generator)
        let unused = (0..<skipped).map { _ in text(&generator) }
        source.strings = randomlyLaid(unused + lists.joined() + unused, &generator)
        var offsets = [skipped]
        for list in lists { offsets.append(offsets.last! + list.count) }
        source.listOffsetBytes = Bool.random(using: &generator) ? 4 : 8
        source.listOffsets =
            source.listOffsetBytes == 4 ? allocate(offsets.map { Int32($0) }) : allocate(offsets)
        return lists.map { .tags($0) }
    }

    /// By offsets, maybe sliced; by views; or a dictionary of those.
    private func randomlyLaid(
        _ texts: [[UInt8]], _ generator: inout SeededGenerator
    ) -> Strings {
        let words = Set(texts).sorted { $0.lexicographicallyPrecedes($1) }
        let indices = texts.map { UInt32(words.firstIndex(of: $0)!) }
        let given: GivenStrings
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: given = GivenStrings(views: texts)
        case 1:
            given = GivenStrings(words)
            given.index(indices, as: .uint32)
        case 2:
            given = GivenStrings(views: words, perBuffer: 1)
            given.index(indices, as: .uint32)
        default: return randomlySliced(texts, &generator)
        }
        self.texts.append(given)
        return given.strings
    }

    private func randomlySliced(
        _ texts: [[UInt8]], _ generator: inout SeededGenerator
    ) -> Strings {
        let before = (0..<Int.random(in: 0...2, using: &generator)).map { _ in text(&generator) }
        return strings(
            texts, before: before, offsetBytes: Bool.random(using: &generator) ? 4 : 8)
    }

    /// Often the same ones, "" and NUL among them; as JSON, numbers.
    private func text(_ generator: inout SeededGenerator) -> [UInt8] {
        let number = Int.random(in: 0..<30, using: &generator)
        if source.type == .json { return Array("\(number * number * number)".utf8) }
        let rare = Array("\(generator.next())".utf8)
        return ["", "\0", "ä", "🐦", "one", "two", "one two three four"].map { Array($0.utf8) }[
            safe: number] ?? (number < 20 ? Array("tag \(number)".utf8) : rare)
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? {
        indices.contains(index) ? self[index] : nil
    }
}
