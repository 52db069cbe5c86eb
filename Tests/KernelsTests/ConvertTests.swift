// The conversion kernel against each number format's definition.
// Invariant: from any stride, alignment and element type come the nearest floats, bit by bit, and the
// place of the first component that is not finite.

import CIntrinsics
import Testing

@Suite struct ConvertTests {
    @Test(arguments: KernelSet.all, Layout.all)
    func everyFloat16IsExact(_ kernels: KernelSet, _ layout: Layout) {
        expectConverted(kernels, Element.float16, (0...UInt16.max).map { $0 }, layout) {
            Float(float16Value($0))
        }
    }

    @Test(arguments: KernelSet.all, Layout.all)
    func everyByteIsExact(_ kernels: KernelSet, _ layout: Layout) {
        expectConverted(kernels, Element.int8, (Int8.min...Int8.max).map { $0 }, layout) {
            Float(exactly: $0)!
        }
        expectConverted(kernels, Element.uint8, (UInt8.min...UInt8.max).map { $0 }, layout) {
            Float(exactly: $0)!
        }
    }

    @Test(arguments: KernelSet.all, Layout.all)
    func float32IsCopied(_ kernels: KernelSet, _ layout: Layout) {
        expectConverted(kernels, Element.float32, float32Samples, layout) { $0 }
    }

    @Test(arguments: KernelSet.all, Layout.all)
    func float64IsRounded(_ kernels: KernelSet, _ layout: Layout) {
        expectConverted(kernels, Element.float64, float64Samples, layout) { nearestFloat($0) }
    }

    @Test(arguments: KernelSet.all, Layout.all)
    func theFirstComponentThatIsNotFiniteIsFound(_ kernels: KernelSet, _ layout: Layout) {
        let bad64 = [.nan, .signalingNaN, .infinity, -.infinity, 1e39, -3.5e38, halfBeyondFloat]
        let bad32: [Float] = [.nan, .signalingNaN, .infinity, -.infinity, -.nan]
        expectFound(kernels, Element.float64, bad64, layout)
        expectFound(kernels, Element.float32, bad32, layout)
        expectFound(kernels, Element.float16, [0x7c00, 0xfc00, 0x7c01, 0xffff] as [UInt16], layout)
    }

    @Test(arguments: KernelSet.all)
    func allCountsAreConvertedAndNoMore(_ kernels: KernelSet) {
        for count in 0...67 {
            let values = (0..<count).map { Float($0) - 30.5 }
            for layout in Layout.all {
                expectConverted(kernels, Element.float32, values, layout) { $0 }
                expectConverted(kernels, Element.float64, values.map(Double.init), layout) {
                    Float($0)
                }
            }
        }
    }
}

/// The element types, as kernels.h numbers them.
private enum Element {
    static let float32 = Int32(KERNELS_FLOAT32)
    static let float64 = Int32(KERNELS_FLOAT64)
    static let float16 = Int32(KERNELS_FLOAT16)
    static let int8 = Int32(KERNELS_INT8)
    static let uint8 = Int32(KERNELS_UINT8)
}

/// How components lie in memory: `factor` elements and `extra` bytes apart, `offset` bytes behind an
/// aligned address.
struct Layout: CustomTestStringConvertible {
    let testDescription: String
    let factor: Int
    var extra = 0
    var offset = 0

    static let all = [
        Layout(testDescription: "contiguous", factor: 1),
        Layout(testDescription: "contiguous, unaligned", factor: 1, offset: 1),
        Layout(testDescription: "every second", factor: 2),
        Layout(testDescription: "every second, unaligned", factor: 2, offset: 1),
        Layout(testDescription: "odd stride", factor: 1, extra: 1),
        Layout(testDescription: "reversed", factor: -1),
        Layout(testDescription: "reversed, every third, unaligned", factor: -3, offset: 1),
        Layout(testDescription: "one repeated", factor: 0),
    ]

    func stride(_ size: Int) -> Int { factor * size + extra }
}

/// Lays the values out, converts them, and compares bits with `expected` of each.
private func expectConverted<Value: BitwiseCopyable>(
    _ kernels: KernelSet, _ element: Int32, _ values: [Value], _ layout: Layout,
    _ expected: (Value) -> Float
) {
    let seen = layout.factor == 0 ? values.map { _ in values[0] } : values
    let want = seen.map(expected)
    for edge in GuardedMemory.Edge.allCases {
        let (floats, place) = converted(kernels, element, seen, layout, edge)
        let isRight = zip(floats, want).allSatisfy {
            $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN
        }
        #expect(isRight && floats.count == want.count, "\(values.count) of element \(element)")
        #expect(place == want.firstIndex { !$0.isFinite } ?? want.count)
    }
}

/// Puts each bad value at each place of a vector, and a second one at its end.
private func expectFound<Value: Numeric & BitwiseCopyable>(
    _ kernels: KernelSet, _ element: Int32, _ bad: [Value], _ layout: Layout
) {
    for (i, place) in (0..<40).enumerated() where layout.factor != 0 || place == 0 {
        var values = [Value](repeating: 1, count: 40)
        values[39] = bad[0]
        values[place] = bad[i % bad.count]
        #expect(converted(kernels, element, values, layout, .behind).place == place)
    }
}

/// Runs the kernel, from and into memory that ends where the components end.
private func converted<Value: BitwiseCopyable>(
    _ kernels: KernelSet, _ element: Int32, _ values: [Value], _ layout: Layout,
    _ edge: GuardedMemory.Edge
) -> (floats: [Float], place: Int) {
    let size = MemoryLayout<Value>.size
    let stride = layout.stride(size)
    let span = abs(stride) * max(values.count - 1, 0) + size
    let source = GuardedMemory(bytes: span + layout.offset, guarded: edge)
    let lowest = source.start + (edge == .before ? layout.offset : 0)
    let first = stride < 0 ? lowest + (span - size) : lowest
    for (i, value) in values.enumerated() {
        (first + i * stride).storeBytes(of: value, as: Value.self)
    }
    let target = GuardedMemory(bytes: values.count * 4)
    let out = target.start.bindMemory(to: Float.self, capacity: values.count)
    let place = kernels.table.convert(first, element, Int64(stride), UInt64(values.count), out)
    return (Array(UnsafeBufferPointer(start: out, count: values.count)), Int(place))
}
