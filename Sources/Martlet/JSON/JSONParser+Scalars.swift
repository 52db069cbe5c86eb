import Glibc

// MARK: - Numbers

extension JSONParser {
    /// As many digits as `UInt64` certainly holds.
    private static let fewDigits = 19
    /// The powers of ten that `Double` holds exactly.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    mutating func takeNumber() throws(MartletError) {
        let isNegative = take("-")
        let start = place
        var digits: UInt64 = 0
        let whole = take("0") ? 1 : try takeDigits(&digits)
        var (fraction, exponent) = (0, 0)
        let hasFraction = take(".")
        if hasFraction { fraction = try takeDigits(&digits) }
        let hasExponent = take("e") || take("E")
        if hasExponent { exponent = try takeExponent() }
        if !hasFraction, !hasExponent, whole <= Self.fewDigits,
            let integer = Self.integer(digits, isNegative: isNegative)
        {
            return try append(JSON.Node(kind: .integer, payload: UInt64(bitPattern: integer)))
        }
        let size = try double(digits, whole + fraction, exponent - fraction, start: start)
        let double = isNegative ? -size : size
        try append(JSON.Node(kind: .double, payload: double.bitPattern))
    }

    /// Returns how many digits there are, at least one, and appends them to `value`, which is wrong
    /// if they are more than a few.
    private mutating func takeDigits(_ value: inout UInt64) throws(MartletError) -> Int {
        let start = place
        while let byte = next, byte &- UInt8(ascii: "0") < 10 {
            value = value &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
            place += 1
        }
        guard place > start else { throw unexpected("a digit") }
        return place - start
    }

    private mutating func takeExponent() throws(MartletError) -> Int {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        let start = place
        var value: UInt64 = 0
        while take("0") {}
        let hasZeros = place > start
        let digits = hasZeros && !nextIsDigit ? 0 : try takeDigits(&value)
        // Beyond any number's range, whatever its digits are.
        let size = digits > 10 ? 10_000_000_000 : Int(value)
        return isNegative ? -size : size
    }

    private var nextIsDigit: Bool { next.map { $0 &- UInt8(ascii: "0") < 10 } ?? false }

    private static func integer(_ digits: UInt64, isNegative: Bool) -> Int64? {
        guard isNegative else { return Int64(exactly: digits) }
        return digits <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- digits) : nil
    }

    /// The number whose text, without sign, is between `start` and `place`.
    private func double(
        _ digits: UInt64, _ count: Int, _ exponent: Int, start: Int
    ) throws(MartletError) -> Double {
        // One rounding of two exact numbers (Clinger 1990).
        if count <= Self.fewDigits, digits <= 1 << 53, abs(exponent) < Self.powersOfTen.count {
            let power = Self.powersOfTen[abs(exponent)]
            return exponent < 0 ? Double(digits) / power : Double(digits) * power
        }
        let number = String(decoding: text[start..<place], as: UTF8.self)
        guard let double = Double(number), double.isFinite else {
            throw .badText(
                "not usable JSON: the number at byte \(start) is beyond float64's range")
        }
        return double
    }
}

// MARK: - Strings

extension JSONParser {
    mutating func takeString() throws(MartletError) {
        place += 1
        let start = place
        skipPlain()
        if next == UInt8(ascii: "\\") { return try takeEscapedString(start) }
        try append(string(text.baseAddress! + start, place - start))
        try takeQuote()
    }

    private mutating func takeQuote() throws(MartletError) {
        guard take("\"") else { throw unexpected("more of a string, or '\"'") }
    }

    private func string(_ start: UnsafeRawPointer, _ count: Int) -> JSON.Node {
        JSON.Node(
            kind: .string, count: UInt32(count), payload: UInt64(UInt(bitPattern: start)))
    }

    /// Skips what a string may hold without an escape.
    @inline(__always)
    private mutating func skipPlain() {
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20
        {
            place += 1
        }
    }

    /// Decodes a string whose first escape is next.
    private mutating func takeEscapedString(_ start: Int) throws(MartletError) {
        if decoded == nil { decoded = try Memory.allocate(UInt8.self, text.count) }
        let first = decodedCount
        copy(start..<place)
        while take("\\") {
            try takeEscape()
            let plain = place
            skipPlain()
            copy(plain..<place)
        }
        try append(string(decoded! + first, decodedCount - first))
        try takeQuote()
    }

    private mutating func copy(_ range: Range<Int>) {
        memcpy(decoded! + decodedCount, text.baseAddress! + range.lowerBound, range.count)
        decodedCount += range.count
    }

    private mutating func takeEscape() throws(MartletError) {
        let character: UInt8
        switch next {
        case UInt8(ascii: "u"): return try takeUnicodeEscape()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): character = next!
        case UInt8(ascii: "b"): character = 0x08
        case UInt8(ascii: "f"): character = 0x0C
        case UInt8(ascii: "n"): character = 0x0A
        case UInt8(ascii: "r"): character = 0x0D
        case UInt8(ascii: "t"): character = 0x09
        default: throw unexpected("one of \"\\/bfnrtu")
        }
        place += 1
        write(character)
    }

    /// `\uXXXX`, or two of them that together stand for a character (RFC 8259, section 7).
    private mutating func takeUnicodeEscape() throws(MartletError) {
        let start = place - 1
        var units = [try takeUnit()]
        if UTF16.isLeadSurrogate(units[0]), take("\\") { units.append(try takeUnit()) }
        var scalars = units.makeIterator()
        var decoder = UTF16()
        guard case .scalarValue(let scalar) = decoder.decode(&scalars), scalars.next() == nil else {
            throw .badText("not JSON: at byte \(start) is half of a surrogate pair")
        }
        for byte in UTF8.encode(scalar)! { write(byte) }
    }

    private mutating func takeUnit() throws(MartletError) -> UInt16 {
        guard take("u") else { throw unexpected("the second half of a surrogate pair") }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit = next.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard let digit else { throw unexpected("four hexadecimal digits") }
            unit = unit << 4 | UInt16(digit)
            place += 1
        }
        return unit
    }

    private mutating func write(_ byte: UInt8) {
        decoded![decodedCount] = byte
        decodedCount += 1
    }
}
