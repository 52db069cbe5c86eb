/// From an operand to a test, by the column's type.
extension ConditionParser {
    func test(_ comparison: Comparison, _ operand: Operand) throws(MartletError) -> Test {
        switch column.type {
        case .int64, .datetime:
            return try integers(comparison, operand).map { .integers($0) } ?? .nothing
        case .float64: return try doubles(comparison, operand).map { .doubles($0) } ?? .nothing
        case .string: return try text(comparison, operand)
        case .bool, .tags, .json:
            guard comparison == .equal else { throw unfit(operand, "numbers, times and strings") }
            if column.type == .bool { return .bool(try bool(operand) ? 1 : 0) }
            return try tagList(operand).map { .tagLists([$0]) } ?? .nothing
        }
    }

    private func bool(_ operand: Operand) throws(MartletError) -> Bool {
        guard case .bool(let bool) = operand.value else { throw wrong(operand, "true or false") }
        return bool
    }

    private func integers(
        _ comparison: Comparison, _ operand: Operand
    ) throws(MartletError) -> ClosedRange<Int64>? {
        switch operand.value {
        case .integer(let integer): return comparison.integers(integer)
        case .double(let double): return comparison.integers(double)
        case .string(let text) where column.type == .datetime:
            guard let time = DateTime.microseconds(text) else { throw wrong(operand, Self.time) }
            return comparison.integers(time)
        default: throw wrong(operand, column.type == .datetime ? Self.time : "a number")
        }
    }

    private static let time =
        "a time such as \"2024-05-31\" or \"2024-05-31T12:30:00.25+02:00\", between the years "
        + "-290308 and 294247, or a number of microseconds since 1970"

    private func doubles(
        _ comparison: Comparison, _ operand: Operand
    ) throws(MartletError) -> ClosedRange<Double>? {
        switch operand.value {
        case .integer(let integer): return comparison.doubles(integer)
        case .double(let double): return comparison.doubles(double)
        default: throw wrong(operand, "a number")
        }
    }

    private func text(
        _ comparison: Comparison, _ operand: Operand
    ) throws(MartletError) -> Test {
        let text = try string(operand)
        guard comparison == .equal else {
            return try texts { comparison.includes(order: $0.order(against: text)) }
        }
        return try column.number(of: text).map { .text($0) } ?? .nothing
    }

    private func string(_ operand: Operand) throws(MartletError) -> UnsafeRawBufferPointer {
        guard case .string(let text) = operand.value else { throw wrong(operand, "a string") }
        return text
    }

    /// The numbers of the tags in a list; nil if one of them is unknown, so that no slot has that
    /// list.
    private func tagList(_ operand: Operand) throws(MartletError) -> [UInt32]? {
        guard case .array(let list) = operand.value else {
            throw wrong(operand, "a list of strings")
        }
        var numbers: [UInt32]? = []
        for tag in list {
            guard case .string(let text) = tag else {
                throw wrong(operand, "a list of strings only")
            }
            if let number = try column.number(of: text) {
                numbers?.append(number)
            } else {
                numbers = nil
            }
        }
        return numbers
    }
}

// MARK: - One of a list

extension ConditionParser {
    /// Passes values that are one of the list's, whatever nulls it has.
    func oneOf(_ list: JSON.List, _ taker: Operator) throws(MartletError) -> Test {
        switch column.type {
        case .bool: return try oneOfBools(list, taker)
        case .int64, .datetime: return try oneOfIntegers(list, taker)
        case .float64: return try oneOfDoubles(list, taker)
        case .string: return try oneOfTexts(list, taker)
        case .tags, .json: return try oneOfTagLists(list, taker)
        }
    }

    /// Runs `body` on all elements but nulls.
    private func forEach(
        in list: JSON.List, _ taker: Operator, _ body: (Operand) throws(MartletError) -> Void
    ) throws(MartletError) {
        var element = 0
        for value in list {
            if !value.isNull { try body(Operand(taker: taker, value: value, element: element)) }
            element += 1
        }
    }

    private func oneOfBools(_ list: JSON.List, _ taker: Operator) throws(MartletError) -> Test {
        var (hasTrue, hasFalse) = (false, false)
        try forEach(in: list, taker) { operand throws(MartletError) in
            if try bool(operand) { hasTrue = true } else { hasFalse = true }
        }
        if hasTrue && hasFalse { return .anything }
        return hasTrue ? .bool(1) : hasFalse ? .bool(0) : .nothing
    }

    private func oneOfIntegers(_ list: JSON.List, _ taker: Operator) throws(MartletError) -> Test {
        let set = try WordSet(room: list.count)
        try forEach(in: list, taker) { operand throws(MartletError) in
            guard let integer = try integers(.equal, operand) else { return }
            set.insert(UInt64(bitPattern: integer.lowerBound))
        }
        return .oneOfIntegers(set)
    }

    private func oneOfDoubles(_ list: JSON.List, _ taker: Operator) throws(MartletError) -> Test {
        let set = try WordSet(room: list.count)
        try forEach(in: list, taker) { operand throws(MartletError) in
            guard let double = try doubles(.equal, operand) else { return }
            // -0 + 0 is +0.
            set.insert((double.lowerBound + 0).bitPattern)
        }
        return .oneOfDoubles(set)
    }

    private func oneOfTexts(_ list: JSON.List, _ taker: Operator) throws(MartletError) -> Test {
        let set = try TextSet(count: column.texts?.count ?? 0)
        try forEach(in: list, taker) { operand throws(MartletError) in
            if let number = try column.number(of: try string(operand)) { set.bitmap.insert(number) }
        }
        return .oneOfTexts(set)
    }

    private func oneOfTagLists(_ list: JSON.List, _ taker: Operator) throws(MartletError) -> Test {
        var lists: [[UInt32]] = []
        try forEach(in: list, taker) { operand throws(MartletError) in
            if let tags = try tagList(operand) { lists.append(tags) }
        }
        return lists.isEmpty ? .nothing : .tagLists(lists)
    }
}
