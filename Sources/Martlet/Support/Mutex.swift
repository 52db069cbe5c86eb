import Glibc

/// A plain lock, stable in memory.
final class Mutex: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }

    @inline(__always)
    func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }
}

/// A value behind a lock.
final class Guarded<Value>: @unchecked Sendable {
    private let mutex = Mutex()
    private var guarded: Value

    init(_ value: Value) { guarded = value }

    var value: Value {
        get { mutex.withLock { guarded } }
        set { mutex.withLock { guarded = newValue } }
    }
}
