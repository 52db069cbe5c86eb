// The distance kernel for codes against its definition, computed by a plain loop in integers.
// Invariant: every table gives the float nearest to the exact sum, for rows in either order, at
// every place of every list.

import CIntrinsics
import Testing

private let strides = Array(stride(from: 32, through: 416, by: 32)) + [1536, 65536]

@Suite struct CodeDistanceTests {
    @Test(arguments: KernelSet.all, GuardedMemory.Edge.allCases)
    func distancesAreTheDefinition(_ kernels: KernelSet, _ edge: GuardedMemory.Edge) {
        for stride in strides {
            let rows = CodeRows(stride: stride, guarded: edge)
            let all = (0..<UInt32(CodeRows.count)).map { $0 }
            for query in 0..<4 {
                #expect(
                    rows.distances(kernels, query: query, all) == rows.exactDistances(query),
                    "\(stride) bytes, from row \(query)")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func everyPlaceOfAListIsRight(_ kernels: KernelSet) {
        for stride in strides {
            let rows = CodeRows(stride: stride)
            let exact = rows.exactDistances(3)
            for length in Array(0...9) + [11, 12, 13, 100] {
                let slots = randomSlots(length, of: CodeRows.count, seed: stride)
                #expect(
                    rows.distances(kernels, query: 3, slots) == slots.map { exact[Int($0)] },
                    "\(stride) bytes, list of \(length)")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func theLongestDistanceFits(_ kernels: KernelSet) {
        let rows = CodeRows(stride: 65536)
        #expect(rows.distances(kernels, query: 0, [1, 0]) == [65536 * 127 * 127, 0])
    }

    @Test(arguments: KernelSet.all)
    func slotsReachBeyondFourGigabytes(_ kernels: KernelSet) {
        let rows = CodeRows(stride: 32)
        let shift = UInt32.max - UInt32(CodeRows.count)
        let far = scores(
            kernels.table.code_distances, rows.base, rows.base - Int(shift) * 32, stride: 32,
            (0..<UInt32(CodeRows.count)).map { $0 + shift })
        #expect(far == rows.exactDistances(0))
    }

    @Test(arguments: KernelSet.all)
    func emptyListsNeedNoMemory(_ kernels: KernelSet) {
        kernels.table.code_distances(CodeRows(stride: 32).base, nil, 32, nil, 0, nil)
    }
}

/// Rows of codes at an edge of readable memory: one of zeros, one of 127s, one that alternates
/// between them, and random ones.
private struct CodeRows {
    static let count = 14

    let stride: Int
    let base: UnsafeRawPointer
    private let memory: GuardedMemory

    init(stride: Int, guarded edge: GuardedMemory.Edge = .behind) {
        self.stride = stride
        memory = GuardedMemory(bytes: Self.count * stride, guarded: edge)
        base = UnsafeRawPointer(memory.start)
        var generator = SeededGenerator(UInt64(stride))
        for row in 0..<Self.count {
            for i in 0..<stride {
                let code: UInt8 =
                    switch row {
                    case 0: 0
                    case 1: 127
                    case 2: i % 2 == 0 ? 0 : 127
                    default: UInt8(truncatingIfNeeded: generator.next() >> 57)
                    }
                memory.start.storeBytes(of: code, toByteOffset: row * stride + i, as: UInt8.self)
            }
        }
    }

    func distances(_ kernels: KernelSet, query: Int, _ slots: [UInt32]) -> [Float] {
        scores(kernels.table.code_distances, base + query * stride, base, stride: stride, slots)
    }

    /// From one row to each.
    func exactDistances(_ query: Int) -> [Float] {
        (0..<Self.count).map { row in
            var sum = 0
            for (a, b) in zip(codes(query), codes(row)) {
                let difference = Int(a) - Int(b)
                sum += difference * difference
            }
            return Float(sum)
        }
    }

    private func codes(_ row: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + row * stride, count: stride)
    }
}
