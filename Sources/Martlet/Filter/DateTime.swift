/// Reads a time as ISO 8601 writes it: a date, or a date and a time of day with `T` or a space
/// between them, perhaps to a fraction of a second, perhaps with `Z` or an offset like `+05:30`.
/// Without one it is UTC. Years have four digits, or a sign and four to six.
///
/// The calendar is Gregorian at all times, and each day has 86,400 seconds.
struct DateTime {
    private let text: UnsafeRawBufferPointer
    private var place = 0

    /// Microseconds since 1970-01-01 00:00 UTC; digits beyond them are cut off. nil if the text is
    /// no such time, or is one that `Int64` cannot hold.
    static func microseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        var reader = DateTime(text: text)
        guard let microseconds = reader.takeAll(), reader.place == text.count else { return nil }
        return Int64(exactly: microseconds)
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    private mutating func takeAll() -> Int128? {
        guard let days = takeDate() else { return nil }
        let midnight = Int128(days) * 86_400_000_000
        guard take("T") || take(" ") else { return midnight }
        guard let time = takeTime(), let offset = takeOffset() else { return nil }
        return midnight + Int128(time) - Int128(offset) * 60_000_000
    }

    /// Days since 1970-01-01.
    private mutating func takeDate() -> Int? {
        guard let year = takeYear(), take("-"), let month = takeNumber(digits: 2), take("-"),
            let day = takeNumber(digits: 2), (1...12).contains(month),
            (1...Self.days(month: month, year: year)).contains(day)
        else { return nil }
        return Self.days(year, month, day)
    }

    private mutating func takeYear() -> Int? {
        let isNegative = take("-")
        let mayBeLong = isNegative || take("+")
        guard var year = takeNumber(digits: 4) else { return nil }
        if mayBeLong {
            for _ in 0..<2 {
                guard let digit = takeNumber(digits: 1) else { break }
                year = year * 10 + digit
            }
        }
        return isNegative ? -year : year
    }

    /// Microseconds since midnight.
    private mutating func takeTime() -> Int? {
        guard let (hour, minute) = takeHourAndMinute() else { return nil }
        let minutes = hour * 60 + minute
        guard take(":") else { return minutes * 60_000_000 }
        guard let second = takeNumber(digits: 2), second < 60 else { return nil }
        let seconds = minutes * 60 + second
        guard take(".") else { return seconds * 1_000_000 }
        return takeMillionths().map { seconds * 1_000_000 + $0 }
    }

    /// The first six digits of a fraction, which may have more.
    private mutating func takeMillionths() -> Int? {
        guard var fraction = takeNumber(digits: 1) else { return nil }
        for _ in 1..<6 { fraction = fraction * 10 + (takeNumber(digits: 1) ?? 0) }
        while takeNumber(digits: 1) != nil {}
        return fraction
    }

    /// Minutes east of Greenwich.
    private mutating func takeOffset() -> Int? {
        if place == text.count || take("Z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let (hour, minute) = takeHourAndMinute() else { return nil }
        return isWest ? -(hour * 60 + minute) : hour * 60 + minute
    }

    private mutating func takeHourAndMinute() -> (Int, Int)? {
        guard let hour = takeNumber(digits: 2), take(":"), let minute = takeNumber(digits: 2),
            hour < 24, minute < 60
        else { return nil }
        return (hour, minute)
    }

    /// A number of exactly so many digits; nil, and nothing is taken, if they are not there.
    private mutating func takeNumber(digits: Int) -> Int? {
        guard text.count - place >= digits else { return nil }
        var number = 0
        for byte in text[place..<place + digits] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        place += digits
        return number
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard place < text.count, text[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }
}

// MARK: - The calendar

extension DateTime {
    private static func days(month: Int, year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days since 1970-01-01, by Hinnant's `days_from_civil` ("chrono-Compatible Low-Level Date
    /// Algorithms"): years begin with March, so that a leap day is the last one of its year, and
    /// 400 years, an era, have 146,097 days.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
