// The kernel for distances between floats and codes against its definition, in plain loops.
// Invariant: every table is right to rounding, and gives a row the same bits at every place of every
// list.

import CIntrinsics
import Testing

private let strides = Array(stride(from: 32, through: 416, by: 32)) + [1536, 65536]

@Suite struct MixedDistanceTests {
    @Test(arguments: KernelSet.all, GuardedMemory.Edge.allCases)
    func distancesAreTheDefinition(_ kernels: KernelSet, _ edge: GuardedMemory.Edge) {
        for stride in strides {
            let rows = MixedRows(stride: stride, guarded: edge)
            let all = (0..<UInt32(MixedRows.count)).map { $0 }
            for (found, exact) in zip(rows.distances(kernels, all), rows.exactDistances()) {
                #expect(abs(Double(found) - exact) <= 1e-6 * exact, "\(stride) bytes")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func everyPlaceOfAListGivesTheSameBits(_ kernels: KernelSet) {
        for stride in strides {
            let rows = MixedRows(stride: stride)
            let alone = (0..<UInt32(MixedRows.count)).map { rows.distances(kernels, [$0])[0] }
            for length in Array(0...9) + [11, 12, 13, 100] {
                let slots = randomSlots(length, of: MixedRows.count, seed: stride)
                #expect(
                    rows.distances(kernels, slots) == slots.map { alone[Int($0)] },
                    "\(stride) bytes, list of \(length)")
            }
        }
    }

    /// Whole numbers are exact.
    @Test(arguments: KernelSet.all)
    func codesAreWhatTheyStandFor(_ kernels: KernelSet) {
        let query = guarded([Float](repeating: 0, count: 32), .behind)
        for code in 0...127 as ClosedRange<UInt8> {
            var codes = [UInt8](repeating: 0, count: 32)
            codes[Int(code) % 32] = code
            let row = guarded(codes, .behind)
            let found = scores(
                kernels.table.mixed_distances, query.start, row.start, stride: 32, [0])
            #expect(found == [Float(code) * Float(code)])
        }
    }

    @Test(arguments: KernelSet.all)
    func emptyListsNeedNoMemory(_ kernels: KernelSet) {
        kernels.table.mixed_distances(MixedRows(stride: 32).base, nil, 32, nil, 0, nil)
    }
}

/// A query, some of whose components lie outside of what codes can be, and rows of random codes, both
/// at an edge of readable memory.
private struct MixedRows {
    static let count = 14

    let stride: Int
    let base: UnsafeRawPointer
    private let query: [Float]
    private let codes: [UInt8]
    private let memory: (query: GuardedMemory, codes: GuardedMemory)

    init(stride: Int, guarded edge: GuardedMemory.Edge = .behind) {
        self.stride = stride
        var generator = SeededGenerator(UInt64(stride))
        query = (0..<stride).map { _ in Float.random(in: -40...170, using: &generator) }
        codes = (0..<stride * Self.count).map { _ in .random(in: 0...127, using: &generator) }
        memory = (KernelsTests.guarded(query, edge), KernelsTests.guarded(codes, edge))
        base = UnsafeRawPointer(memory.codes.start)
    }

    func distances(_ kernels: KernelSet, _ slots: [UInt32]) -> [Float] {
        scores(kernels.table.mixed_distances, memory.query.start, base, stride: stride, slots)
    }

    func exactDistances() -> [Double] {
        (0..<Self.count).map { row in
            (0..<stride).reduce(0) {
                let difference = Double(query[$1]) - Double(codes[row * stride + $1])
                return $0 + difference * difference
            }
        }
    }
}
