/// What may stand in the operator object of a field.
enum Operator: String, CaseIterable {
    case equal = "$eq"
    case notEqual = "$ne"
    case greater = "$gt"
    case greaterOrEqual = "$gte"
    case less = "$lt"
    case lessOrEqual = "$lte"
    case oneOf = "$in"
    case noneOf = "$nin"
    case exists = "$exists"
    case contains = "$contains"
    case startsWith = "$startswith"
    case not = "$not"
}

/// A value that an operator is given.
struct Operand {
    let taker: Operator
    let value: JSON.Value
    /// Its place, if it stands in the list that the operator is given.
    var element: Int?
}

/// Reads the conditions on one column.
struct ConditionParser {
    let column: ColumnView

    /// Of what follows the field's name.
    func condition(_ value: JSON.Value) throws(MartletError) -> Filter {
        guard case .object(let members) = value else {
            return try condition(Operand(taker: .equal, value: value))
        }
        return try conditions(members)
    }

    private func conditions(_ members: JSON.Members) throws(MartletError) -> Filter {
        guard members.count > 0 else {
            throw .badFilter("the condition on \(name) is an empty object; \(Self.operators)")
        }
        var parts: [Filter] = []
        for (key, value) in members {
            guard let taker = Operator(rawValue: String(decoding: key, as: UTF8.self)) else {
                throw .badFilter(
                    "the condition on \(name) has an unknown operator \(JSON.quoted(key)); "
                        + Self.operators)
            }
            parts.append(try condition(Operand(taker: taker, value: value)))
        }
        return .all(of: parts)
    }

    private func condition(_ operand: Operand) throws(MartletError) -> Filter {
        guard column.type != .json || operand.taker == .exists || operand.taker == .not else {
            throw .badFilter(
                "\(name) can be tested by $exists only, not by \(operand.taker.rawValue)")
        }
        switch operand.taker {
        case .equal: return try equal(operand)
        case .notEqual: return .not(try equal(operand))
        case .greater: return .test(column, try test(.greater, operand))
        case .greaterOrEqual: return .test(column, try test(.greaterOrEqual, operand))
        case .less: return .test(column, try test(.less, operand))
        case .lessOrEqual: return .test(column, try test(.lessOrEqual, operand))
        case .oneOf: return try oneOf(operand)
        case .noneOf: return .not(try oneOf(operand))
        case .exists: return try exists(operand)
        case .contains: return .test(column, try contains(operand))
        case .startsWith: return .test(column, try startsWith(operand))
        case .not:
            guard case .object(let members) = operand.value else {
                throw wrong(operand, "an object of operators")
            }
            return .not(try conditions(members))
        }
    }

    /// Passes what has no value.
    private var isNull: Filter { .not(.test(column, .anything)) }

    private func equal(_ operand: Operand) throws(MartletError) -> Filter {
        if operand.value.isNull { return isNull }
        return .test(column, try test(.equal, operand))
    }

    private func oneOf(_ operand: Operand) throws(MartletError) -> Filter {
        guard case .array(let list) = operand.value else { throw wrong(operand, "a list") }
        let test = Filter.test(column, try oneOf(list, operand.taker))
        return list.contains { $0.isNull } ? .any([test, isNull]) : test
    }

    private func exists(_ operand: Operand) throws(MartletError) -> Filter {
        guard case .bool(let exists) = operand.value else { throw wrong(operand, "true or false") }
        return exists ? .test(column, .anything) : isNull
    }

    private func contains(_ operand: Operand) throws(MartletError) -> Test {
        guard column.type == .tags else { throw unfit(operand, "tags") }
        guard case .string(let tag) = operand.value else { throw wrong(operand, "a string") }
        return try column.number(of: tag).map { .tag($0) } ?? .nothing
    }

    private func startsWith(_ operand: Operand) throws(MartletError) -> Test {
        guard column.type == .string else { throw unfit(operand, "strings") }
        guard case .string(let prefix) = operand.value else { throw wrong(operand, "a string") }
        return try texts { $0.hasPrefix(prefix) }
    }

    /// The strings that pass a test.
    func texts(where passes: (UnsafeRawBufferPointer) -> Bool) throws(MartletError) -> Test {
        guard let texts = column.texts else { return .nothing }
        return .oneOfTexts(try TextSet(of: texts, where: passes))
    }
}

// MARK: - Errors

extension ConditionParser {
    private static let operators =
        "the operators are "
        + Operator.allCases.map(\.rawValue).joined(separator: ", ")

    /// The column's name and type, as messages show it.
    private var name: String { "\(JSON.quoted(column.name)) (\(column.type))" }

    /// The operator does not go with the column's type.
    func unfit(_ operand: Operand, _ types: String) -> MartletError {
        .badFilter("\(operand.taker.rawValue) is for \(types), not for \(name)")
    }

    /// The operand does not go with operator or type.
    func wrong(_ operand: Operand, _ expected: String) -> MartletError {
        let taker = "\(operand.taker.rawValue) on \(name)"
        guard let element = operand.element else {
            return .badFilter("\(taker) is given \(operand.value), but takes \(expected)")
        }
        return .badFilter(
            "\(taker) is given \(operand.value) as element \(element), but takes \(expected)")
    }
}
