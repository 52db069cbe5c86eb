// The rotating kernel against its definition: dense matrices, in plain loops.
// Invariant: every table gives the same bits, and lengths and angles stay what they were.

import CIntrinsics
import Testing

private let counts = [32, 64, 96, 128, 160, 384, 416, 1024, 1056]

@Suite struct RotateTests {
    @Test(arguments: KernelSet.all)
    func rotationsAreTheDefinition(_ kernels: KernelSet) {
        for count in counts {
            for rounds in 1...3 {
                let rotation = Rotation(count: count, rounds: rounds)
                let vector = randomFloats(count, seed: 1)
                let expected = rotation.definition(vector)
                let error = zip(rotation.rotate(kernels, vector), expected).map {
                    abs(Double($0) - $1)
                }.max()!
                #expect(error <= 1e-6 * Double(rounds), "\(count) components, \(rounds) rounds")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func lengthsAndProductsStay(_ kernels: KernelSet) {
        for count in counts {
            let rotation = Rotation(count: count, rounds: 2)
            let vectors = (0..<4).map { randomFloats(count, seed: $0) }
            let rotated = vectors.map { rotation.rotate(kernels, $0) }
            for (a, rotatedA) in zip(vectors, rotated) {
                for (b, rotatedB) in zip(vectors, rotated) {
                    let error = abs(dot(rotatedA, rotatedB) - dot(a, b))
                    #expect(error <= 1e-6 * Double(count), "\(count) components")
                }
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func everySetGivesTheSameBits(_ kernels: KernelSet) {
        for count in counts {
            let rotation = Rotation(count: count, rounds: 2)
            var vector = randomFloats(count, seed: 2)
            for scale in [1, 1e30, 1e-38, .greatestFiniteMagnitude, 0] as [Float] {
                vector[count / 2] = -0.0
                let scaled = vector.map { $0 * scale }
                #expect(
                    rotation.rotate(kernels, scaled).map(\.bitPattern)
                        == rotation.rotate(.baseline, scaled).map(\.bitPattern),
                    "\(count) components, times \(scale)")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func whatIsRotatedBackIsWhatItWas(_ kernels: KernelSet) {
        for count in counts {
            for rounds in 0...3 {
                let rotation = Rotation(count: count, rounds: rounds)
                let vector = randomFloats(count, seed: 4)
                let rotated = rotation.rotate(kernels, vector)
                let back = rotation.rotate(kernels, rotated, by: \.unrotate)
                let error = zip(back, vector).map { abs($0 - $1) }.max()!
                #expect(error <= 1e-6, "\(count) components, \(rounds) rounds")
                #expect(
                    back.map(\.bitPattern)
                        == rotation.rotate(.baseline, rotated, by: \.unrotate).map(\.bitPattern))
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func noRoundsChangeNothing(_ kernels: KernelSet) {
        for count in counts {
            let vector = randomFloats(count, seed: 3)
            #expect(Rotation(count: count, rounds: 0).rotate(kernels, vector) == vector)
        }
    }

    /// One component becomes many, so that none carries most of a difference.
    @Test(arguments: KernelSet.all)
    func twoRoundsMixAllComponents(_ kernels: KernelSet) {
        for count in counts {
            for place in [0, count / 2, count - 1] {
                var vector = [Float](repeating: 0, count: count)
                vector[place] = 1
                let rotated = Rotation(count: count, rounds: 2).rotate(kernels, vector)
                let largest = rotated.map { abs($0) }.max()!
                #expect(largest < 0.95, "component \(place) of \(count)")
                #expect(rotated.count { $0 != 0 } > count / 4, "component \(place) of \(count)")
            }
        }
    }
}

/// Signs that one rotation flips by.
private struct Rotation {
    let count: Int
    let rounds: Int
    private let signs: [Float]

    init(count: Int, rounds: Int) {
        (self.count, self.rounds) = (count, rounds)
        var generator = SeededGenerator(UInt64(count))
        signs = (0..<count * rounds).map { _ in Bool.random(using: &generator) ? 1 : -1 }
    }

    /// Runs the kernel between unreadable pages, on either side.
    func rotate(
        _ kernels: KernelSet, _ vector: [Float],
        by kernel: KeyPath<kernels_table, kernels_rotate> = \.rotate
    ) -> [Float] {
        let results = GuardedMemory.Edge.allCases.map { edge in
            let (values, signs) = (guarded(vector, edge), guarded(signs, edge))
            let floats = values.start.assumingMemoryBound(to: Float.self)
            kernels.table[keyPath: kernel](
                floats, UInt64(count), signs.start.assumingMemoryBound(to: Float.self),
                UInt64(rounds))
            return Array(UnsafeBufferPointer(start: floats, count: count))
        }
        #expect(results[0].map(\.bitPattern) == results[1].map(\.bitPattern))
        return results[0]
    }

    /// Signs, then Hadamard's matrix for as many components as the largest power of two says: the
    /// first ones, and, if those are not all, the last ones.
    func definition(_ vector: [Float]) -> [Double] {
        var values = vector.map { Double($0) }
        let size = [32, 64, 128, 256, 512, 1024].last { $0 <= count }!
        for round in 0..<rounds {
            for i in 0..<count { values[i] *= Double(signs[round * count + i]) }
            values[..<size] = hadamard(values[..<size])
            if size < count { values[(count - size)...] = hadamard(values[(count - size)...]) }
        }
        return values
    }

    /// Entry (i, j) is the sign of the parity of i & j, divided by the root of the size.
    private func hadamard(_ values: ArraySlice<Double>) -> ArraySlice<Double> {
        let (values, scale) = (Array(values), 1 / Double(values.count).squareRoot())
        return values.indices.map { i in
            var sum = 0.0
            for j in values.indices {
                sum += (i & j).nonzeroBitCount % 2 == 0 ? values[j] : -values[j]
            }
            return sum * scale
        }[...]
    }
}

private func randomFloats(_ count: Int, seed: Int) -> [Float] {
    var generator = SeededGenerator(UInt64(count + 10_000 * seed))
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
}

private func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
