// Conversion of a caller's vectors to float32, from any element type, stride and alignment.
// Invariant: each component is the float nearest to the caller's number, and the first one that is
// not finite is found.
//
// Safety: the source is the caller's memory, whose shape the engine has checked; it is read through
// unaligned loads only, at the places that stride and count name.

import CIntrinsics

/// Converts one strided vector. See `kernels_convert`.
let convert: kernels_convert = { source, element, stride, count, out in
    let count = Int(count)
    guard count > 0, let source, let out else { return 0 }
    switch Int(element) {
    case KERNELS_FLOAT32: walk(.float32, 4, source, Int(stride), count, out)
    case KERNELS_FLOAT64: walk(.float64, 8, source, Int(stride), count, out)
    case KERNELS_FLOAT16: walk(.float16, 2, source, Int(stride), count, out)
    case KERNELS_INT8: walk(.int8, 1, source, Int(stride), count, out)
    case KERNELS_UINT8: walk(.uint8, 1, source, Int(stride), count, out)
    default: preconditionFailure("unknown element type")
    }
    return UInt64(firstNonFinite(out, count))
}

/// A component's number format. Always a constant, so that each loop is compiled for its own.
private enum Element {
    case float32, float64, float16, int8, uint8
}

/// Converts all components; contiguous ones in a loop of their own, which the compiler vectorizes.
@inline(__always)
private func walk(
    _ element: Element, _ size: Int, _ source: UnsafeRawPointer, _ stride: Int, _ count: Int,
    _ out: UnsafeMutablePointer<Float>
) {
    if stride == size {
        loop(element, size, source, count, out)
    } else {
        loop(element, stride, source, count, out)
    }
}

@inline(__always)
private func loop(
    _ element: Element, _ stride: Int, _ source: UnsafeRawPointer, _ count: Int,
    _ out: UnsafeMutablePointer<Float>
) {
    var i = 0
    while i < count {
        out[i] = component(element, source + i &* stride)
        i &+= 1
    }
}

@inline(__always)
private func component(_ element: Element, _ address: UnsafeRawPointer) -> Float {
    switch element {
    case .float32: address.loadUnaligned(as: Float.self)
    case .float64: Float(address.loadUnaligned(as: Double.self))
    case .float16: float(halfBits: address.loadUnaligned(as: UInt16.self))
    case .int8: Float(address.loadUnaligned(as: Int8.self))
    case .uint8: Float(address.loadUnaligned(as: UInt8.self))
    }
}

/// The value of an IEEE 754 binary16, exactly.
///
/// By integer arithmetic: conversion by type would call the compiler's runtime library where the
/// instruction set lacks it, and a program that flushes subnormal floats would lose small halves.
@inline(__always)
private func float(halfBits: UInt16) -> Float {
    let magnitude = UInt32(halfBits & 0x7fff)
    let sign = UInt32(halfBits & 0x8000) << 16
    let rebias: UInt32 = (127 - 15) << 23
    var bits = magnitude << 13 &+ rebias
    if magnitude >= 0x7c00 { bits &+= rebias }
    if magnitude < 0x0400 { bits = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern }
    return Float(bitPattern: bits | sign)
}

/// The place of the first value that is NaN or infinite, or `count`.
@inline(__always)
private func firstNonFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
    if allFinite(values, count) { return count }
    var i = 0
    while i < count && values[i].isFinite { i &+= 1 }
    return i
}

/// Whether no value is NaN or infinite. Those have every exponent bit set, so that one more carries
/// into the sign's place.
@inline(__always)
private func allFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
    var carries: UInt32 = 0
    var i = 0
    while i < count {
        carries |= (values[i].bitPattern & 0x7fff_ffff) &+ 0x0080_0000
        i &+= 1
    }
    return carries >> 31 == 0
}
