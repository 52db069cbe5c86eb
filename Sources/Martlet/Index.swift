/// An in-process index of vectors that finds the nearest ones to a query (HNSW).
///
/// ```swift
/// let index = try Index(Configuration(dim: 2, metric: .l2))
/// try index.add([[0, 0], [3, 4]])
/// let matches = try index.search([0, 1], k: 1)
/// // matches[0].id == 0, matches[0].distance == 1
/// ```
///
/// # Threads
/// Any number of threads may call any methods at once. Adds run one after the other. A search sees
/// every add that finished before it began, and never half of one; it does not wait for a running
/// add. How: the writer publishes immutable versions, see `Versions`.
///
/// # Locks
/// `writer` guards `vectors`, `graphStore`, `metadata`, `retired` and the entering of ids. Inside it, and never
/// two at once: the locks of `ids`, `versions`, the columns' texts and the page pools, each held for a few
/// instructions or a slice of a batch.
public final class Index: @unchecked Sendable {
    public let configuration: Configuration
    let reader: VectorReader
    let searchers = SearcherPool()
    let ids = Ids()
    let versions: Versions

    let writer = WriterLock()
    var vectors: VectorStore
    let graphStore: GraphStore
    let metadata = MetadataStore()
    /// Tables that the published version still shows but the next will not.
    var retired = RetiredMemory()
    let lastAdd = Guarded(AddReport())

    public init(_ configuration: Configuration) {
        self.configuration = configuration
        reader = VectorReader(
            dim: configuration.dim, metric: configuration.metric, kernels: InstructionSet.kernels)
        vectors = VectorStore(reader)
        graphStore = GraphStore(configuration)
        versions = Versions(Snapshot(count: 0, graph: Graph(M: configuration.M)))
    }

    deinit {
        vectors.free()
        retired.free()
    }

    /// Makes what the writer holds the newest version. All of it is shown anew, since also a batch that
    /// failed may have moved tables, and `retired` frees what they were before. There is a vector.
    func publish() {
        let snapshot = Snapshot(
            count: vectors.count, graph: graphStore.graph, vectors: vectors.view, ids: ids.bySlot,
            idTexts: ids.texts, metadata: metadata.view)
        versions.publish(snapshot, replaced: retired)
        retired = RetiredMemory()
    }

    /// The number of vectors.
    public var count: Int { versions.read { $0.count } }
}

/// One version of the index: what a reader may look at while it has it pinned.
struct Snapshot {
    var count: Int
    var graph: Graph
    /// nil if there is no vector.
    var vectors: VectorView?
    /// Slot to id; nil if there is no vector or the ids are strings.
    var ids: UnsafePointer<Int64>?
    /// The ids if they are strings: an id's number is its slot.
    var idTexts: TextView?
    var metadata = MetadataView()

    /// nil if there is no vector.
    var idKind: IdKind? {
        if idTexts != nil { return .strings }
        return count == 0 ? nil : .integers
    }
}
