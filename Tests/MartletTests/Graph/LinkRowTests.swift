import Testing

@testable import Martlet

@Suite struct LinkRowTests {
    @Test func growsAndEmpties() {
        var memory = [UInt32](repeating: LinkTable.none, count: 6)
        memory[5] = 77
        memory.withUnsafeMutableBufferPointer { memory in
            var row = LinkRow(links: memory.baseAddress!, width: 5, count: 0)
            for slot in [4, 0, 9] as [UInt32] { row.append(slot) }
            #expect(row.count == 3 && Array(memory[..<3]) == [4, 0, 9])
            #expect(row.contains(0) && row.contains(9))
            #expect(!row.contains(5) && !row.contains(LinkTable.none))
            row.removeAll()
            #expect(row.count == 0 && !row.contains(4))
            #expect(memory[..<5].allSatisfy { $0 == LinkTable.none } && memory[5] == 77)
        }
    }

    @Test func continuesAnExistingRow() {
        var memory: [UInt32] = [3, 8, LinkTable.none, LinkTable.none]
        memory.withUnsafeMutableBufferPointer { memory in
            var row = LinkRow(links: memory.baseAddress!, width: 4, count: 2)
            row.append(1)
            #expect(row.contains(8) && Array(memory) == [3, 8, 1, LinkTable.none])
        }
    }
}
