import Glibc

/// Turns vectors into codes of 7 bits per component, for l2 and cosine.
///
/// code = (x - offset) / step, with an offset per component and one step for all, so that the
/// squared distance of two codes is that of the vectors in units of step^2. Seven bits, so that
/// differences fit signed bytes (as in Glass, zilliztech/pyglass). Under cosine the vectors are
/// first scaled to length 1, where squared distance orders as the angle does.
struct Quantizer {
    /// Vectors looked at to choose offsets and step.
    static let sampleSize = 1024
    private static let topCode: Float = 127
    /// How much of a distance may be rounding.
    private static let tolerance: Float = 0.02
    /// The squared distance of codes, in steps, below which more is; see `isFine`.
    static let leastReadable: Float = 4 / (6 * tolerance * tolerance)

    /// Offsets in steps, `stride` of them.
    let offsets: UnsafeMutablePointer<Float>
    let stepsPerUnit: Float
    let reader: VectorReader

    /// A quantizer with a table of its own.
    func copy() throws(MartletError) -> Quantizer {
        let table = try Memory.allocate(Float.self, reader.stride)
        table.update(from: offsets, count: reader.stride)
        return Quantizer(offsets: table, stepsPerUnit: stepsPerUnit, reader: reader)
    }

    /// Encodes one row; `scale` is 1, or 1 / length under cosine. Returns how many components lay
    /// outside the range that codes cover.
    func encode(_ row: UnsafePointer<Float>, scale: Float, to code: UnsafeMutablePointer<UInt8>)
        -> Int
    {
        (code + reader.stride).update(repeating: 0, count: reader.codeStride - reader.stride)
        return Int(
            reader.kernels.encode(
                row, scale * stepsPerUnit, offsets, UInt64(reader.stride), code))
    }

    /// The distance of codes that is to be expected at a public distance, if both vectors lie within
    /// the codes' range. Rounding adds a sixth per component.
    func codeDistance(at distance: Float) -> Float {
        // 1 - cos is half of the squared distance between vectors of length 1.
        let squared = reader.metric == .cosine ? 2 * distance : distance
        return squared * stepsPerUnit * stepsPerUnit + Float(reader.dim) / 6
    }

    /// Whether no component lies farther outside the range of codes than that is wide: such ones
    /// would decide which vectors are nearest.
    func isNear(_ row: UnsafePointer<Float>, scale: Float) -> Bool {
        (0..<reader.dim).allSatisfy {
            let code = row[$0] * (scale * stepsPerUnit) - offsets[$0]
            return abs(code - Self.topCode / 2) <= 1.5 * Self.topCode
        }
    }
}

extension Quantizer {
    /// Chooses offsets and step for `count` vectors, by a sample of them; nil if codes would be too
    /// coarse.
    static func train(
        _ vectors: VectorView, count: Int, _ control: Control?
    ) throws(MartletError) -> Quantizer? {
        let reader = vectors.reader
        let sample = slots(of: count, about: sampleSize)
        let offsets = try Memory.allocate(Float.self, reader.stride)
        var isKept = false
        defer { if !isKept { free(offsets) } }
        var (widest, farthest): (Float, Float) = (0, 0)
        for first in stride(from: 0, to: reader.stride, by: 8) {
            let (low, high) = ranges(ofComponentsFrom: first, sample, vectors)
            for lane in 0..<8 {
                widest = max(widest, high[lane] - low[lane])
                farthest = max(farthest, abs(high[lane]), abs(low[lane]))
                offsets[first + lane] = low[lane] + (high[lane] - low[lane]) / 2
            }
        }
        let step = widest / topCode
        guard step > 0, farthest <= maxSteps * step,
            try isFine(step, for: vectors, count: count, control)
        else { return nil }
        for component in 0..<reader.dim {
            offsets[component] = offsets[component] / step - topCode / 2
        }
        isKept = true
        return Quantizer(offsets: offsets, stepsPerUnit: 1 / step, reader: reader)
    }

    /// How far from zero a component may lie, in steps, so that a float still tells parts of a step.
    private static let maxSteps: Float = 131_072

    /// The ranges of eight components, without the two outermost values on either side, which may
    /// be outliers.
    private static func ranges(
        ofComponentsFrom first: Int, _ sample: [UInt32], _ vectors: VectorView
    ) -> (low: SIMD8<Float>, high: SIMD8<Float>) {
        var low = Extremes()
        var high = Extremes()
        for slot in sample {
            let row = UnsafeRawPointer(vectors.row(slot) + first)
            let values = row.load(as: SIMD8<Float>.self) * vectors.scale(slot)
            high.insert(values)
            low.insert(-values)
        }
        return (-low.third, high.third)
    }

    /// The three largest values, lane by lane.
    private struct Extremes {
        var first = SIMD8<Float>(repeating: -.infinity)
        var second = SIMD8<Float>(repeating: -.infinity)
        var third = SIMD8<Float>(repeating: -.infinity)

        mutating func insert(_ values: SIMD8<Float>) {
            let notFirst = pointwiseMin(values, first)
            first = pointwiseMax(values, first)
            let notSecond = pointwiseMin(notFirst, second)
            second = pointwiseMax(notFirst, second)
            third = pointwiseMax(notSecond, third)
        }
    }

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

    /// By exact scan; copies of the vector do not count.
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
        // 1 - cos is half of the squared distance between vectors of length 1.
        return vectors.reader.metric == .cosine ? 2 * farthest : farthest
    }
}
