import Glibc

/// Texts compared by their bytes.
extension UnsafeRawBufferPointer {
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && hasPrefix(other)
    }

    func hasPrefix(_ prefix: UnsafeRawBufferPointer) -> Bool {
        guard prefix.count <= count else { return false }
        guard let prefixBytes = prefix.baseAddress, let bytes = baseAddress else { return true }
        return memcmp(bytes, prefixBytes, prefix.count) == 0
    }

    /// Less than 0 if this comes before `other`, 0 if they are the same, else more than 0.
    func order(against other: UnsafeRawBufferPointer) -> Int {
        let common = Swift.min(count, other.count)
        if common > 0, let a = baseAddress, let b = other.baseAddress {
            let order = memcmp(a, b, common)
            if order != 0 { return Int(order) }
        }
        return count - other.count
    }
}
