/// What "near" means. Smaller distances are nearer, under every metric.
public enum Metric: Int32, Sendable {
    /// Squared Euclidean distance.
    case l2 = 0
    /// 1 - inner product.
    case ip = 1
    /// 1 - cosine of the angle.
    case cosine = 2
}

/// How much memory an index spends on speed.
public enum MemoryForm: Int32, Sendable {
    /// Vectors, their codes and links.
    case balanced = 0
    /// Also codes of links, by which searches expand a node in one place of memory: about twice the
    /// memory, for l2 and cosine.
    case fast = 1
    /// Codes and links: vectors are what their codes stand for, once there are codes. For l2 and cosine.
    case compact = 2
}

/// The parameters of an index: fixed when it is made, but for `memory`.
public struct Configuration: Sendable, Equatable {
    public static let dimensions = 1...65_536
    public static let linkBudgets = 2...512
    public static let beamWidths = 1...4_294_967_294
    public static let threadCounts = 0...1024
    /// Slots are 32 bits wide; the largest value stands for "none", the next is kept free.
    public static let maxVectors = 4_294_967_294

    /// Components per vector.
    public let dim: Int
    public let metric: Metric
    /// Links per node above the base layer; the base layer has up to twice as many.
    public let M: Int
    /// Beam width while adding.
    public let efConstruction: Int
    /// Decides levels and the order of insertion. The same data, seed and parameters give the same
    /// index with any number of threads.
    public let seed: UInt64
    /// Changed by `Index.convert`.
    public let memory: MemoryForm

    /// - Throws: `MartletError.invalidArgument` naming the parameter that is out of bounds.
    public init(
        dim: Int, metric: Metric = .l2, M: Int = 16, efConstruction: Int = 200, seed: UInt64 = 0,
        memory: MemoryForm = .balanced
    ) throws(MartletError) {
        try Self.check("dim", dim, Self.dimensions)
        try Self.check("M", M, Self.linkBudgets)
        try Self.check("ef_construction", efConstruction, Self.beamWidths)
        (self.dim, self.metric, self.M) = (dim, metric, M)
        (self.efConstruction, self.seed, self.memory) = (efConstruction, seed, memory)
    }

    func with(_ memory: MemoryForm) throws(MartletError) -> Configuration {
        try Configuration(
            dim: dim, metric: metric, M: M, efConstruction: efConstruction, seed: seed,
            memory: memory)
    }

    /// The link budget of a node on `layer` (Malkov & Yashunin 2018, section 4.1: M_max0 = 2 M).
    func maxLinks(layer: Int) -> Int { layer == 0 ? 2 * M : M }

    static func check(
        _ name: String, _ value: Int, _ bounds: ClosedRange<Int>
    ) throws(MartletError) {
        guard bounds.contains(value) else {
            throw .invalidArgument(
                "\(name) is \(value), but must be from \(bounds.lowerBound) to \(bounds.upperBound)"
            )
        }
    }
}

/// How to add vectors.
public struct AddOptions {
    /// One id per row, or nil to have integers assigned.
    public var ids: IdColumn?
    /// Receives the ids of the rows, one after the other; row numbers if the ids are strings.
    public var assignedIds: UnsafeMutablePointer<Int64>?
    /// Metadata: columns of as many rows as there are vectors. Those that are not given are null.
    public var columns: [ColumnSource] = []
    /// Threads to run on; 0 means as many as processors, but fewer for small batches.
    public var threads = 0
    public var control: Control?

    public init() {}
}

/// How to search.
public struct SearchOptions {
    /// Beam width; raised to `k` if less.
    public var ef = 64
    /// Threads to run on; 0 means one for a few queries, else as many as processors.
    public var threads = 0
    public var control: Control?
    /// A condition on metadata as JSON text; see `martlet.h`.
    public var filter: UnsafeRawBufferPointer?
    /// Rows that may be returned. Of several conditions all must hold.
    public var allow: Mask?
    /// Ids that may be returned; unknown ones are no error.
    public var allowedIds: IdColumn?

    public init() {}
}

/// A window into a running call: counters that it writes and a flag that stops it.
///
/// All three are accessed atomically and belong to the caller.
public struct Control: @unchecked Sendable {
    let total: UnsafeMutablePointer<UInt64>
    let done: UnsafeMutablePointer<UInt64>
    let cancel: UnsafePointer<UInt32>

    public init(
        total: UnsafeMutablePointer<UInt64>, done: UnsafeMutablePointer<UInt64>,
        cancel: UnsafePointer<UInt32>
    ) {
        (self.total, self.done, self.cancel) = (total, done, cancel)
    }
}
