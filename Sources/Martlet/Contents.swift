/// Everything that an index holds, as its writer sees it: the tables behind all versions.
///
/// A change works on the next state of the parts and is published as a `Snapshot` of them, which keeps
/// the contents alive. Compacting, clearing and loading make new contents, and leave the old ones to
/// the readers that still look at them.
final class Contents: @unchecked Sendable {
    var configuration: Configuration
    let ids: Ids
    let metadata: MetadataStore
    let graphStore: GraphStore
    let traffic = SearchTraffic()
    var vectors: VectorStore
    /// Which slots hold rows; nil if all do.
    var live: LiveSlots?
    /// Removed slots that the graph still leads through.
    var tombstones: [UInt32] = []
    /// Tables that the published version still shows but the next will not.
    var retired = RetiredMemory()
    /// Where changes are made durable, before they are seen; nil if they are not.
    var journal: Journal?
    /// The file that tables lie in, if it is mapped.
    var mapping: Mapping?
    /// That file as long as there are checks left; see `prepareForChanges`.
    var unchecked: SectionReader?

    init(_ configuration: Configuration) {
        self.configuration = configuration
        (ids, metadata) = (Ids(), MetadataStore())
        graphStore = GraphStore(configuration)
        vectors = VectorStore(
            VectorReader(
                dim: configuration.dim, metric: configuration.metric,
                kernels: InstructionSet.kernels), configuration.memory)
    }

    /// Makes `next` the vectors, when nothing else can go wrong.
    func replaceVectors(by next: VectorStore) {
        var next = next
        next.dropRows(sharedWith: vectors)
        for table in vectors.tables(notIn: next) { retired.add(table) }
        vectors = next
    }

    deinit {
        vectors.free()
        live?.free()
        retired.free()
    }

    /// Slots, of rows and of removed ones.
    var slotCount: Int { vectors.count }

    var snapshot: Snapshot {
        Snapshot(
            contents: self, configuration: configuration, slotCount: slotCount, live: live,
            tombstones: tombstones, graph: graphStore.graph,
            vectors: slotCount == 0 ? nil : vectors.view,
            idKind: ids.kind, nextId: ids.nextId, ids: ids.bySlot, idTexts: ids.texts,
            metadata: metadata.view)
    }
}
