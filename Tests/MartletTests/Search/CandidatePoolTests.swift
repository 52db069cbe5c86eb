import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

/// The pool against an array that is sorted anew each time.
@Suite struct CandidatePoolTests {
    @Test(arguments: [1, 3, 4, 30, 44, 153])
    func takesTheNearestOfThoseKept(capacity: Int) throws {
        let room = try Memory.allocate(UInt64.self, CandidatePool.room(capacity))
        defer { free(room) }
        var (pool, model) = (CandidatePool(memory: room), Model(capacity: (capacity + 3) & ~3))
        let merge = InstructionSet.kernels.merge!
        var generator = SeededGenerator(UInt64(capacity))
        for _ in 0..<20 {
            pool.removeAll(capacity: capacity)
            model.entries = []
            for _ in 0..<100 {
                let bound = pool.bound
                #expect(bound == model.bound)
                for _ in 0..<Int.random(in: 0...32, using: &generator) {
                    let slot = UInt32.random(in: 0...(.max - 1), using: &generator)
                    // Of few bits, so that some are equal, and none is rounded.
                    let distance = Float(Int.random(in: 0..<1000, using: &generator)) * 0.5
                    let isNew = Int.random(in: 0...1, using: &generator)
                    guard distance < bound else { continue }
                    pool.add(slot, distance, if: isNew)
                    if isNew == 1 { model.entries.append((distance, slot, false)) }
                }
                pool.merge(merge)
                model.trim()
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    #expect(pool.take() == model.take())
                }
            }
            while let expected = model.take() { #expect(pool.take() == expected) }
            #expect(pool.take() == nil)
        }
    }

    private struct Model {
        let capacity: Int
        var entries: [(distance: Float, slot: UInt32, isTaken: Bool)] = []

        mutating func trim() {
            entries.sort { ($0.distance, $0.slot) < ($1.distance, $1.slot) }
            entries.removeLast(max(0, entries.count - capacity))
        }

        mutating func take() -> UInt32? {
            guard let place = entries.firstIndex(where: { !$0.isTaken }) else { return nil }
            entries[place].isTaken = true
            return entries[place].slot
        }

        var bound: Float { entries.count < capacity ? .infinity : entries.last!.distance }
    }
}
