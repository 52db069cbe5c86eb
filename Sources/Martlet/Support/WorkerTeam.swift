import CIntrinsics
import Glibc

/// A team of threads that lives for one call and works through one phase after the other.
///
/// Threads are not kept between calls: a pool would not survive `fork()`. The calling thread is
/// worker 0. A phase ends when all workers have returned, so that whatever one phase wrote, the
/// next may read.
final class WorkerTeam: @unchecked Sendable {
    typealias Phase = (_ worker: Int) -> Void

    private(set) var count = 1
    private var threads: [pthread_t] = []
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by `mutex`:
    private var phase: Phase?
    private var phaseNumber = 0
    private var running = 0
    private var stopped = false

    /// What goes before the tasks of `forEach`.
    private let traffic: SearchTraffic?

    /// Starts a team of `count` workers, or of as many as the system grants.
    init(count: Int, givingWayTo traffic: SearchTraffic? = nil) {
        self.traffic = traffic
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        for worker in 1..<max(count, 1) where self.count == worker {
            if start(worker) { self.count += 1 }
        }
    }

    /// The team size for a caller's `threads` (0: all processors) and `tasks` to share.
    static func size(threads: Int, tasks: Int) -> Int {
        guard tasks > 1 else { return 1 }
        return min(threads == 0 ? Int(intrinsics_processors()) : threads, tasks)
    }

    /// Runs `phase` once on every worker and returns when all are done.
    func run(_ phase: Phase) {
        guard count > 1 else { return phase(0) }
        withoutActuallyEscaping(phase) { phase in
            pthread_mutex_lock(mutex)
            self.phase = phase
            running = count - 1
            phaseNumber += 1
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
            phase(0)
            pthread_mutex_lock(mutex)
            while running > 0 { pthread_cond_wait(changed, mutex) }
            self.phase = nil
            pthread_mutex_unlock(mutex)
        }
    }

    /// Shares out `tasks` in grains: whoever is free takes the next. `task` gets worker and task.
    /// Returns false if it was cancelled, and so perhaps not all done.
    @discardableResult
    func forEach(
        _ tasks: Int, grain: Int = 1, control: Control? = nil, _ task: (Int, Int) -> Void
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2) { cells in
            cells.initialize(repeating: 0)
            let (next, stopped) = (cells.baseAddress!, cells.baseAddress! + 1)
            run { worker in
                while true {
                    let first = Int(intrinsics_fetch_add(next, UInt64(grain)))
                    guard first < tasks else { return }
                    if control?.isCancelled == true { return intrinsics_store(stopped, 1) }
                    for index in first..<min(first + grain, tasks) { task(worker, index) }
                    traffic?.giveWay()
                }
            }
            return intrinsics_load(stopped) == 0
        }
    }

    /// Ends the threads. Must be called, once.
    func stop() {
        pthread_mutex_lock(mutex)
        stopped = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
        for thread in threads { pthread_join(thread, nil) }
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    private final class Start {
        let team: WorkerTeam
        let worker: Int
        init(_ team: WorkerTeam, _ worker: Int) { (self.team, self.worker) = (team, worker) }
    }

    private func start(_ worker: Int) -> Bool {
        let start = Unmanaged.passRetained(Start(self, worker))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                start.team.work(start.worker)
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            return false
        }
        threads.append(thread)
        return true
    }

    private func work(_ worker: Int) {
        var seen = 0
        pthread_mutex_lock(mutex)
        while true {
            while phaseNumber == seen && !stopped { pthread_cond_wait(changed, mutex) }
            guard phaseNumber != seen else { break }
            seen = phaseNumber
            let phase = self.phase!
            pthread_mutex_unlock(mutex)
            phase(worker)
            pthread_mutex_lock(mutex)
            running -= 1
            if running == 0 { pthread_cond_broadcast(changed) }
        }
        pthread_mutex_unlock(mutex)
    }
}

extension Control {
    var isCancelled: Bool { intrinsics_load32(cancel) != 0 }
    func begin(total rows: Int) {
        intrinsics_store(done, 0)
        intrinsics_store(total, UInt64(rows))
    }
    func advance(by rows: Int) { _ = intrinsics_fetch_add(done, UInt64(rows)) }
}
