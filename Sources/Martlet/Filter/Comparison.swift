/// Where a value stands against an operand.
enum Comparison {
    case equal
    case less
    case lessOrEqual
    case greater
    case greaterOrEqual
}

/// The integers and doubles that pass a comparison with a number, exactly: nothing is rounded on
/// the way. nil: none do.
extension Comparison {
    func integers(_ operand: Int64) -> ClosedRange<Int64>? {
        switch self {
        case .equal: operand...operand
        case .lessOrEqual: .min...operand
        case .greaterOrEqual: operand ... .max
        case .less: operand == .min ? nil : .min...(operand - 1)
        case .greater: operand == .max ? nil : (operand + 1) ... .max
        }
    }

    /// `operand` is finite.
    func integers(_ operand: Double) -> ClosedRange<Int64>? {
        if let whole = Int64(exactly: operand) { return integers(whole) }
        let wantsLess = self == .less || self == .lessOrEqual
        guard self != .equal else { return nil }
        guard abs(operand) < 0x1p63 else {
            return wantsLess == (operand > 0) ? Int64.min ... .max : nil
        }
        let below = Int64(operand.rounded(.down))
        return wantsLess ? .min...below : (below + 1) ... .max
    }

    /// `operand` is finite.
    func doubles(_ operand: Double) -> ClosedRange<Double>? {
        switch self {
        case .equal: operand...operand
        case .lessOrEqual: -.infinity...operand
        case .greaterOrEqual: operand ... .infinity
        case .less: -.infinity...operand.nextDown
        case .greater: operand.nextUp ... .infinity
        }
    }

    func doubles(_ operand: Int64) -> ClosedRange<Double>? {
        let nearest = Double(operand)
        guard Int64(exactly: nearest) != operand else { return doubles(nearest) }
        // No double is the operand: the next below and above are neighbors.
        let isAbove = nearest == 0x1p63 || Int64(nearest) > operand
        let below = isAbove ? nearest.nextDown : nearest
        switch self {
        case .equal: return nil
        case .less, .lessOrEqual: return -.infinity...below
        case .greater, .greaterOrEqual: return below.nextUp ... .infinity
        }
    }

    func includes(order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}
