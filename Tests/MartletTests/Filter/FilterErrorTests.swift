import MartletTestSupport
import Testing

@testable import Martlet

/// What is refused as a filter, and what the sentence must say.
@Suite struct FilterErrorTests {
    private static let columns: [(String, ColumnType)] = [
        ("flag", .bool), ("year", .int64), ("price", .float64), ("lang", .string),
        ("at", .datetime),
        ("tags", .tags), ("doc", .json),
    ]

    @Test(arguments: [
        // JSON.
        ("", ["JSON", "byte 0"]), ("{\"year\": 1", ["JSON", "byte 10"]),
        ("[]", ["a list", "object"]),
        ("null", ["null", "object"]), ("\"year\"", ["string \"year\"", "object"]),
        (#"{"year": 1, "year": 2}"#, ["\"year\" stands twice"]),
        (#"{"year": {"$gt": 1, "$gt": 2}}"#, ["\"$gt\" stands twice"]),
        // Fields.
        (#"{"yaer": 1}"#, ["unknown field \"yaer\"", "the columns are \"year\", "]),
        (#"{"": 1}"#, ["unknown field \"\""]),
        (#"{"$or": [{"Year": 1}]}"#, ["unknown field \"Year\""]),
        // Operators.
        (#"{"$nor": []}"#, ["unknown operator \"$nor\"", "$and, $or and $not"]),
        (#"{"$eq": 1}"#, ["unknown operator \"$eq\"", "$and, $or and $not"]),
        (#"{"year": {"$regex": 1}}"#, ["\"year\" (int64)", "\"$regex\"", "$eq, $ne, $gt"]),
        (#"{"year": {"gte": 1}}"#, ["\"year\" (int64)", "\"gte\"", "$gte"]),
        (#"{"year": {"$and": []}}"#, ["\"$and\"", "$startswith"]),
        (#"{"year": {}}"#, ["\"year\" (int64)", "empty object", "$startswith"]),
        (#"{"year": {"$not": {}}}"#, ["\"year\" (int64)", "empty object"]),
        (#"{"year": {"$not": 1}}"#, ["$not", "\"year\"", "given 1", "object"]),
        (#"{"$and": {}}"#, ["$and", "an object", "list of filters"]),
        (#"{"$or": [{}, 1]}"#, ["element 1 of $or", "is 1"]),
        (#"{"$not": []}"#, ["$not", "a list", "a filter"]),
        // Operands.
        (#"{"year": "2020"}"#, ["$eq on \"year\" (int64)", "the string \"2020\"", "a number"]),
        (#"{"year": true}"#, ["$eq on \"year\" (int64)", "true", "a number"]),
        (#"{"year": [2020]}"#, ["$eq on \"year\" (int64)", "a list", "a number"]),
        (#"{"year": {"$gte": null}}"#, ["$gte on \"year\" (int64)", "null", "a number"]),
        (#"{"year": {"$in": 1}}"#, ["$in on \"year\" (int64)", "given 1", "a list"]),
        (#"{"year": {"$in": [1, null, "x"]}}"#, ["$in", "the string \"x\"", "element 2"]),
        (#"{"year": {"$nin": [[]]}}"#, ["$nin", "a list", "element 0"]),
        (#"{"year": {"$exists": 1}}"#, ["$exists on \"year\"", "given 1", "true or false"]),
        (#"{"year": {"$exists": null}}"#, ["$exists", "null", "true or false"]),
        (#"{"year": {"$contains": "x"}}"#, ["$contains is for tags", "\"year\" (int64)"]),
        (#"{"tags": {"$startswith": "x"}}"#, ["$startswith is for strings", "\"tags\" (tags)"]),
        (#"{"price": "1"}"#, ["\"price\" (float64)", "the string \"1\"", "a number"]),
        (#"{"price": {"$in": [false]}}"#, ["\"price\" (float64)", "false", "a number"]),
        (#"{"flag": 1}"#, ["\"flag\" (bool)", "given 1", "true or false"]),
        (
            #"{"flag": {"$gt": false}}"#,
            ["$gt is for numbers, times and strings", "\"flag\" (bool)"]
        ),
        (#"{"flag": {"$in": [true, "false"]}}"#, ["\"flag\" (bool)", "the string \"false\""]),
        (#"{"lang": 5}"#, ["\"lang\" (string)", "given 5", "a string"]),
        (#"{"lang": {"$startswith": null}}"#, ["$startswith", "null", "a string"]),
        (#"{"lang": {"$in": [2.5]}}"#, ["\"lang\" (string)", "2.5", "a string"]),
        (#"{"lang": {"$lt": {"a": 1}}}"#, ["\"lang\" (string)", "an object", "a string"]),
        (#"{"lang": {"$eq": {"$in": []}}}"#, ["\"lang\" (string)", "an object", "a string"]),
        (#"{"at": "yesterday"}"#, ["\"at\" (datetime)", "\"yesterday\"", "\"2024-05-31\""]),
        (#"{"at": {"$lt": true}}"#, ["\"at\" (datetime)", "true", "microseconds"]),
        (#"{"at": "300000-01-01"}"#, ["\"at\" (datetime)", "294247"]),
        (#"{"tags": "x"}"#, ["\"tags\" (tags)", "the string \"x\"", "a list of strings"]),
        (#"{"tags": ["x", 1]}"#, ["\"tags\" (tags)", "a list of strings only"]),
        (
            #"{"tags": {"$in": [["x"], "x"]}}"#,
            ["\"tags\" (tags)", "element 1", "a list of strings"]
        ),
        (#"{"tags": {"$gt": []}}"#, ["$gt", "\"tags\" (tags)"]),
        (#"{"tags": {"$contains": ["x"]}}"#, ["$contains", "a list", "a string"]),
        (#"{"doc": "{}"}"#, ["\"doc\" (json)", "$exists only"]),
        (#"{"doc": null}"#, ["\"doc\" (json)", "$exists only"]),
        (#"{"doc": {"$not": {"$in": []}}}"#, ["\"doc\" (json)", "$exists only", "$in"]),
        // Messages stay short and on one line.
        (
            "{\"lang\": [], \"\(String(repeating: "x\\n", count: 1000))\": 1}",
            ["\"lang\" (string)", "a list"]
        ),
        ("{\"\(String(repeating: "é\\n", count: 1000))\": 1}", ["é é é", "...\""]),
    ])
    func saysWhatIsWrong(filter: String, words: [String]) throws {
        let columns = try Self.columns.map { try TestColumn($0.0, $0.1, []) }
        try expect(filter, columns, words)
    }

    @Test func namesTheNearestOfManyColumns() throws {
        try expect(#"{"x": 1}"#, [], ["there are no columns"])
        let names = (0..<20).map { "column \($0)" } + ["colour"]
        let columns = try names.map { try TestColumn($0, .bool, []) }
        try expect(#"{"color": 1}"#, columns, ["\"colour\", \"column 0\", ", "and 13 others"])
        // Names that look alike are different.
        let accented = try TestColumn("\u{e9}", .bool, [])
        try expect("{\"e\u{301}\": true}", [accented], ["unknown field"])
        try bitmap("{\"\u{e9}\": true}", [accented], count: 1).free()
    }

    private func expect(_ filter: String, _ columns: [TestColumn], _ words: [String]) throws {
        let error = #expect(throws: MartletError.self) {
            try bitmap(filter, columns, count: 100).free()
        }
        guard case .badFilter(let sentence) = error else {
            Issue.record("\(filter): \(String(describing: error))")
            return
        }
        for word in words { #expect(sentence.contains(word), "\(sentence)") }
        #expect(sentence.utf8.count < 500 && !sentence.contains("\n"), "\(sentence)")
    }
}
