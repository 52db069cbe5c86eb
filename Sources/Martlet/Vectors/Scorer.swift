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
        /// offset - dot(q, x)
        case product(offset: Float)
        /// |q - x|^2 + (lift - aux[x])^2
        case lifted(lift: Float)
    }

    private let rule: Rule
    private let kernel: kernels_score
    private let query: UnsafePointer<Float>
    private let rows: UnsafePointer<Float>
    private let aux: UnsafePointer<Float>?
    private let stride: UInt64

    private init(_ rule: Rule, _ query: UnsafePointer<Float>, _ vectors: VectorView) {
        (self.rule, self.query) = (rule, query)
        (rows, aux, stride) = (vectors.rows, vectors.aux, UInt64(vectors.stride))
        switch rule {
        case .squared, .lifted: kernel = vectors.kernels.squared_distances
        case .cosine, .product: kernel = vectors.kernels.dot_products
        }
    }

    /// Distances from a stored vector, as the graph is built on.
    init(slot: UInt32, in vectors: VectorView) {
        let rule: Rule =
            switch vectors.metric {
            case .l2: .squared
            case .cosine: .cosine(scale: vectors.aux![Int(slot)])
            case .ip: .lifted(lift: vectors.aux![Int(slot)])
            }
        self.init(rule, vectors.row(slot), vectors)
    }

    /// Distances from a query of `stride` floats whose squared length is `squaredLength`.
    init(query: UnsafePointer<Float>, squaredLength: Float, in vectors: VectorView) {
        let length = squaredLength.squareRoot()
        let rule: Rule =
            switch vectors.metric {
            case .l2: .squared
            case .cosine: .cosine(scale: 1 / length)
            case .ip: .product(offset: length * vectors.radius)
            }
        self.init(rule, query, vectors)
    }

    /// The largest distance that rounding can leave between a vector and its copy.
    var copyDistance: Float {
        if case .cosine = rule { 4 * Float.ulpOfOne } else { 0 }
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
        case .product(let offset):
            for i in 0..<count { out[i] = max(0, offset - out[i]) }
        case .lifted(let lift):
            let lifts = aux.unsafelyUnwrapped
            for i in 0..<count {
                let rise = lift - lifts[Int(slots[i])]
                out[i] += rise * rise
            }
        }
    }

    /// Turns the distances of `score` from a query into the metric's public values.
    func publish(_ slots: UnsafePointer<UInt32>, _ count: Int, _ out: UnsafeMutablePointer<Float>) {
        kernel(query, rows, stride, slots, UInt64(count), out)
        switch rule {
        case .squared, .lifted: return
        case .cosine(let scale):
            for i in 0..<count { out[i] = 1 - out[i] * scale * aux![Int(slots[i])] }
        case .product:
            for i in 0..<count { out[i] = 1 - out[i] }
        }
    }
}
