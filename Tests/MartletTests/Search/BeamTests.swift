import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct BeamTests {
    @Test func behavesLikeASortedArray() throws {
        try withEvery("seed", in: UInt64(0)..<200) { seed in
            var run = BeamRun(seed: seed)
            defer { run.free() }
            for _ in 0..<300 {
                run.step()
                try run.compare()
            }
        }
    }

    @Test func distancesKeepTheirBits() {
        var run = BeamRun(seed: 0)
        defer { run.free() }
        let distances: [Float] = [
            0, .leastNonzeroMagnitude, 1, .greatestFiniteMagnitude, .infinity,
        ]
        run.beam.removeAll(capacity: 5)
        for distance in distances.reversed() { run.beam.insert(.max - 1, distance) }
        #expect((0..<5).map { run.beam.distance($0) } == distances)
        #expect((0..<5).allSatisfy { run.beam.slot($0) == .max - 1 })
    }

    @Test func negativeZeroIsZero() {
        var run = BeamRun(seed: 0)
        defer { run.free() }
        run.beam.removeAll(capacity: 3)
        run.beam.insert(7, 0)
        run.beam.insert(5, -0.0)
        #expect([run.beam.slot(0), run.beam.slot(1)] == [5, 7])
    }

    @Test func aBeamOfNothingStaysEmpty() {
        var run = BeamRun(seed: 0)
        defer { run.free() }
        run.beam.removeAll(capacity: 0)
        let isNext = run.beam.insert(7, 0)
        #expect(!isNext)
        let next = run.beam.expandNext()
        #expect(run.beam.count == 0 && next == nil)
    }

    @Test func takesOverAnotherBeam() {
        var (run, other) = (BeamRun(seed: 1), BeamRun(seed: 2))
        defer { run.free() }
        defer { other.free() }
        other.beam.removeAll(capacity: 4)
        for slot in [3, 1, 2] as [UInt32] { other.beam.insert(slot, Float(slot)) }
        run.beam.removeAll(capacity: 4)
        run.beam.fill(from: other.beam)
        run.beam.insert(9, 1.5)
        run.beam.insert(8, 2.5)
        #expect((0..<run.beam.count).map { run.beam.slot($0) } == [1, 9, 2, 8])
        #expect((0..<other.beam.count).map { other.beam.slot($0) } == [1, 2, 3])
    }
}

/// A beam, and an array that does the same by sorting.
private struct BeamRun {
    struct Entry: Equatable {
        var slot: UInt32
        var distance: Float
        var isExpanded = false
    }

    static let largest = 20

    var beam: Beam
    private var model: [Entry] = []
    private var capacity = largest
    private var generator: SeededGenerator
    private let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: largest + 1)
    private var unused: [UInt32] = []
    /// What the calls returned, and what they should have.
    private var returned: [UInt32?] = []
    private var expected: [UInt32?] = []

    init(seed: UInt64) {
        generator = SeededGenerator(seed)
        beam = Beam(entries: memory)
        restart()
    }

    func free() { memory.deallocate() }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0: restart()
        case 1..<60: insert()
        default: expand()
        }
    }

    func compare() throws {
        let entries = (0..<beam.count).map { (beam.slot($0), beam.distance($0)) }
        try #require(entries.map(\.0) == model.map(\.slot))
        try #require(entries.map(\.1) == model.map(\.distance))
        try #require(returned == expected)
    }

    private mutating func restart() {
        capacity = Int.random(in: 1...Self.largest, using: &generator)
        beam.removeAll(capacity: capacity)
        unused = (0..<1000).map { UInt32($0) }.shuffled(using: &generator)
        (model, returned, expected) = ([], [], [])
    }

    /// Few distances, so that many are equal.
    private mutating func insert() {
        guard let slot = unused.popLast() else { return }
        let distance = Float(Int.random(in: 0..<10, using: &generator)) / 3
        let isNext = beam.insert(slot, distance)
        returned.append(isNext ? slot : nil)
        model.append(Entry(slot: slot, distance: distance))
        model.sort { ($0.distance, $0.slot) < ($1.distance, $1.slot) }
        model = Array(model.prefix(capacity))
        expected.append(isNext ? model.first { !$0.isExpanded }?.slot : nil)
    }

    private mutating func expand() {
        returned.append(beam.expandNext())
        let next = model.firstIndex { !$0.isExpanded }
        expected.append(next.map { model[$0].slot })
        if let next { model[next].isExpanded = true }
    }
}
