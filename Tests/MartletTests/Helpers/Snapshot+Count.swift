@testable import Martlet

extension Snapshot {
    /// A version that has nothing but a number of slots.
    init(ofCount count: Int) {
        self = Contents(try! Configuration(dim: 1, M: 2)).snapshot
        slotCount = count
    }
}
