import Glibc
import Testing

@testable import Martlet

@Suite struct AppendArrayTests {
    @Test func growingKeepsTheContentAndHandsTheOldTableBack() throws {
        var array = AppendArray<Int64>()
        defer { array.free() }
        var count = 0
        for needed in [1, 1, 5, 1000, 1000, 70_000, 1_200_000] {
            let (base, capacity) = (array.base, array.capacity)
            let outgrown = try array.reserve(needed, keeping: count)
            #expect(array.capacity >= needed)
            #expect((array.base == base) == (needed <= capacity))
            #expect(
                outgrown == (needed <= capacity ? nil : base.map { UnsafeMutableRawPointer($0) }))
            free(outgrown)
            for i in count..<needed { array[i] = Int64(i * i) }
            count = needed
            #expect((0..<count).allSatisfy { array[$0] == Int64($0 * $0) })
        }
    }

    @Test func aCopyIsATableOfItsOwn() throws {
        var array = AppendArray<Int64>()
        defer { array.free() }
        let empty = try array.copy(0, room: 10)
        #expect(empty.capacity >= 10)
        empty.free()
        _ = try array.reserve(100, keeping: 0)
        for i in 0..<100 { array[i] = Int64(i) }
        for (count, room) in [(100, 100), (7, 7), (100, 5000)] {
            let copy = try array.copy(count, room: room)
            defer { copy.free() }
            #expect(copy.base != array.base && copy.capacity >= max(room, array.capacity))
            #expect((0..<count).allSatisfy { copy[$0] == Int64($0) })
            copy[0] = 9
            #expect(array[0] == 0)
        }
    }

    @Test(arguments: [1 << 44, 1 << 58, Int.max])
    func moreThanMemoryThrowsAndChangesNothing(needed: Int) throws {
        var array = AppendArray<Int64>()
        defer { array.free() }
        _ = try array.reserve(3, keeping: 0)
        array[2] = 7
        let base = array.base
        let bytes = needed.multipliedReportingOverflow(by: 8)
        #expect(throws: MartletError.outOfMemory(bytes: bytes.overflow ? .max : bytes.partialValue))
        {
            _ = try array.reserve(needed, keeping: 3)
        }
        #expect(array.base == base && array.capacity < needed && array[2] == 7)
    }

    @Test(arguments: [1, 100, 1 << 20])
    func memoryIsAligned(count: Int) throws {
        let memory = try Memory.allocate(Float.self, count)
        defer { free(memory) }
        let alignment = count * 4 >= 2 * Memory.hugePage ? Memory.hugePage : 64
        #expect(Int(bitPattern: memory) % alignment == 0)
    }
}
