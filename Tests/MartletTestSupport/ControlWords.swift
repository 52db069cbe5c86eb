import Martlet
import Synchronization

/// The memory behind a `Control`, as a caller holds it.
public final class ControlWords: @unchecked Sendable {
    private typealias Word = Atomic<UInt64>
    private let words = UnsafeMutablePointer<Word>.allocate(capacity: 3)

    public init() {
        for place in 0..<3 { (words + place).initialize(to: Word(0)) }
    }

    deinit { words.deallocate() }

    public var total: Int { Int(words[0].load(ordering: .relaxed)) }
    public var done: Int { Int(words[1].load(ordering: .relaxed)) }

    public func cancel() { words[2].store(1, ordering: .relaxed) }

    public var control: Control { control(cancelledBy: 2) }

    /// A control that cancels the call as soon as some of its rows are done: its flag is the low
    /// half of the counter.
    public var controlCancelledOnceSomeAreDone: Control { control(cancelledBy: 1) }

    private func control(cancelledBy place: Int) -> Control {
        let memory = UnsafeMutableRawPointer(words)
        let numbers = memory.assumingMemoryBound(to: UInt64.self)
        return Control(
            total: numbers, done: numbers + 1,
            cancel: UnsafePointer(memory.assumingMemoryBound(to: UInt32.self)) + 2 * place)
    }
}
