import Glibc

/// Turns vectors into codes of 7 bits per component, for l2 and cosine.
///
/// code = (x - offset) / step, with an offset per component and one step for all, so that the
/// squared distance of two codes is that of the vectors in units of step^2. Seven bits, so that
/// differences fit signed bytes (as in Glass, zilliztech/pyglass). Under cosine the vectors are
/// first scaled to length 1, where squared distance orders as the angle does.
///
/// Before, vectors are rotated at random: then the signs of a difference tell its direction well,
/// whatever the data, which codes of links rest on (`LinkCodes`; RaBitQ, Gao & Long, SIGMOD 2024).
struct Quantizer {
    /// Vectors looked at to choose offsets and step.
    static let sampleSize = 1024
    private static let topCode: Float = 127
    /// How much of a distance may be rounding.
    private static let tolerance: Float = 0.02
    /// The squared distance of codes, in steps, below which more is; see `isFine`.
    static let leastReadable: Float = 4 / (6 * tolerance * tolerance)

    /// Offsets in steps, then the signs that rotate; `codeStride` of each, the signs once per round.
    let table: UnsafeMutablePointer<Float>
    /// Rounds of the rotation.
    let rounds: Int
    let stepsPerUnit: Float
    let reader: VectorReader

    /// Enough to mix all components; the first format's files have codes that were not rotated.
    static let usualRounds = 2

    var offsets: UnsafeMutablePointer<Float> { table }

    /// How many components of a code are not always 0: a rotation spreads vectors over all.
    var components: Int { rounds == 0 ? reader.dim : reader.codeStride }

    /// A quantizer with a table of its own.
    func copy() throws(MartletError) -> Quantizer {
        let copy = try Self.makeTable(reader, rounds: rounds)
        copy.update(from: offsets, count: reader.codeStride)
        return Quantizer(table: copy, rounds: rounds, stepsPerUnit: stepsPerUnit, reader: reader)
    }

    /// A table whose signs are there, but not its offsets.
    static func makeTable(
        _ reader: VectorReader, rounds: Int
    ) throws(MartletError) -> UnsafeMutablePointer<Float> {
        let size = reader.codeStride
        let table = try Memory.allocate(Float.self, size * (1 + rounds))
        var random = SplitMix64(seed: UInt64(size))
        for place in size..<size * (1 + rounds) { table[place] = random.next() >> 63 == 0 ? 1 : -1 }
        return table
    }

    fileprivate static func rotate(
        _ row: UnsafePointer<Float>, _ table: UnsafePointer<Float>, rounds: Int,
        to rotated: UnsafeMutablePointer<Float>, _ reader: VectorReader
    ) {
        let (stride, size) = (reader.stride, reader.codeStride)
        rotated.update(from: row, count: stride)
        (rotated + stride).update(repeating: 0, count: size - stride)
        reader.kernels.rotate(rotated, UInt64(size), table + size, UInt64(rounds))
    }

    /// Encodes one row; `scale` is 1, or 1 / length under cosine. Returns how many components lay
    /// outside the range that codes cover.
    /// - Parameter rotated: Receives the row, rotated: `codeStride` floats.
    func encode(
        _ row: UnsafePointer<Float>, scale: Float, rotated: UnsafeMutablePointer<Float>,
        to code: UnsafeMutablePointer<UInt8>
    ) -> Int {
        Self.rotate(row, table, rounds: rounds, to: rotated, reader)
        return Int(
            reader.kernels.encode(
                rotated, scale * stepsPerUnit, offsets, UInt64(reader.codeStride), code))
    }

    /// Encodes what is rotated and scaled already; nothing is to be clamped.
    func encode(
        rotated: UnsafePointer<Float>, to code: UnsafeMutablePointer<UInt8>
    ) {
        _ = reader.kernels.encode(
            rotated, stepsPerUnit, offsets, UInt64(reader.codeStride), code)
    }

    /// A row as codes see it, but not rounded: rotated, and in steps from the offsets.
    func steps(
        _ row: UnsafePointer<Float>, scale: Float, to steps: UnsafeMutablePointer<Float>
    ) {
        Self.rotate(row, table, rounds: rounds, to: steps, reader)
        for place in 0..<reader.codeStride {
            steps[place] = steps[place] * (scale * stepsPerUnit) - offsets[place]
        }
    }

    /// The distance of codes that is to be expected at a public distance, if both vectors lie within
    /// the codes' range. Rounding adds a sixth per component.
    func codeDistance(at distance: Float) -> Float {
        // 1 - cos is half of the squared distance between vectors of length 1.
        let squared = reader.metric == .cosine ? 2 * distance : distance
        return squared * stepsPerUnit * stepsPerUnit + Float(components) / 6
    }

    /// What a code stands for, rotated and in units; nearer to what was encoded than half a step in each
    /// component, if nothing was clamped.
    func decode(_ code: UnsafePointer<UInt8>, to rotated: UnsafeMutablePointer<Float>) {
        let step = 1 / stepsPerUnit
        for place in 0..<reader.codeStride {
            rotated[place] = (Float(code[place]) + offsets[place]) * step
        }
    }

    /// Turns what was rotated back to what it was.
    func unrotate(_ rotated: UnsafeMutablePointer<Float>) {
        let size = reader.codeStride
        reader.kernels.unrotate(rotated, UInt64(size), table + size, UInt64(rounds))
    }

    /// Whether no component lies farther outside the range of codes than that is wide: such ones
    /// would decide which vectors are nearest.
    func isNear(rotated: UnsafePointer<Float>, scale: Float) -> Bool {
        (0..<reader.codeStride).allSatisfy {
            let code = rotated[$0] * (scale * stepsPerUnit) - offsets[$0]
            return abs(code - Self.topCode / 2) <= 1.5 * Self.topCode
        }
    }
}

/// How quantizers are chosen.
extension Quantizer {
    /// Which components must not be clamped.
    enum Coverage {
        /// Those of a sample, without outliers: the vectors are there, too.
        case most
        /// Those of all vectors, of which nothing but codes will be left.
        case all
    }

    /// Chooses offsets and step for `count` vectors; nil if codes would be too coarse.
    static func train(
        _ vectors: VectorView, count: Int, _ coverage: Coverage, _ control: Control?
    ) throws(MartletError) -> Quantizer? {
        let reader = vectors.reader
        let table = try makeTable(reader, rounds: usualRounds)
        var isKept = false
        defer { if !isKept { free(table) } }
        let ranges = try Ranges(coverage, size: reader.codeStride)
        defer { ranges.free() }
        let gap = coverage == .all ? 1 : max(count / sampleSize, 1)
        try ranges.insert(
            stride(from: 0, to: UInt32(count), by: gap), vectors, table, rounds: usualRounds,
            control)
        let step = ranges.widest / topCode
        guard step > 0, ranges.farthest <= maxSteps * step,
            try isFine(step, for: vectors, count: count, control)
        else { return nil }
        isKept = true
        return Quantizer(table, rounds: usualRounds, ranges, step: step, reader)
    }

    private init(
        _ table: UnsafeMutablePointer<Float>, rounds: Int, _ ranges: Ranges, step: Float,
        _ reader: VectorReader
    ) {
        for component in 0..<reader.codeStride {
            table[component] = ranges.middle(of: component) / step - Self.topCode / 2
        }
        self.init(table: table, rounds: rounds, stepsPerUnit: 1 / step, reader: reader)
    }

    /// What this must become to cover `count` more vectors beside the `coded` ones; itself if it does.
    /// Coarser by an eighth at least, so that what is encoded again and again is not rounded often.
    func covering(
        _ vectors: VectorView, count: Int, _ codes: CodeView, coded: Int, _ control: Control?
    ) throws(MartletError) -> Quantizer {
        let ranges = try Ranges(.all, size: reader.codeStride)
        defer { ranges.free() }
        try ranges.insert(0..<UInt32(count), vectors, table, rounds: rounds, control)
        guard !covers(ranges) else { return self }
        try ranges.insert(codes, count: coded, control)
        let step = max(ranges.widest / Self.topCode, 1.125 / stepsPerUnit)
        return Quantizer(
            try Self.makeTable(reader, rounds: rounds), rounds: rounds, ranges, step: step, reader)
    }

    private func covers(_ ranges: Ranges) -> Bool {
        (0..<reader.codeStride).allSatisfy {
            let (low, high) = ranges.range(of: $0)
            return low * stepsPerUnit - offsets[$0] >= -0.5
                && high * stepsPerUnit - offsets[$0] <= Self.topCode + 0.5
        }
    }

    /// Whether codes are fine enough for these vectors, too.
    func isFine(
        for vectors: VectorView, count: Int, _ control: Control?
    ) throws(MartletError) -> Bool {
        guard (0..<reader.codeStride).allSatisfy({ abs(offsets[$0]) <= Self.maxSteps })
        else { return false }
        return try Self.isFine(1 / stepsPerUnit, for: vectors, count: count, control)
    }

    /// How far from zero a component may lie, in steps, so that a float still tells parts of a step.
    private static let maxSteps: Float = 131_072

    /// Slots at equal distances.
    private static func slots(of count: Int, about number: Int) -> [UInt32] {
        stride(from: 0, to: count, by: max(count / number, 1)).map(UInt32.init)
    }

    /// Whether rounding to `step` leaves the order of near neighbors readable.
    ///
    /// Rounding two vectors moves their squared distance d^2 by about 2 d step / sqrt(6). That must
    /// be little against d^2 for the tenth neighbor of most of some vectors.
    private static func isFine(
        _ step: Float, for vectors: VectorView, count: Int, _ control: Control?
    ) throws(MartletError) -> Bool {
        let probes = slots(of: count, about: 16)
        var fine = 0
        for probe in probes {
            if control?.isCancelled == true { throw .cancelled }
            let near = try squaredDistanceToTenth(from: probe, vectors, count: count)
            if 2 * step / Float(6).squareRoot() <= tolerance * near.squareRoot() { fine += 1 }
        }
        return fine * 10 >= probes.count * 9
    }

    /// By exact scan, of codes if there is nothing else; copies of the vector do not count.
    private static func squaredDistanceToTenth(
        from probe: UInt32, _ vectors: VectorView, count: Int
    ) throws(MartletError) -> Float {
        var scratch = try SearchScratch(nodes: 1, beamWidth: 10, list: sampleSize)
        defer { scratch.free() }
        scratch.beam.removeAll(capacity: 10)
        let scorer = Scorer(probe, in: .searched, of: vectors)
        for first in stride(from: 0, to: count, by: sampleSize) {
            let length = min(sampleSize, count - first)
            for i in 0..<length { scratch.slots[i] = UInt32(first + i) }
            scorer.score(scratch.slots, length, scratch.distances)
            for i in 0..<length where scratch.distances[i] > scorer.copyDistance {
                scratch.beam.insert(scratch.slots[i], scratch.distances[i])
            }
        }
        guard scratch.beam.count > 0 else { return .infinity }
        let farthest = scratch.beam.distance(scratch.beam.count - 1)
        if let codes = vectors.codes {
            return farthest / (codes.quantizer.stepsPerUnit * codes.quantizer.stepsPerUnit)
        }
        // 1 - cos is half of the squared distance between vectors of length 1.
        return vectors.reader.metric == .cosine ? 2 * farthest : farthest
    }
}

/// The ranges of all components of rotated vectors; without the two outermost values on either side,
/// which may be outliers, if not all are to be covered.
private struct Ranges {
    private let coverage: Quantizer.Coverage
    private let size: Int
    private let lows: UnsafeMutablePointer<Extremes>
    private let highs: UnsafeMutablePointer<Extremes>
    /// Room for a rotated vector.
    private let rotated: UnsafeMutablePointer<Float>

    init(_ coverage: Quantizer.Coverage, size: Int) throws(MartletError) {
        (self.coverage, self.size) = (coverage, size)
        let floatsPerExtremes = MemoryLayout<Extremes>.stride / MemoryLayout<Float>.stride
        let room = try Memory.allocate(Float.self, size + size / 4 * floatsPerExtremes)
        rotated = room
        lows = UnsafeMutableRawPointer(room + size).bindMemory(
            to: Extremes.self, capacity: size / 4)
        highs = lows + size / 8
        lows.initialize(repeating: Extremes(), count: size / 4)
    }

    func free() { Glibc.free(rotated) }

    /// Rows, rotated.
    func insert(
        _ slots: some Sequence<UInt32>, _ vectors: VectorView, _ table: UnsafePointer<Float>,
        rounds: Int, _ control: Control?
    ) throws(MartletError) {
        for slot in slots {
            if slot & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            Quantizer.rotate(vectors.row(slot), table, rounds: rounds, to: rotated, vectors.reader)
            insertRotated(scale: vectors.scale(slot))
        }
    }

    /// What codes stand for.
    func insert(_ codes: CodeView, count: Int, _ control: Control?) throws(MartletError) {
        for slot in 0..<UInt32(count) {
            if slot & 1023 == 0, control?.isCancelled == true { throw .cancelled }
            codes.quantizer.decode(codes.row(slot), to: rotated)
            insertRotated(scale: 1)
        }
    }

    private func insertRotated(scale: Float) {
        for eight in 0..<size / 8 {
            let values = UnsafeRawPointer(rotated + 8 * eight).load(as: SIMD8<Float>.self)
            highs[eight].insert(values * scale)
            lows[eight].insert(-values * scale)
        }
    }

    var widest: Float {
        (0..<size).reduce(0) {
            let (low, high) = range(of: $1)
            return max($0, high - low)
        }
    }

    /// The largest distance from zero.
    var farthest: Float {
        (0..<size).reduce(0) {
            let (low, high) = range(of: $1)
            return max($0, abs(high), abs(low))
        }
    }

    func middle(of component: Int) -> Float {
        let (low, high) = range(of: component)
        return low + (high - low) / 2
    }

    func range(of component: Int) -> (low: Float, high: Float) {
        let (low, high) = (lows[component / 8], highs[component / 8])
        let lane = component % 8
        switch coverage {
        case .most: return (-low.third[lane], high.third[lane])
        case .all: return (-low.first[lane], high.first[lane])
        }
    }
}

/// The three largest values, lane by lane.
private struct Extremes: BitwiseCopyable {
    var first = SIMD8<Float>(repeating: -.infinity)
    var second = SIMD8<Float>(repeating: -.infinity)
    var third = SIMD8<Float>(repeating: -.infinity)

    mutating func insert(_ values: SIMD8<Float>) {
        let notFirst = first.lesser(values)
        first = first.greater(values)
        let notSecond = second.lesser(notFirst)
        second = second.greater(notFirst)
        third = third.greater(notSecond)
    }
}

/// The standard library's `pointwiseMin` and `pointwiseMax` are not inlined.
extension SIMD8<Float> {
    @inline(__always)
    fileprivate func lesser(_ other: Self) -> Self { replacing(with: other, where: other .< self) }

    @inline(__always)
    fileprivate func greater(_ other: Self) -> Self { replacing(with: other, where: other .> self) }
}
