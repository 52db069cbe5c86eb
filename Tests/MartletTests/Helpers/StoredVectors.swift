import Glibc
import MartletTestSupport

@testable import Martlet

/// Vectors in a store of their own, read batch by batch. Keeps the tables of all earlier states.
final class StoredVectors {
    private(set) var store: VectorStore
    private var outgrown: [UnsafeMutableRawPointer] = []

    init(_ metric: Metric, dim: Int) {
        store = VectorStore(
            VectorReader(dim: dim, metric: metric, kernels: InstructionSet.kernels))
    }

    convenience init(_ metric: Metric, _ rows: [[Float]]) throws {
        self.init(metric, dim: rows[0].count)
        try append(rows)
    }

    deinit {
        store.free()
        for table in outgrown { free(table) }
    }

    var view: VectorView { store.view }

    func append(_ rows: [[Float]]) throws(MartletError) {
        let next = try appending(rows)
        outgrown += store.tables(notIn: next)
        store = next
    }

    /// Appends a batch and takes it back, as an index does whose ids or graph then fail.
    func appendInVain(_ rows: [[Float]]) throws(MartletError) {
        try appending(rows).free(sharedWith: store)
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
