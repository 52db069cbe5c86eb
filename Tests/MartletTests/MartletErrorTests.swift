import Testing

@testable import Martlet

/// Each error is one sentence with the values that explain it.
@Suite struct MartletErrorTests {
    @Test(arguments: [
        (MartletError.invalidArgument("k is -1"), ["k is -1"]),
        (.dimensionMismatch(given: 12, expected: 34), ["12", "34"]),
        (.notFinite(row: 12, column: 34), ["row 12", "column 34"]),
        (.tooLong(row: 12), ["row 12", "\(VectorReader.maxSquaredLength)"]),
        (.tooShort(row: 12), ["row 12", "1e-30", "cosine"]),
        (.idExists(id: -12, row: 34), ["-12", "row 34"]),
        (.idNotFound(id: -12), ["-12"]),
        (.idExists(id: "twelve", row: 34), ["twelve", "row 34"]),
        (.idNotFound(id: "twelve"), ["twelve"]),
        (.badText("row 12"), ["row 12"]),
        (.idKind("strings"), ["strings"]),
        (.bufferTooSmall, ["too small", "size", "count"]),
        (.columnType("row 12"), ["row 12"]),
        (.badFilter("$what"), ["$what"]),
        (.outOfMemory(bytes: 12), ["12 bytes"]),
        (.cancelled, ["cancelled"]),
        (.indexFull("no room"), ["no room"]),
    ])
    func namesItsValues(error: MartletError, words: [String]) {
        for word in words { #expect(error.description.contains(word)) }
    }
}
