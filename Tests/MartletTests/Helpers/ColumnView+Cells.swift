import MartletTestSupport

@testable import Martlet

extension ColumnView {
    /// The value of a slot; nil for a null.
    func cell(_ slot: Int) -> Cell? {
        guard slot < count, valid[slot] == 1 else { return nil }
        switch type {
        case .bool: return .bool(values.load(fromByteOffset: slot, as: UInt8.self) == 1)
        case .int64, .datetime: return .integer(value(slot))
        case .float64: return .double(value(slot))
        case .string, .json: return .text(Array(texts![value(slot)]))
        case .tags:
            let span: TagSpan = value(slot)
            return .tags((0..<span.count).map { Array(texts![tags![span.start + $0]]) })
        }
    }

    private func value<Value: BitwiseCopyable>(_ slot: Int) -> Value {
        values.load(fromByteOffset: slot * MemoryLayout<Value>.stride, as: Value.self)
    }
}
