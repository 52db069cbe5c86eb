// The quantizing kernel against its definition, component by component.
// Invariant: every table gives the same codes and counts, and no finite input traps.

import CIntrinsics
import Testing

@Suite struct EncodeTests {
    @Test(arguments: KernelSet.all)
    func codesAreTheDefinition(_ kernels: KernelSet) {
        for count in Array(stride(from: 0, through: 136, by: 8)) + [1536] {
            var generator = SeededGenerator(UInt64(count))
            let row = (0..<count).map { _ in Float.random(in: -1.1...1.1, using: &generator) }
            let offsets = row.map { _ in Float.random(in: -64 ... -63, using: &generator) }
            expectEncoded(kernels, row, 63.3, offsets)
        }
    }

    @Test(arguments: KernelSet.all)
    func halvesGoToTheEvenCode(_ kernels: KernelSet) {
        let halves = (0..<128).map { Float($0) - 0.5 }
        let even = [0] + (1..<128).map { UInt8($0 / 2 * 2) }
        let zeros = [Float](repeating: 0, count: 128)
        #expect(encoded(kernels, halves, 1, zeros) == Encoded(codes: even, clamped: 1))
        let quarters = zeros.map { _ in Float(-0.25) }
        #expect(
            encoded(kernels, halves.map { $0 * 2 - 0.5 }, 0.5, quarters)
                == Encoded(codes: even, clamped: 1))
        expectEncoded(kernels, halves.flatMap { [$0.nextDown, $0.nextUp] }, 1, zeros + zeros)
    }

    @Test(arguments: KernelSet.all)
    func onlyWhatLiesOutsideIsClamped(_ kernels: KernelSet) {
        let row: [Float] = [
            0, -0.0, -.leastNonzeroMagnitude, 127, Float(127).nextUp, 127.5, 128, -1,
        ]
        #expect(
            encoded(kernels, row, 1, .init(repeating: 0, count: 8))
                == Encoded(codes: [0, 0, 0, 127, 127, 127, 127, 0], clamped: 5))
    }

    @Test(arguments: KernelSet.all)
    func hugeValuesAreClamped(_ kernels: KernelSet) {
        let huge = Float.greatestFiniteMagnitude
        let row = [huge, -huge, 1e38, -1e38, 1e19, -1e19, 1, -1]
        let offsets = [huge, -huge, -huge, huge, 0, 0, 1e30, -1e30]
        for factor in [1, 1e10, 1e20, huge, .leastNonzeroMagnitude, -huge] as [Float] {
            expectEncoded(kernels, row, factor, offsets)
        }
    }

    @Test(arguments: KernelSet.all)
    func whatIsNoNumberIsZeroAndClamped(_ kernels: KernelSet) {
        let row: [Float] = [1e30, 1e30, -1e30, 0, 1, 2, 3, 4]
        let offsets: [Float] = [.infinity, 0, -.infinity, 0, 0, 0, 0, 0]
        let result = encoded(kernels, row, 1e20, offsets)
        #expect(result == Encoded(codes: [0, 127, 0, 0, 127, 127, 127, 127], clamped: 7))
    }
}

private struct Encoded: Equatable {
    var codes: [UInt8] = []
    var clamped = 0
}

/// Compares the kernel with a plain loop.
private func expectEncoded(
    _ kernels: KernelSet, _ row: [Float], _ factor: Float, _ offsets: [Float]
) {
    var expected = Encoded()
    for (value, offset) in zip(row, offsets) {
        let scaled = value * factor - offset
        if scaled < 0 || scaled > 127 { expected.clamped += 1 }
        expected.codes.append(UInt8(max(0, min(127, scaled)).rounded(.toNearestOrEven)))
    }
    #expect(encoded(kernels, row, factor, offsets) == expected, "\(row.count), factor \(factor)")
}

/// Runs the kernel between unreadable pages, on either side.
private func encoded(
    _ kernels: KernelSet, _ row: [Float], _ factor: Float, _ offsets: [Float]
) -> Encoded {
    let results = GuardedMemory.Edge.allCases.map { edge in
        let rowMemory = guarded(row, edge)
        let offsetMemory = guarded(offsets, edge)
        let codes = guarded([UInt8](repeating: 255, count: row.count), edge)
        let clamped = kernels.table.encode(
            rowMemory.start.assumingMemoryBound(to: Float.self), factor,
            offsetMemory.start.assumingMemoryBound(to: Float.self), UInt64(row.count),
            codes.start.assumingMemoryBound(to: UInt8.self))
        return Encoded(
            codes: Array(UnsafeRawBufferPointer(start: codes.start, count: row.count)),
            clamped: Int(clamped))
    }
    #expect(results[0] == results[1])
    return results[0]
}
