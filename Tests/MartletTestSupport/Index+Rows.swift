import Martlet

/// One match of a query.
public struct Hit: Equatable, Sendable {
    public let id: Int64
    public let distance: Float

    public init(id: Int64, distance: Float) { (self.id, self.distance) = (id, distance) }
}

/// A component that an index can read.
public protocol Component {
    static var element: Element { get }
}

extension Float: Component {
    public static var element: Element { .float32 }
}
extension Double: Component {
    public static var element: Element { .float64 }
}
extension Int8: Component {
    public static var element: Element { .int8 }
}
extension UInt8: Component {
    public static var element: Element { .uint8 }
}

/// Calls `body` with `rows` as a matrix of `columns`, one row after the other.
public func withMatrix<C: Component, Result, Failure: Error>(
    _ rows: [[C]], columns: Int, _ body: (Matrix) throws(Failure) -> Result
) throws(Failure) -> Result {
    let size = MemoryLayout<C>.size
    return try Array(rows.joined()).withUnsafeBufferPointer { flat throws(Failure) in
        try body(
            Matrix(
                data: flat.baseAddress, rows: rows.count, columns: columns,
                rowStride: columns * size, componentStride: size, element: C.element))
    }
}

/// Everyday calls on arrays of rows.
extension Index {
    /// Adds rows under `ids`, or under assigned ids; returns the ids.
    @discardableResult
    public func addRows<C: Component>(
        _ rows: [[C]], ids: [Int64]? = nil, threads: Int = 0, control: Control? = nil
    ) throws(MartletError) -> [Int64] {
        var options = AddOptions()
        (options.threads, options.control) = (threads, control)
        guard let ids else { return try addAssigningIds(rows, options) }
        try ids.withUnsafeBufferPointer { column throws(MartletError) in
            options.ids = .integers(Integers(data: column.baseAddress, count: column.count))
            try withMatrix(rows, columns: configuration.dim) { matrix throws(MartletError) in
                try add(matrix, options)
            }
        }
        return ids
    }

    /// Adds rows in place of those that have their ids.
    public func upsertRows(_ rows: [[Float]], ids: [Int64]) throws(MartletError) {
        try ids.withUnsafeBufferPointer { column throws(MartletError) in
            var options = AddOptions()
            options.ids = .integers(Integers(data: column.baseAddress, count: column.count))
            try withMatrix(rows, columns: configuration.dim) { matrix throws(MartletError) in
                try upsert(matrix, options)
            }
        }
    }

    public func remove(ids: [Int64], control: Control? = nil) throws(MartletError) {
        try ids.withUnsafeBufferPointer { column throws(MartletError) in
            try remove(
                .integers(Integers(data: column.baseAddress, count: column.count)), control)
        }
    }

    private func addAssigningIds<C: Component>(
        _ rows: [[C]], _ options: AddOptions
    ) throws(MartletError) -> [Int64] {
        var (assigned, options) = ([Int64](repeating: -1, count: rows.count), options)
        try assigned.withUnsafeMutableBufferPointer { assigned throws(MartletError) in
            options.assignedIds = assigned.baseAddress
            try withMatrix(rows, columns: configuration.dim) { matrix throws(MartletError) in
                try add(matrix, options)
            }
        }
        return assigned
    }

    /// The `k` nearest to each query: nearest first, fewer if fewer exist.
    public func nearest<C: Component>(
        to queries: [[C]], k: Int, ef: Int = 64, threads: Int = 1
    ) throws(MartletError) -> [[Hit]] {
        var options = SearchOptions()
        (options.ef, options.threads) = (ef, threads)
        return try nearest(to: queries, k: k, options).hits
    }

    /// The same with conditions, and how they were found.
    public func nearest<C: Component>(
        to queries: [[C]], k: Int, _ options: SearchOptions
    ) throws(MartletError) -> (hits: [[Hit]], explanation: SearchExplanation) {
        var ids = [Int64](repeating: -9, count: queries.count * k)
        var distances = [Float](repeating: -9, count: queries.count * k)
        var counts = [UInt64](repeating: 9, count: queries.count)
        let output = SearchOutput(ids: &ids, distances: &distances, counts: &counts)
        let explanation = try withMatrix(queries, columns: configuration.dim) {
            matrix throws(MartletError) in
            try search(matrix, k: k, options, into: output)
        }
        let hits = counts.indices.map { row in
            (row * k..<row * k + Int(counts[row])).map { Hit(id: ids[$0], distance: distances[$0]) }
        }
        return (hits, explanation)
    }

    /// The same among the rows that `allow` lets through.
    public func nearest<C: Component>(
        to queries: [[C]], k: Int, ef: Int = 64, threads: Int = 1, allow: [Bool]
    ) throws(MartletError) -> (hits: [[Hit]], explanation: SearchExplanation) {
        try allow.withUnsafeBufferPointer { mask throws(MartletError) in
            var options = SearchOptions()
            (options.ef, options.threads) = (ef, threads)
            options.allow = Mask(data: mask.baseAddress, rows: mask.count)
            return try nearest(to: queries, k: k, options)
        }
    }

    /// The stored vectors of `ids`.
    public func rows(_ ids: [Int64]) throws(MartletError) -> [[Float]] {
        let dim = configuration.dim
        var floats = [Float](repeating: .nan, count: ids.count * dim)
        try floats.withUnsafeMutableBufferPointer { floats throws(MartletError) in
            try ids.withUnsafeBufferPointer { column throws(MartletError) in
                guard let data = column.baseAddress, let out = floats.baseAddress else { return }
                try get(.integers(Integers(data: data, count: ids.count)), into: out)
            }
        }
        return ids.indices.map { Array(floats[$0 * dim..<($0 + 1) * dim]) }
    }

    /// Whether the index holds each of `ids`.
    public func holds(_ ids: [Int64]) throws(MartletError) -> [Bool] {
        var rows = [Int64](repeating: -9, count: ids.count)
        try ids.withUnsafeBufferPointer { column throws(MartletError) in
            try find(
                .integers(Integers(data: column.baseAddress, count: column.count)), into: &rows)
        }
        return rows.map { $0 >= 0 }
    }
}
