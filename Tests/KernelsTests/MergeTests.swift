// The kernel that merges against sorting all anew.
// Invariant: on every table the same entries, and none touched before the place returned.

import CIntrinsics
import Testing

@Suite struct MergeTests {
    @Test(arguments: KernelSet.all)
    func keepsTheLeastInOrder(_ kernels: KernelSet) {
        var generator = SeededGenerator(91)
        for count in [4, 8, 12, 44, 80, 256] {
            for freshCount in [4, 8, 16, 32] {
                for kind in Kind.allCases {
                    let entries = kind.numbers(count, &generator).sorted()
                    let fresh = kind.numbers(freshCount, &generator)
                    let (merged, place) = merge(kernels, entries, fresh)
                    #expect(merged == Array((entries + fresh).sorted().prefix(count)), "\(kind)")
                    #expect(place % 4 == 0 && place <= count)
                    #expect(merged[..<place] == entries[..<place])
                    #expect(place == count || entries[place + 3] >= fresh.min()!)
                }
            }
        }
    }

    /// Words whose order as numbers is that as integers: the smallest of them are not normal numbers.
    @Test(arguments: KernelSet.all)
    func wordsKeepTheirBits(_ kernels: KernelSet) {
        var generator = SeededGenerator(92)
        for largest in [UInt64(1) << 33, 1 << 53, 0x7F80_0001_FFFF_FFFF] {
            let words = (0..<40).map { _ in UInt64.random(in: 0...largest, using: &generator) }
            let entries = words[..<32].sorted().map { Double(bitPattern: $0) }
            let fresh = words[32...].map { Double(bitPattern: $0) }
            let merged = merge(kernels, entries, fresh).entries.map(\.bitPattern)
            #expect(merged == Array(words.sorted().prefix(32)))
        }
    }

    private enum Kind: CaseIterable {
        case any, equal, few, zeroOrOne

        func numbers(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
            (0..<count).map { _ in
                switch self {
                case .any: Double.random(in: 0...1e9, using: &generator)
                case .equal: 7
                case .few: Double(Int.random(in: 0..<9, using: &generator))
                case .zeroOrOne: Bool.random(using: &generator) ? 0 : 1
                }
            }
        }
    }

    private func merge(
        _ kernels: KernelSet, _ entries: [Double], _ fresh: [Double]
    ) -> (entries: [Double], place: Int) {
        let (room, given) = (guarded(entries, .behind), guarded(fresh, .behind))
        let numbers = room.start.assumingMemoryBound(to: Double.self)
        let place = kernels.table.merge(
            numbers, UInt64(entries.count), given.start.assumingMemoryBound(to: Double.self),
            UInt64(fresh.count))
        return (entries.indices.map { numbers[$0] }, Int(place))
    }
}
