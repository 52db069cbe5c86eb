// The selecting kernels against plain loops, value by value.
// Invariant: every table selects the same, whatever nulls hold, between pages that cannot be read.

import CIntrinsics
import Testing

@Suite struct SelectTests {
    private static let counts = Array(0...130) + [640, 1000]

    @Test(arguments: KernelSet.all)
    func integersInARangeAreSelected(_ kernels: KernelSet) {
        let bounds: [Int64] = [.min, .min + 1, -2, -1, 0, 1, 2, .max - 1, .max]
        for count in Self.counts {
            var generator = SeededGenerator(UInt64(count))
            let values = (0..<count).map { _ in bounds.randomElement(using: &generator)! }
            let (low, high) = ordered(bounds, &generator)
            let column = Column(values, &generator)
            let selected = column.select {
                kernels.table.select_integers($0, $1, UInt64(count), low, high, $2)
            }
            #expect(selected == column.passing { low <= $0 && $0 <= high }, "\(low)...\(high)")
        }
    }

    @Test(arguments: KernelSet.all)
    func doublesInARangeAreSelected(_ kernels: KernelSet) {
        let bounds = [-Double.infinity, -1e300, -1, -5e-320, -0.0, 0, 5e-320, 1, 1e300, .infinity]
        for count in Self.counts {
            var generator = SeededGenerator(UInt64(count))
            let values = (0..<count).map { _ in (bounds + [.nan]).randomElement(using: &generator)!
            }
            let (low, high) = ordered(bounds, &generator)
            let column = Column(values, &generator)
            let selected = column.select {
                kernels.table.select_doubles($0, $1, UInt64(count), low, high, $2)
            }
            #expect(selected == column.passing { low <= $0 && $0 <= high }, "\(low)...\(high)")
        }
    }

    @Test(arguments: KernelSet.all)
    func bytesAreSelected(_ kernels: KernelSet) {
        for count in Self.counts {
            var generator = SeededGenerator(UInt64(count))
            let values = (0..<count).map { _ in UInt8.random(in: 0...2, using: &generator) }
            let column = Column(values, &generator)
            for byte in 0...2 as ClosedRange<UInt8> {
                let selected = column.select {
                    kernels.table.select_byte($0, $1, UInt64(count), byte, $2)
                }
                #expect(selected == column.passing { $0 == byte }, "\(byte)")
            }
        }
    }

    @Test(arguments: KernelSet.all)
    func numbersAreSelected(_ kernels: KernelSet) {
        for count in Self.counts {
            var generator = SeededGenerator(UInt64(count))
            let bound = [1, 2, 64, 65, 200].randomElement(using: &generator)!
            let values = (0..<count).map { _ in
                UInt32.random(in: 0..<UInt32(bound), using: &generator)
            }
            let column = Column(values, &generator)
            for number in [0, UInt32(bound - 1), .max] {
                let selected = column.select {
                    kernels.table.select_number($0, $1, UInt64(count), number, $2)
                }
                #expect(selected == column.passing { $0 == number }, "\(number)")
            }
            let set = GuardedMemory(bytes: (bound + 63) / 64 * 8)
            let words = set.start.bindMemory(to: UInt64.self, capacity: (bound + 63) / 64)
            for i in 0..<(bound + 63) / 64 { words[i] = generator.next() }
            let selected = column.select {
                kernels.table.select_numbers($0, $1, UInt64(count), words, $2)
            }
            #expect(
                selected == column.passing { words[Int($0) / 64] >> UInt64($0 % 64) & 1 == 1 },
                "\(bound)")
        }
    }

    private func ordered<Value: Comparable>(
        _ bounds: [Value], _ generator: inout SeededGenerator
    ) -> (Value, Value) {
        let (a, b) = (
            bounds.randomElement(using: &generator)!, bounds.randomElement(using: &generator)!
        )
        return a < b ? (a, b) : (b, a)
    }
}

/// Values of which some are nulls, which hold nonsense, in memory of just their size.
private struct Column<Value: BitwiseCopyable> {
    private let values: [Value]
    private let valid: [UInt8]
    private let valueMemory: GuardedMemory
    private let validMemory: GuardedMemory

    init(_ values: [Value], _ generator: inout SeededGenerator) {
        self.values = values
        valid = values.map { _ in UInt8.random(in: 0...1, using: &generator) }
        valueMemory = GuardedMemory(bytes: values.count * MemoryLayout<Value>.size)
        validMemory = GuardedMemory(bytes: values.count)
        for i in values.indices {
            validMemory.start.storeBytes(of: valid[i], toByteOffset: i, as: UInt8.self)
            let place = valueMemory.start + i * MemoryLayout<Value>.size
            if valid[i] == 1 {
                place.storeBytes(of: values[i], as: Value.self)
            } else {
                for byte in 0..<MemoryLayout<Value>.size {
                    (place + byte).storeBytes(of: 0xAB, as: UInt8.self)
                }
            }
        }
    }

    /// The words that a kernel writes, in memory of just their size that has held other bits.
    func select(
        _ kernel: (
            UnsafePointer<Value>, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt64>
        ) -> Void
    ) -> [UInt64] {
        let count = (values.count + 63) / 64
        let memory = GuardedMemory(bytes: count * 8)
        let words = memory.start.bindMemory(to: UInt64.self, capacity: count)
        for i in 0..<count { words[i] = .max }
        kernel(
            UnsafePointer(valueMemory.start.bindMemory(to: Value.self, capacity: values.count)),
            UnsafePointer(validMemory.start.bindMemory(to: UInt8.self, capacity: values.count)),
            words)
        return Array(UnsafeBufferPointer(start: words, count: count))
    }

    func passing(_ passes: (Value) -> Bool) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: (values.count + 63) / 64)
        for i in values.indices where valid[i] == 1 && passes(values[i]) {
            words[i / 64] |= 1 << UInt64(i % 64)
        }
        return words
    }
}
