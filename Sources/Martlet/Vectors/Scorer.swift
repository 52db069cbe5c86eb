import CIntrinsics

/// The distance from one vector to each of a list of slots: all that the graph's algorithms know of
/// vectors and metrics.
///
/// Distances are never negative and never NaN; they order slots as the metric does, but may be
/// shifted or scaled against its public values.
struct Scorer {
    private enum Rule {
        case squared
        /// offset - dot(q, x) * scale * aux[x]
        case cosine(scale: Float)
        /// -dot(q, x), mapped to numbers that are not negative
        case product
        /// |q - x|^2 + (lift - aux[x])^2
        case lifted(lift: Float)
    }

    private let rule: Rule
    private let kernel: kernels_score
    private let query: UnsafeRawPointer
    private let rows: UnsafeRawPointer
    /// Bytes per row.
    private let stride: UInt64
    private let aux: UnsafePointer<Float>?
    /// Whether distances are those from a code, rounded on either side.
    let isOnCodes: Bool

    /// Distances from a stored vector, between codes if there are any.
    init(_ slot: UInt32, in space: Space, of vectors: VectorView) {
        if let codes = vectors.codes {
            self.init(code: codes.row(slot), in: codes)
            return
        }
        let row = vectors.row(slot)
        switch (vectors.reader.metric, space) {
        case (.l2, _): self.init(.squared, row, vectors)
        case (.cosine, _): self.init(.cosine(scale: vectors.aux![Int(slot)]), row, vectors)
        case (.ip, .searched): self.init(.product, row, vectors)
        case (.ip, .lifted): self.init(.lifted(lift: vectors.aux![Int(slot)]), row, vectors)
        }
    }

    /// Distances from a query, between codes if there are any and they cover the query.
    /// - Parameter code: Room for the query's code.
    init(_ query: Query, code: QueryCode, in vectors: VectorView) {
        if let codes = vectors.codes, codes.encode(query, to: code) {
            self.init(code: code.code, in: codes)
        } else {
            self.init(exact: query, in: vectors)
        }
    }

    /// Distances of codes from a stored one.
    init(_ slot: UInt32, _ codes: CodeView) { self.init(code: codes.row(slot), in: codes) }

    private init(code: UnsafePointer<UInt8>, in codes: CodeView) {
        self.init(codes.quantizer.reader.kernels.code_distances, code, codes, isOnCodes: true)
    }

    /// Distances from a query, between the vectors themselves.
    init(exact query: Query, in vectors: VectorView) {
        if vectors.rows == nil, let codes = vectors.codes, let steps = query.steps {
            self.init(
                codes.quantizer.reader.kernels.mixed_distances, steps, codes, isOnCodes: false)
            return
        }
        switch vectors.reader.metric {
        case .l2: self.init(.squared, query.row, vectors)
        case .cosine: self.init(.cosine(scale: 1 / query.length), query.row, vectors)
        case .ip: self.init(.product, query.row, vectors)
        }
    }

    private init(
        _ kernel: @escaping kernels_score, _ query: UnsafeRawPointer, _ codes: CodeView,
        isOnCodes: Bool
    ) {
        (rule, self.kernel, self.query) = (.squared, kernel, query)
        (rows, aux, self.isOnCodes) = (.init(codes.codes), nil, isOnCodes)
        stride = UInt64(codes.stride)
    }

    private init(_ rule: Rule, _ query: UnsafePointer<Float>, _ vectors: VectorView) {
        (self.rule, self.query, rows) = (rule, .init(query), .init(vectors.rows!))
        isOnCodes = false
        (stride, aux) = (UInt64(vectors.reader.stride * 4), vectors.aux)
        switch rule {
        case .squared, .lifted: kernel = vectors.reader.kernels.squared_distances
        case .cosine, .product: kernel = vectors.reader.kernels.dot_products
        }
    }

    /// The largest distance that rounding can leave between a vector and its copy.
    var copyDistance: Float {
        if case .cosine = rule { 4 * Float.ulpOfOne } else { 0 }
    }

    /// Asks for the row of `slot`.
    @inline(__always)
    func prefetch(_ slot: UInt32) {
        intrinsics_prefetch_all(rows + Int(slot) &* Int(stride), Int64(min(stride, 4096)))
    }

    /// Writes the distances of `slots[0 ..< count]` to `out`.
    @inline(__always)
    func score(
        _ slots: UnsafePointer<UInt32>, _ count: Int, _ out: UnsafeMutablePointer<Float>
    ) {
        kernel(query, rows, stride, slots, UInt64(count), out)
        switch rule {
        case .squared: return
        case .cosine(let scale):
            let inverse = aux.unsafelyUnwrapped
            for i in 0..<count { out[i] = max(0, 1 - out[i] * scale * inverse[Int(slots[i])]) }
        case .product:
            for i in 0..<count { out[i] = Self.descending(out[i]) }
        case .lifted(let lift):
            let lifts = aux.unsafelyUnwrapped
            for i in 0..<count {
                let rise = lift - lifts[Int(slots[i])]
                out[i] += rise * rise
            }
        }
    }
}

extension Scorer {
    /// The largest distance that this scorer gives to a vector which is really as near as one at
    /// `distance`, but for about one in ten thousand.
    ///
    /// Rounding two vectors to codes moves their squared distance D by sqrt(2 D / 3) on average (a
    /// sixth of a squared step per component); rounding floats, by a few units in the last place.
    func reach(_ distance: Float, sigmas: Float = 4) -> Float {
        guard isOnCodes else { return Float(bitPattern: distance.bitPattern + 32) }
        let reach = distance + sigmas * (distance * 2 / 3).squareRoot()
        return max(reach, Quantizer.leastReadable)
    }

    /// A distance that orders as -product does, to one bit less. An offset instead would drown all
    /// products of ordinary vectors in its rounding where there is one very long vector.
    ///
    /// Products are at most an eighth of the largest float, so that no result is NaN.
    @inline(__always)
    private static func descending(_ product: Float) -> Float {
        let bits = product.bitPattern
        // Bits of positive floats ascend with their value, those of negative ones descend.
        let ascending = bits >> 31 == 0 ? 0x7fff_ffff &- bits : bits
        return Float(bitPattern: ascending >> 1)
    }
}

/// The distances that a node's neighbors are chosen by.
///
/// Under ip one kind is not enough. The largest products lead to where searches end, but almost all
/// of them belong to the few longest vectors, so that a graph of these links alone strands queries
/// that do not point the data's way (milvus-io/milvus#51821). Distances between vectors lifted onto
/// a sphere, sqrt(R^2 - length^2) being one more component (Bachrach et al., RecSys 2014,
/// doi:10.1145/2645710.2645741), give a graph that leads everywhere, but slowly. A row has both.
enum Space {
    /// As searches see them.
    case searched
    /// Between lifted vectors; under ip only.
    case lifted

    /// The spaces for a metric, in the order in which they fill a row.
    static func all(for metric: Metric) -> [Space] {
        metric == .ip ? [.searched, .lifted] : [.searched]
    }

    /// How many of the `width` links of a row may be taken when this space is done.
    func limit(_ width: Int, _ metric: Metric) -> Int {
        metric == .ip && self == .searched ? width * 3 / 4 : width
    }
}

/// A vector to search for, in rows' form.
struct Query {
    let row: UnsafePointer<Float>
    let length: Float
    /// What codes see of it, not rounded; nil unless vectors are what their codes stand for.
    var steps: UnsafePointer<Float>?
}

extension VectorView {
    /// Writes the metric's public distances from `query` to `slots[0 ..< count]`, from the vectors
    /// themselves.
    func distances(
        _ query: Query, _ slots: UnsafePointer<UInt32>, _ count: Int,
        _ out: UnsafeMutablePointer<Float>
    ) {
        guard let rows else { return distances(ofCodes: slots, count, from: query, out) }
        let kernel: kernels_score =
            reader.metric == .l2 ? reader.kernels.squared_distances : reader.kernels.dot_products
        kernel(query.row, rows, UInt64(reader.stride * 4), slots, UInt64(count), out)
        switch reader.metric {
        case .l2: return
        case .cosine:
            for i in 0..<count {
                let cosine = out[i] * aux![Int(slots[i])] / query.length
                out[i] = 1 - min(max(cosine, -1), 1)
            }
        case .ip: for i in 0..<count { out[i] = 1 - out[i] }
        }
    }

    /// From what codes stand for. Under cosine, half of the squared distance between vectors of length 1,
    /// which is 1 - cos but for what rounding does to lengths.
    private func distances(
        ofCodes slots: UnsafePointer<UInt32>, _ count: Int, from query: Query,
        _ out: UnsafeMutablePointer<Float>
    ) {
        let quantizer = codes!.quantizer
        Scorer(exact: query, in: self).score(slots, count, out)
        let stepsPerDistance = quantizer.stepsPerUnit * quantizer.stepsPerUnit
        let scale = (reader.metric == .cosine ? 0.5 : 1) / stepsPerDistance
        for i in 0..<count { out[i] *= scale }
    }
}
