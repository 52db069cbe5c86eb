// Tests all values of a column: which ones pass, a bit each.
// Invariant: nothing is decided by the value of a null, which is read but may be anything.
//
// Safety: the pointers come from the engine, with the sizes that kernels.h states.

import CIntrinsics

/// See `kernels_select_integers`.
let selectIntegers: kernels_select_integers = { values, valid, count, low, high, words in
    guard let values, let valid, let words else { return }
    // One comparison for both bounds: what is below `low` wraps around to large numbers.
    let width = UInt64(bitPattern: high &- low)
    select(valid, count, words) { UInt64(bitPattern: values[$0] &- low) <= width }
}

/// See `kernels_select_doubles`.
let selectDoubles: kernels_select_doubles = { values, valid, count, low, high, words in
    guard let values, let valid, let words else { return }
    select(valid, count, words) { values[$0] >= low && values[$0] <= high }
}

/// See `kernels_select_byte`.
let selectByte: kernels_select_byte = { values, valid, count, byte, words in
    guard let values, let valid, let words else { return }
    select(valid, count, words) { values[$0] == byte }
}

/// See `kernels_select_number`.
let selectNumber: kernels_select_number = { values, valid, count, number, words in
    guard let values, let valid, let words else { return }
    select(valid, count, words) { values[$0] == number }
}

/// See `kernels_select_numbers`.
let selectNumbers: kernels_select_numbers = { values, valid, count, set, words in
    guard let values, let valid, let set, let words else { return }
    select(valid, count, words) {
        // A null has its bit looked up as if it were 0, wherever its number would lead.
        let number = values[$0] & (0 &- UInt32(truncatingIfNeeded: valid[$0]))
        return set[Int(number &>> 6)] &>> UInt64(number & 63) & 1 == 1
    }
}

/// Writes a word of 64 values at a time. `passes` is asked of nulls too.
@inline(__always)
private func select(
    _ valid: UnsafePointer<UInt8>, _ count: UInt64, _ words: UnsafeMutablePointer<UInt64>,
    _ passes: (Int) -> Bool
) {
    let count = Int(truncatingIfNeeded: count)
    var first = 0
    var word = words
    while first &+ 64 <= count {
        var bits: UInt64 = 0
        for bit in 0..<64 { bits |= (passes(first &+ bit) ? 1 : 0) &<< UInt64(bit) }
        word.pointee = bits & packed(valid + first)
        first &+= 64
        word += 1
    }
    guard first < count else { return }
    var bits: UInt64 = 0
    for i in first..<count where valid[i] == 1 && passes(i) { bits |= 1 &<< UInt64(i &- first) }
    word.pointee = bits
}

/// 64 bytes that are 0 or 1, as bits.
@inline(__always)
private func packed(_ bytes: UnsafePointer<UInt8>) -> UInt64 {
    var bits: UInt64 = 0
    for i in 0..<8 {
        let eight = UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: 8 &* i, as: UInt64.self)
        // The product has byte j's bit at place 56 + j, and no sum below carries into those.
        bits |= ((eight &* 0x0102_0408_1020_4080) &>> 56) &<< UInt64(8 &* i)
    }
    return bits
}
