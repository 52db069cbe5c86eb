import Glibc
import MartletTestSupport

@testable import Martlet

/// Vectors in a store of their own, read batch by batch. Keeps the tables of all earlier states.
final class StoredVectors {
    private(set) var store: VectorStore
    private var outgrown: [UnsafeMutableRawPointer] = []

    init(_ metric: Metric, dim: Int, _ memory: MemoryForm = .balanced) {
        store = VectorStore(
            VectorReader(dim: dim, metric: metric, kernels: InstructionSet.kernels), memory)
    }

    convenience init(
        _ metric: Metric, _ rows: [[Float]], _ memory: MemoryForm = .balanced
    ) throws {
        self.init(metric, dim: rows[0].count, memory)
        try append(rows)
    }

    deinit {
        store.free()
        for table in outgrown { free(table) }
    }

    var view: VectorView { store.view }

    func append(_ rows: [[Float]]) throws(MartletError) {
        replace(by: try appending(rows))
    }

    func convert(to memory: MemoryForm) throws(MartletError) {
        replace(by: try store.converted(to: memory, nil))
    }

    private func replace(by next: VectorStore) {
        var next = next
        next.dropRows(sharedWith: store)
        outgrown += store.tables(notIn: next)
        store = next
    }

    /// Appends a batch and takes it back, as an index does whose ids or graph then fail.
    func appendInVain(_ rows: [[Float]]) throws(MartletError) {
        try appending(rows).free(sharedWith: store)
    }

    /// What is stored, in the order of slots.
    var vectors: [[Float]] {
        let (size, view) = (store.reader.dim, view)
        return (0..<UInt32(store.count)).map { slot in
            var vector = [Float](repeating: .nan, count: size)
            var room = [SIMD8<Float>](repeating: .zero, count: store.reader.codeStride / 8)
            vector.withUnsafeMutableBufferPointer { vector in
                room.withUnsafeMutableBytes { room in
                    let floats = room.baseAddress!.assumingMemoryBound(to: Float.self)
                    view.copy(slot, to: vector.baseAddress!, room: floats)
                }
            }
            return vector
        }
    }

    /// Lifts or reciprocal lengths, by slot.
    var aux: [Float] { (0..<store.count).map { view.aux![$0] } }

    private func appending(_ rows: [[Float]]) throws(MartletError) -> VectorStore {
        var next = try withMatrix(rows, columns: store.reader.dim) { matrix throws(MartletError) in
            try store.appending(matrix, control: nil)
        }
        try next.encode(since: store, nil)
        return next
    }
}
