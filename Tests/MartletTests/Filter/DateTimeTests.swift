import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct DateTimeTests {
    /// Worked out with Python's datetime and NumPy's datetime64.
    @Test(
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00", 0), ("1970-01-01 00:00:00Z", 0),
            ("1970-01-02", 86_400_000_000), ("1969-12-31T23:59:59.999999Z", -1),
            ("1970-01-01T00:00:00.1", 100_000), ("1970-01-01T00:00:00.000001", 1),
            ("1970-01-01T00:00:00.0000019", 1), ("1969-12-31T23:59:59.9999999999", -1),
            ("2000-02-29T12:34:56.789+05:30", 951_807_896_789_000),
            ("2000-02-29T12:34-00:01", 951_827_700_000_000),
            ("2024-02-29", 1_709_164_800_000_000), ("2024-03-01", 1_709_251_200_000_000),
            ("1900-03-01", -2_203_891_200_000_000), ("1900-02-28", -2_203_977_600_000_000),
            ("2038-01-19T03:14:08Z", 2_147_483_648_000_000),
            ("9999-12-31T23:59:59.999999", 253_402_300_799_999_999),
            ("0001-01-01", -62_135_596_800_000_000), ("0000-01-01", -62_167_219_200_000_000),
            ("-0001-01-01", -62_198_755_200_000_000), ("+2024-02-29", 1_709_164_800_000_000),
            ("-290308-12-21T19:59:05.224192Z", .min), ("+294247-01-10T04:00:54.775807Z", .max),
            ("+294247-01-10T05:00:54.775807+01:00", .max),
        ] as [(String, Int64)])
    func reads(text: String, microseconds: Int64) {
        #expect(self.microseconds(text) == microseconds)
    }

    @Test(arguments: [
        "", "2024", "2024-05", "2024-5-31", "24-05-31", "12024-05-31", "2024-00-10", "2024-13-01",
        "2024-04-31", "2023-02-29", "1900-02-29", "2024-01-00", "2024/05/31", "20240531",
        "2024-05-31T", "2024-05-31T12", "2024-05-31T24:00", "2024-05-31T12:60",
        "2024-05-31T12:00:60",
        "2024-05-31T12:00:00.", "2024-05-31T12:00:00,5", "2024-05-31T12:00:00.5x",
        "2024-05-31Z", "2024-05-31+01:00", "2024-05-31T12:00+1:00", "2024-05-31T12:00+0100",
        "2024-05-31T12:00+24:00", "2024-05-31T12:00+01:60", "2024-05-31T12:00ZZ",
        "2024-05-31T12:00z",
        " 2024-05-31", "2024-05-31 ", "2024-05-31\0", "2024-05-3１", "now", "+-2024-01-01",
        "+2024567-01-01", "-290308-12-21T19:59:05.224191Z", "+294247-01-10T04:00:54.775808Z",
        "+294247-01-10T04:00:54.775807-00:01", "+999999-12-31", "-999999-01-01",
    ])
    func refuses(text: String) { #expect(microseconds(text) == nil) }

    /// Every day of 900 years, counted on one by one.
    @Test func countsDays() throws {
        var day: Int64 = -62_167_219_200_000_000 / 86_400_000_000
        for year in 0..<900 {
            for month in 1...12 {
                let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
                let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
                let length = lengths[month - 1] + (month == 2 && isLeap ? 1 : 0)
                for date in 1...length {
                    let text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(date, 2))"
                    try #require(microseconds(text) == day * 86_400_000_000, "\(text)")
                    day += 1
                }
                let behind = "\(padded(year, 4))-\(padded(month, 2))-\(length + 1)"
                try #require(microseconds(behind) == nil, "\(behind)")
            }
        }
    }

    @Test func damagedTextsDoNotTrap() {
        var generator = SeededGenerator(5)
        let texts = ["-290308-12-21T19:59:05.224192Z", "2024-02-29 12:30:00.25+02:00"].map {
            Array($0.utf8)
        }
        var read = 0
        for _ in 0..<20_000 {
            var text = texts.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                text[text.indices.randomElement(using: &generator)!] =
                    Bool.random(using: &generator)
                    ? .random(in: 0...255, using: &generator)
                    : .random(in: 48...57, using: &generator)
            }
            text.removeLast(.random(in: 0...2, using: &generator))
            if text.withUnsafeBytes({ DateTime.microseconds($0) }) != nil { read += 1 }
        }
        #expect(read > 100)
    }

    private func microseconds(_ text: String) -> Int64? {
        Array(text.utf8).withUnsafeBytes { DateTime.microseconds($0) }
    }

    private func padded(_ number: Int, _ digits: Int) -> String {
        String(repeating: "0", count: max(digits - "\(number)".count, 0)) + "\(number)"
    }
}
