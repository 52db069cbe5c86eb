import CIntrinsics

/// Reading rows of a column from the caller's memory, into one element per row.
///
/// Values of null rows are read but never judged: whatever they are, they become 0.
extension ColumnSource {
    /// Writes 1 for a value and 0 for a null, per row.
    func readValidity(into valid: UnsafeMutablePointer<UInt8>) {
        guard let validity else { return valid.initialize(repeating: 1, count: rows) }
        readBits(of: validity, into: valid)
    }

    /// The first row that is not null; if there is none, the type says nothing.
    var firstValue: Int? { (0..<rows).first { !isNull($0) } }

    func isNull(_ row: Int) -> Bool {
        guard let validity else { return false }
        return Self.bit(bitOffset &+ row, of: validity) == 0
    }

    /// Where the list of a row begins among the strings; where the last one ends if `row` is `rows`.
    @inline(__always)
    func listOffset(_ row: Int) -> Int {
        listOffsetBytes == 4
            ? Int(listOffsets!.loadUnaligned(fromByteOffset: row &* 4, as: Int32.self))
            : Int(listOffsets!.loadUnaligned(fromByteOffset: row &* 8, as: Int64.self))
    }

    /// Writes the values of a fixed-width type to `out`, as those of a column of `type`: the same, or
    /// float64 for int64.
    /// - Throws: `columnType` naming the first row whose value the type cannot hold.
    func readValues(
        as type: ColumnType, into out: UnsafeMutableRawPointer, _ valid: UnsafePointer<UInt8>
    ) throws(MartletError) {
        switch self.type {
        case .bool: readBools(into: out.assumingMemoryBound(to: UInt8.self))
        case .float64: readDoubles(into: out.assumingMemoryBound(to: Double.self))
        default: try readIntegers(into: out.assumingMemoryBound(to: Int64.self), valid)
        }
        if validity != nil {
            if type == .bool {
                clearNulls(UInt8.self, out, valid)
            } else {
                clearNulls(Int64.self, out, valid)
            }
        }
        if type == .float64, self.type == .int64 {
            for row in 0..<rows {
                let integer = out.load(fromByteOffset: row &* 8, as: Int64.self)
                out.storeBytes(of: Double(integer), toByteOffset: row &* 8, as: Double.self)
            }
        }
    }

    private func readBools(into out: UnsafeMutablePointer<UInt8>) {
        if format == .bits {
            if let values { readBits(of: values, into: out) }
        } else {
            read(UInt8.self, into: out) { $0 == 0 ? 0 : 1 }
        }
    }

    private func readDoubles(into out: UnsafeMutablePointer<Double>) {
        switch format {
        case .float16: read(UInt16.self, into: out, Self.double(halfBits:))
        case .float32: read(Float.self, into: out) { Double($0) }
        default: read(Double.self, into: out) { $0 }
        }
    }

    private func readIntegers(
        into out: UnsafeMutablePointer<Int64>, _ valid: UnsafePointer<UInt8>
    ) throws(MartletError) {
        switch format {
        case .int8: read(Int8.self, into: out) { Int64($0) }
        case .int16: read(Int16.self, into: out) { Int64($0) }
        case .int32: read(Int32.self, into: out) { Int64($0) }
        case .uint8: read(UInt8.self, into: out) { Int64($0) }
        case .uint16: read(UInt16.self, into: out) { Int64($0) }
        case .uint32: read(UInt32.self, into: out) { Int64($0) }
        case .uint64:
            read(UInt64.self, into: out) { Int64(bitPattern: $0) }
            try checkUnsigned(out, valid)
        default: read(Int64.self, into: out) { $0 }
        }
        if type == .datetime { try scale(out, valid) }
    }

    /// A large unsigned number looks negative when signed.
    private func checkUnsigned(
        _ out: UnsafePointer<Int64>, _ valid: UnsafePointer<UInt8>
    ) throws(MartletError) {
        for row in 0..<rows where out[row] < 0 && valid[row] == 1 {
            throw .columnType(
                "\(title), row \(row): \(UInt64(bitPattern: out[row])) is beyond int64's range")
        }
    }

    /// Turns counts of `unit` into microseconds.
    private func scale(
        _ out: UnsafeMutablePointer<Int64>, _ valid: UnsafePointer<UInt8>
    ) throws(MartletError) {
        let factor: Int64
        switch unit {
        case .days: factor = 86_400_000_000
        case .seconds: factor = 1_000_000
        case .milliseconds: factor = 1000
        case .microseconds: return
        case .nanoseconds: return roundDown(out)
        }
        for row in 0..<rows {
            let scaled = out[row].multipliedReportingOverflow(by: factor)
            guard !scaled.overflow || valid[row] == 0 else {
                throw .columnType(
                    "\(title), row \(row): \(out[row]) \(unit) are more microseconds than int64 "
                        + "can hold")
            }
            out[row] = scaled.partialValue
        }
    }

    private func roundDown(_ out: UnsafeMutablePointer<Int64>) {
        for row in 0..<rows {
            let (quotient, rest) = out[row].quotientAndRemainder(dividingBy: 1000)
            out[row] = rest < 0 ? quotient - 1 : quotient
        }
    }

    /// Reads one number per row; contiguous ones in a loop of their own, which the compiler
    /// vectorizes.
    @inline(__always)
    private func read<Given: BitwiseCopyable, Kept: BitwiseCopyable>(
        _ given: Given.Type, into out: UnsafeMutablePointer<Kept>, _ convert: (Given) -> Kept
    ) {
        guard let values else { return }
        let size = MemoryLayout<Given>.size
        if stride == size {
            for row in 0..<rows {
                out[row] = convert((values + row &* size).loadUnaligned(as: Given.self))
            }
        } else {
            for row in 0..<rows {
                out[row] = convert((values + row &* stride).loadUnaligned(as: Given.self))
            }
        }
    }

    private func readBits(of bits: UnsafeRawPointer, into out: UnsafeMutablePointer<UInt8>) {
        for row in 0..<rows { out[row] = Self.bit(bitOffset &+ row, of: bits) }
    }

    @inline(__always)
    private static func bit(_ place: Int, of bits: UnsafeRawPointer) -> UInt8 {
        bits.load(fromByteOffset: place &>> 3, as: UInt8.self)
            &>> UInt8(truncatingIfNeeded: place & 7) & 1
    }

    private func clearNulls<Value: BitwiseCopyable & FixedWidthInteger>(
        _ value: Value.Type, _ out: UnsafeMutableRawPointer, _ valid: UnsafePointer<UInt8>
    ) {
        let out = out.assumingMemoryBound(to: Value.self)
        for row in 0..<rows where valid[row] == 0 { out[row] = 0 }
    }

    /// The value of an IEEE 754 binary16.
    private static func double(halfBits: UInt16) -> Double {
        var (half, float) = (halfBits, Float(0))
        _ = InstructionSet.kernels.convert(&half, Element.float16.rawValue, 2, 1, &float)
        return Double(float)
    }
}
