import Glibc

/// A plain lock, to be held for a short time only.
///
/// After `fork()` the child would find a lock held for ever if another thread of the parent held it
/// at that moment. So all locks are taken before a fork and released after it, in both processes.
final class Mutex: @unchecked Sendable {
    fileprivate let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        Self.all.insert(mutex)
    }

    deinit {
        Self.all.remove(mutex)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    @inline(__always)
    func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Calls `body` for each row, under the lock but for pauses, until it returns false; returns the
    /// number of rows for which it returned true.
    @inline(__always) @discardableResult
    func withLockInSlices(_ rows: Int, _ body: (Int) -> Bool) -> Int {
        var row = 0
        while row < rows {
            let end = min(row + Self.rowsPerSlice, rows)
            let isDone = withLock {
                while row < end {
                    guard body(row) else { return true }
                    row += 1
                }
                return false
            }
            if isDone { return row }
        }
        return rows
    }

    /// Others wait no longer than this many rows.
    private static let rowsPerSlice = 4096

    private static let all = ForkRegistry()

    /// How many forks lie between the process that loaded the library and this one.
    static var forks: Int { all.forks }
}

/// A lock that is held for long: a fork does not wait for it.
final class WriterLock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// - Throws: `cancelled`, if that is asked for while waiting.
    func lock(_ control: Control?) throws(MartletError) {
        guard let control else {
            pthread_mutex_lock(mutex)
            return
        }
        while !tryLock(milliseconds: 5) {
            if control.isCancelled { throw .cancelled }
        }
    }

    func unlock() { pthread_mutex_unlock(mutex) }

    private func tryLock(milliseconds: Int) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_nsec += milliseconds * 1_000_000
        deadline.tv_sec += deadline.tv_nsec / 1_000_000_000
        deadline.tv_nsec %= 1_000_000_000
        return pthread_mutex_timedlock(mutex, &deadline) == 0
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

/// The locks to hold while the process forks.
///
/// Whoever holds one of them waits for no other, so they can be taken in any order.
private final class ForkRegistry: @unchecked Sendable {
    private let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Guarded by `gate`.
    private(set) var forks = 0
    private var mutexes: Set<UnsafeMutablePointer<pthread_mutex_t>> = []
    private static nonisolated(unsafe) var shared: ForkRegistry!

    init() {
        pthread_mutex_init(gate, nil)
        ForkRegistry.shared = self
        pthread_atfork(
            { ForkRegistry.shared.lockAll() }, { ForkRegistry.shared.unlockAll() },
            {
                ForkRegistry.shared.forks += 1
                ForkRegistry.shared.unlockAll()
            })
    }

    func insert(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) {
        pthread_mutex_lock(gate)
        mutexes.insert(mutex)
        pthread_mutex_unlock(gate)
    }

    func remove(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) {
        pthread_mutex_lock(gate)
        mutexes.remove(mutex)
        pthread_mutex_unlock(gate)
    }

    private func lockAll() {
        pthread_mutex_lock(gate)
        for mutex in mutexes { pthread_mutex_lock(mutex) }
    }

    private func unlockAll() {
        for mutex in mutexes { pthread_mutex_unlock(mutex) }
        pthread_mutex_unlock(gate)
    }
}
