// The kernels for codes of links against their definitions, computed by plain loops.
// Invariant: signs are exact on every table; estimates err by no more than the rounding of the query,
// half a unit per component, and are never negative or no number.

import CIntrinsics
import Glibc
import Testing

private let strides = [32, 64, 96, 128, 384, 416, 992, 1024, 1056, 2048, 2112]
private let linkCounts = [0, 1, 15, 16, 17, 31, 32]

@Suite struct LinkCodesTests {
    @Test(arguments: KernelSet.all)
    func codesAreTheDefinition(_ kernels: KernelSet) {
        for stride in strides {
            for node in 0..<5 {
                for count in linkCounts {
                    let links = Links(stride: stride, node: node, count: count)
                    expectDefinition(links.encoded(kernels), links, "\(stride), \(node), \(count)")
                }
            }
        }
    }

    /// A link is encoded the same wherever it stands, beside whatever others.
    @Test(arguments: KernelSet.all)
    func everyPlaceIsRight(_ kernels: KernelSet) {
        for count in linkCounts where count > 0 {
            let links = Links(stride: 96, node: 3, count: count)
            let all = links.encoded(kernels)
            for place in 0..<count {
                let alone = links.only(place).encoded(kernels)
                #expect(all.factors[place] == alone.factors[0])
                #expect(all.terms[place] == alone.terms[0])
                #expect(all.signs(place) == alone.signs(0))
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func estimatesAreTheDefinition(_ kernels: KernelSet) {
        for stride in strides {
            for values in QueryValues.allCases {
                for node in 0..<5 {
                    let links = Links(stride: stride, node: node, count: 32)
                    let query = LinkQuery(values, links)
                    let lookup = query.lookup(kernels)
                    let block = links.encoded(kernels)
                    let found = lookup.estimates(kernels, block, query.distance, .infinity).values
                    for i in 0..<32 {
                        let (exact, error) = query.estimate(i, links)
                        #expect(
                            abs(Double(found[i]) - max(0, exact)) <= error,
                            "stride \(stride), \(values) query, node \(node), link \(i)")
                    }
                }
            }
        }
    }

    /// Strictly less, for bounds between the estimates and on them.
    @Test(arguments: KernelSet.all)
    func bitsSayWhichAreBelowTheBound(_ kernels: KernelSet) {
        for stride in [32, 416, 1056] {
            let links = Links(stride: stride, node: 3, count: 32)
            let query = LinkQuery(.near, links)
            let (lookup, block) = (query.lookup(kernels), links.encoded(kernels))
            let all = lookup.estimates(kernels, block, query.distance, .infinity)
            #expect(all.bits == .max)
            let bounds = all.values.flatMap { [$0, $0.nextUp] } + [0, -1, .nan, -.infinity]
            for bound in bounds {
                let some = lookup.estimates(kernels, block, query.distance, bound)
                #expect(some.values == all.values)
                let expected = all.values.indices.filter { all.values[$0] < bound }
                #expect((0..<32).filter { some.bits >> $0 & 1 == 1 } == expected, "\(bound)")
            }
        }
    }

    /// Files may hold anything, and so may places without a link.
    @Test(arguments: KernelSet.all)
    func estimatesOfNonsenseAreNumbers(_ kernels: KernelSet) {
        let odd: [Float] = [
            .nan, -.nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, -0.0, -1, 1e38, -1e38, .leastNonzeroMagnitude,
        ]
        for stride in [32, 160, 1056] {
            let links = Links(stride: stride, node: 3, count: 32)
            for values in QueryValues.allCases {
                let query = LinkQuery(values, links)
                let lookup = query.lookup(kernels)
                for (turn, distance) in ([query.distance, 0] + odd).enumerated() {
                    var block = links.encoded(kernels)
                    for i in 0..<32 {
                        block.factors[i] = odd[(i + turn) % odd.count]
                        block.terms[i] = odd[(i / 3 + turn) % odd.count]
                    }
                    let found = lookup.estimates(kernels, block, distance, 1000)
                    #expect(found.values.allSatisfy { $0 >= 0 }, "\(values), at \(distance)")
                    let expected = found.values.indices.filter { found.values[$0] < 1000 }
                    #expect((0..<32).filter { found.bits >> $0 & 1 == 1 } == expected)
                }
            }
        }
    }

    /// Of queries that no float holds the sums of, too.
    @Test(arguments: KernelSet.all)
    func estimatesOfEndlessQueriesAreNumbers(_ kernels: KernelSet) {
        let links = Links(stride: 96, node: 3, count: 32)
        for value in [Float.greatestFiniteMagnitude, -3e38, .infinity, -.infinity, .nan] {
            let row = (0..<96).map { $0 % 3 == 0 ? value : Float($0) }
            let query = LinkQuery(row: row, offsets: row.map { _ in 0 }, links)
            let found = query.lookup(kernels).estimates(kernels, links.encoded(kernels), 5, 10)
            #expect(found.values.allSatisfy { $0 >= 0 }, "\(value)")
        }
    }

    private func expectDefinition(_ block: LinkBlock, _ links: Links, _ name: String) {
        for i in 0..<32 {
            guard i < links.slots.count else {
                #expect(block.factors[i] == 0 && block.terms[i] == 0, "\(name): place \(i)")
                #expect(block.signs(i).allSatisfy { !$0 }, "\(name): place \(i)")
                continue
            }
            let exact = links.definition(i)
            let factor = abs(Double(block.factors[i]) - exact.factor)
            #expect(factor <= 2e-7 * exact.factor, "\(name): factor \(i)")
            let scale = exact.squares + exact.factor * exact.sum.magnitude
            let term = abs(Double(block.terms[i]) - (exact.squares + exact.factor * exact.sum))
            #expect(term <= 4e-7 * scale, "\(name): term \(i)")
            #expect(block.signs(i) == exact.signs, "\(name): signs \(i)")
        }
    }
}

/// A node's code and those of others, at an edge of readable memory: one of zeros, one of 127s, one
/// that alternates between them, and random ones. Links lead to these and to copies of the node.
private struct Links {
    private static let rowCount = 9

    let stride: Int
    let node: Int
    private(set) var slots: [UInt32]
    private let memory: GuardedMemory

    init(stride: Int, node: Int, count: Int) {
        (self.stride, self.node) = (stride, node)
        slots = (0..<count).map { UInt32(($0 + node) % Self.rowCount) }
        memory = GuardedMemory(bytes: Self.rowCount * stride)
        var generator = SeededGenerator(UInt64(stride))
        for row in 0..<Self.rowCount {
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

    func only(_ place: Int) -> Links {
        var links = self
        links.slots = [slots[place]]
        return links
    }

    func code(_ row: Int) -> [Int] {
        (0..<stride).map {
            Int(memory.start.load(fromByteOffset: row * stride + $0, as: UInt8.self))
        }
    }

    func encoded(_ kernels: KernelSet) -> LinkBlock {
        let block = GuardedMemory(bytes: (64 + stride) * 4)
        memset(block.start, 0xa5, (64 + stride) * 4)
        let codes = memory.start.assumingMemoryBound(to: UInt8.self)
        let slots = guarded(slots, .behind)
        kernels.table.encode_links(
            codes + node * stride, codes, UInt64(stride),
            slots.start.assumingMemoryBound(to: UInt32.self), UInt64(self.slots.count), block.start)
        return LinkBlock(block, stride: stride)
    }

    /// With o the code that link `i` leads to and c the node's: signs of o - c, the sum of c with
    /// these signs, |o - c|^2, and twice that by the sum of o - c with these signs.
    func definition(_ i: Int) -> (factor: Double, squares: Double, sum: Double, signs: [Bool]) {
        let (c, o) = (code(node), code(Int(slots[i])))
        let signs = zip(o, c).map { $0 > $1 }
        var (squares, magnitude, sum) = (0, 0, 0)
        for j in c.indices {
            squares += (o[j] - c[j]) * (o[j] - c[j])
            magnitude += signs[j] ? o[j] - c[j] : c[j] - o[j]
            sum += signs[j] ? c[j] : -c[j]
        }
        let factor = magnitude == 0 ? 0 : 2 * Double(squares) / Double(magnitude)
        return (factor, Double(squares), Double(sum), signs)
    }
}

/// What encodes 32 links.
private struct LinkBlock {
    var factors: [Float]
    var terms: [Float]
    private let bytes: [UInt8]

    init(_ memory: GuardedMemory, stride: Int) {
        let floats = memory.start.assumingMemoryBound(to: Float.self)
        factors = (0..<32).map { floats[$0] }
        terms = (0..<32).map { floats[32 + $0] }
        bytes = Array(UnsafeRawBufferPointer(start: memory.start + 256, count: stride * 4))
    }

    /// Of link `i`, by component.
    func signs(_ i: Int) -> [Bool] {
        (0..<bytes.count / 4).map {
            bytes[16 * ($0 / 4) + i % 16] >> ($0 % 4 + (i < 16 ? 0 : 4)) & 1 == 1
        }
    }

    var memory: GuardedMemory {
        let memory = GuardedMemory(bytes: 256 + bytes.count)
        memory.start.copyMemory(from: factors + terms, byteCount: 256)
        (memory.start + 256).copyMemory(from: bytes, byteCount: bytes.count)
        return memory
    }
}

private enum QueryValues: CaseIterable {
    /// Among the codes; far outside of them; all 0; so that sums in tables are as large as can be;
    /// one component alone.
    case near, huge, zero, widest, single
}

/// A query as `make_lookup` takes it, and as it is meant.
private struct LinkQuery {
    private let row: [Float]
    private let offsets: [Float]
    private let factor: Float
    /// Of the query from the links' node.
    let distance: Float
    /// The query's code, neither rounded nor clamped.
    private let values: [Double]

    init(_ kind: QueryValues, _ links: Links) {
        var generator = SeededGenerator(UInt64(links.stride + 7))
        let row = (0..<links.stride).map { i in
            switch kind {
            case .near: Float.random(in: -1...1, using: &generator)
            case .huge: Float.random(in: -1e12...1e12, using: &generator)
            case .zero: Float(0)
            case .widest: Float(2)
            case .single: i == 17 ? Float(1) : 0
            }
        }
        let isShifted = kind == .near
        self.init(row: row, offsets: row.map { _ in isShifted ? -63.5 : 0 }, links)
    }

    init(row: [Float], offsets: [Float], _ links: Links) {
        (self.row, self.offsets, factor) = (row, offsets, 63.5)
        let factor = Double(factor)
        values = zip(row, offsets).map { Double($0) * factor - Double($1) }
        distance = Float(
            zip(values, links.code(links.node)).reduce(0) {
                $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1))
            })
    }

    func lookup(_ kernels: KernelSet) -> LookupTables {
        LookupTables(kernels, row, factor, offsets)
    }

    /// The distance by the formula, and how much a kernel may miss it by.
    ///
    /// A unit is a 61st of the largest sum of four magnitudes, and each component is half a unit away from
    /// what it stands for at most. To that, what floats round: sums of n / 8 numbers, and the terms of
    /// the formula.
    func estimate(_ i: Int, _ links: Links) -> (distance: Double, error: Double) {
        let link = links.definition(i)
        var (sum, magnitude, widest) = (0.0, 0.0, 0.0)
        for j in values.indices {
            sum += link.signs[j] ? values[j] : -values[j]
            magnitude += abs(values[j])
        }
        for j in stride(from: 0, to: values.count, by: 4) {
            widest = max(widest, values[j..<j + 4].reduce(0) { $0 + abs($1) })
        }
        let tables = Double(values.count) / 2 * 1.001 * widest / 61
        let floats = (Double(values.count / 8) + 16) / 16_777_216 * magnitude
        let known = Double(distance) + link.squares
        let terms = (known + link.factor * (link.sum.magnitude + magnitude)) * 5e-7
        return (
            known - link.factor * (sum - link.sum), link.factor * (tables + floats) + terms
        )
    }
}

private final class LookupTables {
    private let memory: GuardedMemory
    private let lookup: kernels_lookup

    init(_ kernels: KernelSet, _ row: [Float], _ factor: Float, _ offsets: [Float]) {
        memory = GuardedMemory(bytes: row.count * 4)
        let (row, rowMemory, offsets) = (
            row.count, guarded(row, .behind), guarded(offsets, .behind)
        )
        lookup = kernels.table.make_lookup(
            rowMemory.start.assumingMemoryBound(to: Float.self), factor,
            offsets.start.assumingMemoryBound(to: Float.self), UInt64(row),
            memory.start.assumingMemoryBound(to: UInt8.self))
    }

    func estimates(
        _ kernels: KernelSet, _ block: LinkBlock, _ distance: Float, _ bound: Float
    ) -> (values: [Float], bits: UInt32) {
        let (links, out) = (block.memory, guarded([Float](repeating: .nan, count: 32), .behind))
        let floats = out.start.assumingMemoryBound(to: Float.self)
        let bits = withUnsafePointer(to: lookup) {
            kernels.table.estimate($0, links.start, distance, bound, floats)
        }
        return ((0..<32).map { floats[$0] }, bits)
    }
}
