import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct TextOutputTests {
    private static let texts = ["one", "", "é", "\0"]

    @Test func textsLieOneAfterTheOther() throws {
        let (output, data, offsets) = try write(Self.texts, capacity: 6, offsetCapacity: 5)
        #expect(String(decoding: data, as: UTF8.self) == "oneé\0")
        #expect(offsets == [0, 3, 3, 5, 6])
        #expect(output.size == 6 && output.count == 4)
    }

    @Test func moreRoomThanNeededIsLeftAlone() throws {
        let (output, data, offsets) = try write(Self.texts, capacity: 9, offsetCapacity: 7)
        #expect(data.suffix(3) == [9, 9, 9] && offsets.suffix(2) == [9, 9])
        #expect(output.size == 6 && output.count == 4)
    }

    @Test func noTextsHaveOneOffset() throws {
        let (output, _, offsets) = try write([], capacity: 0, offsetCapacity: 1)
        #expect(offsets == [0] && output.size == 0 && output.count == 0)
    }

    @Test(arguments: [(5, 5), (6, 4), (0, 0), (0, 5), (6, 0)])
    func tooLittleRoomIsToldWithTheSizes(capacity: Int, offsetCapacity: Int) {
        var data = [UInt8](repeating: 9, count: capacity)
        var offsets = [Int64](repeating: 9, count: offsetCapacity)
        data.withUnsafeMutableBytes { data in
            offsets.withUnsafeMutableBufferPointer { offsets in
                var output = TextOutput(
                    data: data.baseAddress, capacity: capacity, offsets: offsets.baseAddress,
                    offsetCapacity: offsetCapacity)
                #expect(throws: MartletError.bufferTooSmall) { try output.write(Self.texts) }
                #expect(output.size == 6 && output.count == 4)
            }
        }
        #expect(data.allSatisfy { $0 == 9 } && offsets.allSatisfy { $0 == 9 })
    }

    @Test func roomMustBeSomewhere() {
        var nowhere = TextOutput(data: nil, capacity: 1, offsets: nil, offsetCapacity: 0)
        #expect(throws: MartletError.self) { try nowhere.write([]) }
        nowhere = TextOutput(data: nil, capacity: 0, offsets: nil, offsetCapacity: 1)
        #expect {
            try nowhere.write([])
        } throws: { error in
            guard case .invalidArgument(let sentence) = error as? MartletError else { return false }
            return sentence.contains("NULL")
        }
    }

    private func write(
        _ texts: [String], capacity: Int, offsetCapacity: Int
    ) throws -> (TextOutput, [UInt8], [Int64]) {
        var data = [UInt8](repeating: 9, count: capacity)
        var offsets = [Int64](repeating: 9, count: offsetCapacity)
        let output = try data.withUnsafeMutableBytes { data in
            try offsets.withUnsafeMutableBufferPointer { offsets in
                var output = TextOutput(
                    data: data.baseAddress, capacity: capacity, offsets: offsets.baseAddress,
                    offsetCapacity: offsetCapacity)
                try output.write(texts)
                return output
            }
        }
        return (output, data, offsets)
    }
}

extension TextOutput {
    fileprivate mutating func write(_ texts: [String]) throws(MartletError) {
        let given = GivenStrings(texts)
        defer { withExtendedLifetime(given) {} }
        try write(count: texts.count) { given.strings[$0] }
    }
}
