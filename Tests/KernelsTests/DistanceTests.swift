// The float32 distance kernels against their definitions, computed by plain loops in Double.
// Invariant: every kernel of every table is within the rounding error of its definition, and gives
// a pair of rows the same bits at every place of every list.

import CIntrinsics
import Testing

private let dims = Array(1...130) + [256, 384, 768, 1000, 1536]
private let listLengths = Array(0...9) + [100]

@Suite struct DistanceTests {
    @Test(arguments: KernelSet.all, Metric.allCases)
    func scoresAreTheDefinition(_ kernels: KernelSet, _ metric: Metric) {
        for dim in dims {
            for values in Values.allCases {
                let rows = Rows(count: 16, dim: dim, values)
                let slots = randomSlots(100, of: 16, seed: dim)
                let scores = metric.score(kernels, rows, query: 0, slots)
                let wrong = zip(slots, scores).filter { slot, score in
                    let exact = metric.definition(rows.components(0), rows.components(slot))
                    return !(abs(Double(score) - exact.value) <= exact.roundingError)
                }
                #expect(wrong.isEmpty, "dim \(dim), \(values) values")
            }
        }
    }

    @Test(arguments: KernelSet.all, Metric.allCases)
    func everyPlaceOfAListGivesTheSameBits(_ kernels: KernelSet, _ metric: Metric) {
        for dim in dims {
            let rows = Rows(count: 16, dim: dim, .ordinary)
            let alone = (0..<16).map { metric.score(kernels, rows, query: 3, [$0])[0].bitPattern }
            for length in listLengths {
                let slots = randomSlots(length, of: 16, seed: dim)
                let scores = metric.score(kernels, rows, query: 3, slots)
                #expect(
                    scores.map(\.bitPattern) == slots.map { alone[Int($0)] },
                    "dim \(dim), list of \(length)")
            }
        }
    }

    @Test(arguments: KernelSet.all, Metric.allCases)
    func queryAndRowMayChangePlaces(_ kernels: KernelSet, _ metric: Metric) {
        for dim in dims {
            for values in Values.allCases {
                let rows = Rows(count: 7, dim: dim, values)
                let scores = (0..<7).map { query in
                    metric.score(kernels, rows, query: query, Array(0..<7)).map(\.bitPattern)
                }
                let transposed = (0..<7).map { row in scores.map { $0[row] } }
                #expect(scores == transposed, "dim \(dim), \(values) values")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func aRowIsAtNoDistanceFromItself(_ kernels: KernelSet) {
        for dim in dims {
            let rows = Rows(count: 1, dim: dim, .mixed)
            #expect(Metric.squaredDistance.score(kernels, rows, query: 0, [0]) == [0])
        }
    }

    @Test(arguments: KernelSet.all, Metric.allCases)
    func slotsReachBeyondFourGigabytes(_ kernels: KernelSet, _ metric: Metric) {
        let rows = Rows(count: 8, dim: 8, .ordinary)
        let slots = randomSlots(9, of: 8, seed: 1)
        let near = metric.score(kernels, rows, query: 0, slots)
        let shift = UInt32.max - 8
        let far = scores(
            metric.kernel(kernels), rows.base, rows.base - Int(shift) * rows.stride,
            stride: rows.stride, slots.map { $0 + shift })
        #expect(far == near)
    }

    @Test(arguments: KernelSet.all, Metric.allCases)
    func emptyListsNeedNoMemory(_ kernels: KernelSet, _ metric: Metric) {
        let rows = Rows(count: 1, dim: 8, .ordinary)
        metric.kernel(kernels)(rows.base, nil, 32, nil, 0, nil)
    }
}

enum Metric: CaseIterable {
    case squaredDistance, dotProduct

    func kernel(_ kernels: KernelSet) -> kernels_score {
        switch self {
        case .squaredDistance: kernels.table.squared_distances
        case .dotProduct: kernels.table.dot_products
        }
    }

    fileprivate func score(
        _ kernels: KernelSet, _ rows: Rows, query: Int, _ slots: [UInt32]
    ) -> [Float] {
        scores(
            kernel(kernels), rows.base + query * rows.stride, rows.base, stride: rows.stride, slots)
    }

    /// The score in Double, and how far rounding may take a sum of floats from it: half a unit in
    /// the last place per operation on a term's way into the sum, and what underflow can take.
    func definition(_ a: [Float], _ b: [Float]) -> (value: Double, roundingError: Double) {
        var (value, magnitude) = (0.0, 0.0)
        for (x, y) in zip(a, b) {
            let difference = Double(x) - Double(y)
            let term = self == .dotProduct ? Double(x) * Double(y) : difference * difference
            value += term
            magnitude += abs(term)
        }
        let operations = Double(a.count / 16 + 8)
        let underflow = Double(a.count) * Double(Float.leastNonzeroMagnitude)
        return (value, operations * Double(Float.ulpOfOne) / 2 * magnitude + underflow)
    }
}

/// Which components a test's rows have. All keep their scores finite.
enum Values: CaseIterable {
    case ordinary, subnormal, large, mixed

    func next(_ generator: inout SeededGenerator) -> Float {
        let scales: [Float] =
            switch self {
            case .ordinary: [1]
            case .subnormal: [.leastNormalMagnitude]
            case .large: [1e17]
            case .mixed: [0x1p-133, 1e-20, 1, 1e9, 1e17]
            }
        let scale = scales.randomElement(using: &generator)!
        return scale * Float.random(in: -1...1, using: &generator)
    }
}

/// Rows of random components, padded with zeros, that end where readable memory ends.
private struct Rows {
    let dim: Int
    /// Bytes per row.
    let stride: Int
    let base: UnsafeRawPointer
    private let memory: GuardedMemory

    init(count: Int, dim: Int, _ values: Values) {
        self.dim = dim
        stride = (dim + 7) / 8 * 32
        memory = GuardedMemory(bytes: count * stride)
        base = UnsafeRawPointer(memory.start)
        var generator = SeededGenerator(UInt64(dim))
        for row in 0..<count {
            for i in 0..<dim {
                let place = memory.start + row * stride + i * 4
                place.storeBytes(of: values.next(&generator), as: Float.self)
            }
        }
    }

    func components(_ slot: UInt32) -> [Float] {
        let row = (base + Int(slot) * stride).assumingMemoryBound(to: Float.self)
        return Array(UnsafeBufferPointer(start: row, count: dim))
    }
}
