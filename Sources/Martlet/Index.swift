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
/// Any number of threads may call any methods at once. Changes run one after the other. A search sees
/// every change that finished before it began, and never half of one; it does not wait for a running
/// change. How: the writer publishes immutable versions, see `Versions`.
///
/// # Locks
/// `writer` guards `contents` and all in it. Inside it, and never two at once: the locks of the ids,
/// `versions`, the columns' texts and the page pools, each held for a few instructions or a slice of a
/// batch.
public final class Index: @unchecked Sendable {
    let reader: VectorReader
    let searchers: SearcherPool
    let versions: Versions

    let writer = WriterLock()
    var contents: Contents
    let lastAdd = Guarded(AddReport())
    /// What a view looks at; nil if this is no view.
    let viewed: PinnedVersion?

    public convenience init(_ configuration: Configuration) {
        self.init(Contents(configuration))
    }

    init(_ contents: Contents) {
        (self.contents, reader) = (contents, contents.vectors.reader)
        (searchers, viewed) = (SearcherPool(), nil)
        versions = Versions(contents.snapshot)
    }

    private init(viewOf index: Index) {
        (reader, searchers) = (index.reader, index.searchers)
        let pinned = index.viewed ?? PinnedVersion(of: index.versions)
        (viewed, versions) = (pinned, Versions(pinned.snapshot))
        contents = pinned.snapshot.contents
        lastAdd.value = index.lastAdd.value
    }

    deinit { close() }

    /// The index as it is now, to be read for as long as it is needed, whatever happens to this one:
    /// row numbers, for instance, stay what they are. It cannot be changed. It holds on to memory that
    /// later changes would release.
    public func view() -> Index { Index(viewOf: self) }

    /// Makes what the writer holds the newest version. All of it is shown anew, since also a batch that
    /// failed may have moved tables, and `retired` frees what they were before.
    func publish() {
        versions.publish(contents.snapshot, replaced: contents.retired)
        contents.retired = RetiredMemory()
        if let journal = contents.journal, journal.isCheckpointDue {
            journal.startCheckpoint(of: versions)
        }
    }

    /// Waits for other writers.
    /// - Throws: `cancelled`; `invalidArgument` if this is a view; `badFormat` if a mapped file turns out
    ///   to be damaged.
    func lock(_ control: Control?) throws(MartletError) {
        guard viewed == nil else {
            throw .invalidArgument("a view of an index cannot be changed, only the index itself")
        }
        try writer.lock(control)
        do throws(MartletError) {
            try contents.prepareForChanges()
        } catch {
            writer.unlock()
            throw error
        }
    }

    /// The number of vectors.
    public var count: Int { versions.read { $0.count } }

    /// Components per vector.
    public var dim: Int { reader.dim }

    /// What the index was made with, but for the form of memory, which `convert` changes.
    public var configuration: Configuration { versions.read { $0.configuration } }
}

/// One version of the index: what a reader may look at while it has it pinned.
///
/// Rows are numbered in the order in which they were added; a slot is a row's place in the tables. The
/// two differ once vectors have been removed, whose slots stay empty until the contents are compacted.
struct Snapshot {
    /// What owns the tables.
    var contents: Contents
    var configuration: Configuration
    /// Slots, of rows and of removed ones.
    var slotCount: Int
    /// Which slots hold rows; nil if all do.
    var live: LiveSlots?
    /// Removed slots that the graph still leads through.
    var tombstones: [UInt32]
    var graph: Graph
    /// nil if there is no slot.
    var vectors: VectorView?
    /// nil as long as there has been no vector.
    var idKind: IdKind?
    /// The integer to be assigned next as an id; nil if there is none.
    var nextId: Int64?
    /// Slot to id; nil if there is no slot or the ids are strings.
    var ids: UnsafePointer<Int64>?
    /// The ids if they are strings: an id's number is its slot.
    var idTexts: TextView?
    var metadata = MetadataView()
    let filters = FilterCache()

    /// The number of rows.
    var count: Int { live?.count ?? slotCount }

    /// Nodes of the graph.
    var nodeCount: Int { count + tombstones.count }
}
