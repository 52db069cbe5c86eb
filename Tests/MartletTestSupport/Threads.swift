import Glibc

/// Runs `body` on `count` threads at once, each with its number, and returns when all have.
public func onThreads(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        let threads = (0..<count).map { start(Start(number: $0, body: body)) }
        for thread in threads { pthread_join(thread, nil) }
    }
}

private final class Start {
    let number: Int
    let body: @Sendable (Int) -> Void

    init(number: Int, body: @escaping @Sendable (Int) -> Void) {
        (self.number, self.body) = (number, body)
    }
}

private func start(_ start: Start) -> pthread_t {
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { argument in
            let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
            start.body(start.number)
            return nil
        }, Unmanaged.passRetained(start).toOpaque())
    precondition(status == 0, "the system grants no more threads")
    return thread
}
