// Codes of links, of one bit per component, and distances estimated by them.
// Invariant: the sums of bits are whole numbers, the same on every instruction set; what is made of
// them is not (fused operations).
//
// With o - c the difference of two nodes' codes and b its signs, and S(v) the sum of v with the
// signs b, a query's squared distance from o is estimated by that from c:
//
//     |q - o|^2 = |q - c|^2 + |o - c|^2 - 2 f (S(q) - S(c)),    f = |o - c|^2 / S(o - c)
//
// (RaBitQ, Gao & Long, SIGMOD 2024, as SymphonyQG uses it, Gou et al., SIGMOD 2025.) A link's factor
// is 2 f; its term is all else that is known beforehand: |o - c|^2 + 2 f S(c).
//
// Safety: the pointers come from the engine, with the sizes and alignments that kernels.h states.

import CIntrinsics

/// See `kernels_encode_links`.
let encodeLinks: kernels_encode_links = { node, codes, stride, slots, count, out in
    guard let node, let codes, let slots, let out else { return }
    let stride = Int(truncatingIfNeeded: stride)
    let factors = out.assumingMemoryBound(to: Float.self)
    factors.update(repeating: 0, count: 64 &+ stride)
    var whole: UInt32 = 0
    for i in 0..<stride { whole &+= UInt32(node[i]) }
    // Bits lie by link at first, 32 components of one in a word.
    let signs = (out + 256).assumingMemoryBound(to: UInt32.self)
    for link in 0..<min(Int(truncatingIfNeeded: count), 32) {
        let difference = intrinsics_compare_codes(
            node, codes + Int(slots[link]) &* stride, Int64(stride / 32), signs + link)
        let squares = Float(difference.squares)
        let factor = difference.magnitude > 0 ? 2 * squares / Float(difference.magnitude) : 0
        factors[link] = factor
        factors[32 &+ link] = squares + factor * (2 * Float(difference.sum) - Float(whole))
    }
    for piece in 0..<stride / 32 { sortBits(UnsafeMutableRawPointer(signs + 32 &* piece)) }
}

/// Sorts 32 components' bits of 32 links by component.
@inline(__always)
private func sortBits(_ bits: UnsafeMutableRawPointer) {
    let lower = bits.load(as: SIMD16<UInt32>.self)
    let upper = bits.load(fromByteOffset: 64, as: SIMD16<UInt32>.self)
    for four in 0..<8 {
        let shift = SIMD16(repeating: UInt32(truncatingIfNeeded: 4 &* four))
        let halves = (lower &>> shift) & 15 | ((upper &>> shift) & 15) &<< 4
        bits.storeBytes(
            of: SIMD16<UInt8>(truncatingIfNeeded: halves), toByteOffset: 16 &* four,
            as: SIMD16<UInt8>.self)
    }
}

/// See `kernels_make_lookup`.
let makeLookup: kernels_make_lookup = { row, factor, offsets, components, tables in
    guard let row = UnsafeRawPointer(row), let offsets = UnsafeRawPointer(offsets), let tables
    else {
        return kernels_lookup()
    }
    let count = Int(truncatingIfNeeded: components)
    let values = ShiftedRow(row: row, factor: factor, offsets: offsets)
    var widest = SIMD2<Float>.zero
    var i = 0
    while i < count {
        let fours = sumsOfFour(magnitudes(values[i]))
        widest = widest.replacing(with: fours, where: fours .> widest)
        i &+= 8
    }
    let range = max(widest[0], widest[1])
    // Four may be rounded up by half a unit each.
    let unit = range > 0 ? range / 61 : 1
    let scale = 1 / unit
    var total = SIMD8<Float>.zero
    i = 0
    while i < count {
        // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
        let sums = values[i] * scale + 12_582_912
        let rounded = sums - 12_582_912
        let magnitudes = magnitudes(rounded)
        let least = (sumsOfFour(magnitudes) - sumsOfFour(rounded)) * 0.5 + 12_582_912
        let bytes = SIMD8<UInt8>(
            truncatingIfNeeded: unsafeBitCast(sums, to: SIMD8<UInt32>.self))
        let above = SIMD2<UInt8>(
            truncatingIfNeeded: unsafeBitCast(least, to: SIMD2<UInt32>.self))
        writeSubsetSums(bytes.lowHalf, above: above[0], to: tables + 4 &* i)
        writeSubsetSums(bytes.highHalf, above: above[1], to: tables + (4 &* i &+ 16))
        total += magnitudes
        i &+= 8
    }
    // The signs' sum is twice the sum of what has its own sign, less that of all magnitudes.
    return kernels_lookup(
        tables: UnsafePointer(tables), components: components, unit: 2 * unit,
        base: -unit * total.sum())
}

/// A query as codes see it: row[j] * factor - offsets[j].
private struct ShiftedRow {
    let row: UnsafeRawPointer
    let factor: Float
    let offsets: UnsafeRawPointer

    /// Eight components from `i` on.
    @inline(__always)
    subscript(i: Int) -> SIMD8<Float> {
        row.load(fromByteOffset: i &* 4, as: SIMD8<Float>.self) * factor
            - offsets.load(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
    }
}

@inline(__always)
private func magnitudes(_ values: SIMD8<Float>) -> SIMD8<Float> {
    let positive = intrinsics_not_negative(values)
    return positive + positive - values
}

@inline(__always)
private func sumsOfFour(_ values: SIMD8<Float>) -> SIMD2<Float> {
    let pairs = values.evenHalf + values.oddHalf
    return pairs.evenHalf + pairs.oddHalf
}

/// Writes the sums of all subsets of four whole numbers, above the least of these sums. Numbers are taken
/// by their last eight bits, as are the sums, of which no more are ever needed.
@inline(__always)
private func writeSubsetSums(
    _ values: SIMD4<UInt8>, above least: UInt8, to table: UnsafeMutablePointer<UInt8>
) {
    let (no, all) = (UInt8(0), UInt8.max)
    let ones = SIMD16(no, all, no, all, no, all, no, all, no, all, no, all, no, all, no, all)
    let twos = SIMD16(no, no, all, all, no, no, all, all, no, no, all, all, no, no, all, all)
    let fours = SIMD16(no, no, no, no, all, all, all, all, no, no, no, no, all, all, all, all)
    let eights = SIMD16(no, no, no, no, no, no, no, no, all, all, all, all, all, all, all, all)
    let lower = (ones & values[0]) &+ (twos & values[1])
    let upper = (fours & values[2]) &+ (eights & values[3])
    UnsafeMutableRawPointer(table).storeBytes(
        of: lower &+ upper &+ least, as: SIMD16<UInt8>.self)
}

/// See `kernels_estimate`.
let estimate: kernels_estimate = { query, links, distance, bound, out in
    guard let query = query?.pointee, let tables = UnsafeRawPointer(query.tables), let links,
        let out
    else { return 0 }
    out.update(repeating: 0, count: 32)
    let bytes = Int(truncatingIfNeeded: query.components) &* 4
    var offset = 0
    while offset < bytes {
        let pieces = min(512, (bytes &- offset) / 32)
        intrinsics_add_lookups(links + 256 + offset, tables + offset, Int64(pieces), out)
        offset &+= 32 &* pieces
    }
    let eights = EightLinks(links: links, query: query, distance: distance, bound: bound)
    return eights.estimate(out, from: 0) | eights.estimate(out, from: 8)
        | eights.estimate(out, from: 16) | eights.estimate(out, from: 24)
}

private struct EightLinks {
    let links: UnsafeRawPointer
    let query: kernels_lookup
    let distance: Float
    let bound: Float

    /// Replaces the sums of eight links by estimates; returns the bits of those below the bound.
    @inline(__always)
    func estimate(_ sums: UnsafeMutablePointer<Float>, from first: Int) -> UInt32 {
        let sums = UnsafeMutableRawPointer(sums + first)
        let factors = links.load(fromByteOffset: 4 &* first, as: SIMD8<Float>.self)
        let terms = links.load(fromByteOffset: 128 &+ 4 &* first, as: SIMD8<Float>.self)
        let signed = intrinsics_multiply_add(
            sums.load(as: SIMD8<Float>.self), SIMD8(repeating: query.unit),
            SIMD8(repeating: query.base))
        let estimates = intrinsics_not_negative(
            intrinsics_multiply_add(-factors, signed, terms + distance))
        sums.storeBytes(of: estimates, as: SIMD8<Float>.self)
        return intrinsics_lanes_below(estimates, bound) &<< UInt32(truncatingIfNeeded: first)
    }
}
