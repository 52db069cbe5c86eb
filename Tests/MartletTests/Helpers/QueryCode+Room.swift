import Glibc

@testable import Martlet

/// Calls `body` with room for the code of one query; `stride` is in bytes per code.
func withQueryCode<Result>(
    stride: Int, _ body: (QueryCode) throws -> Result
) throws -> Result {
    let memory = try Memory.allocate(Float.self, 4 * stride)
    defer { free(memory) }
    let bytes = UnsafeMutableRawPointer(memory + 2 * stride).bindMemory(
        to: UInt8.self, capacity: 5 * stride)
    return try body(
        QueryCode(
            rotated: memory, steps: memory + stride, code: bytes, tables: bytes + stride))
}
