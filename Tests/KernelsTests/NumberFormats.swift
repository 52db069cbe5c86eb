// The oracles of the conversion tests: number formats by their definitions, and samples that are
// hard to convert.
// Invariant: nothing here converts between formats by the means that the kernels use.

/// The value of an IEEE 754 binary16, from its definition.
func float16Value(_ bits: UInt16) -> Double {
    let sign: FloatingPointSign = bits >> 15 == 0 ? .plus : .minus
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023) / 1024
    switch exponent {
    case 31 where fraction > 0: return .nan
    case 31: return sign == .minus ? -.infinity : .infinity
    case 0: return Double(sign: sign, exponent: -14, significand: fraction)
    default: return Double(sign: sign, exponent: exponent - 15, significand: 1 + fraction)
    }
}

/// The float nearest to a number, found by bisection of all floats; of two equally near ones, the
/// one with an even significand; infinity from `halfBeyondFloat` on.
func nearestFloat(_ value: Double) -> Float {
    guard !value.isNaN else { return .nan }
    let magnitude = abs(value)
    guard magnitude < halfBeyondFloat else { return value < 0 ? -.infinity : .infinity }
    var (low, high) = (UInt32(0), Float.infinity.bitPattern)
    while high - low > 1 {
        let middle = (low + high) / 2
        if Double(Float(bitPattern: middle)) <= magnitude { low = middle } else { high = middle }
    }
    let below = magnitude - Double(Float(bitPattern: low))
    let above = Double(Float(bitPattern: low).ulp) - below
    let isUp = above < below || above == below && low & 1 == 1
    return Float(bitPattern: (isUp ? low + 1 : low) | (value.sign == .minus ? 1 << 31 : 0))
}

/// Half a step beyond the largest float: the first number that rounds to infinity.
let halfBeyondFloat = Double(sign: .plus, exponent: 127, significand: 2 - 0x1p-24)

let float32Samples: [Float] = {
    var generator = SeededGenerator(32)
    let special: [Float] = [
        1, 0, -0.0, -1, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude,
        .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude.nextDown, .pi,
    ]
    return special + (0..<1000).map { _ in Float(bitPattern: UInt32(generator.next() >> 32)) }
}()

/// Exact floats, numbers in the middle between two and next to it, and random bits.
let float64Samples: [Double] = {
    var generator = SeededGenerator(64)
    let halves = float32Samples.filter(\.isFinite).flatMap { float in
        let middle = Double(float) + Double(float.ulp) / 2
        return [Double(float), middle, middle.nextUp, middle.nextDown]
    }
    let limits = [
        1, halfBeyondFloat.nextDown, -halfBeyondFloat, 0x1p-150, -0x1p-151, .leastNonzeroMagnitude,
        -0.0,
    ]
    let random = (0..<1000).map { _ in Double(bitPattern: generator.next()) }
    return limits + halves + random
}()
