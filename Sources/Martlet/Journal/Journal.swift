import CIntrinsics
import Glibc

/// The folder of a durable index: what it was at some moment, and every change since.
///
///     checkpoint-7   the index as it was when log 7 began
///     log-7          the changes since, and log-8 those after log 7, …
///     lock           held by whoever has it open
///
/// The newest checkpoint and all logs from its number on make the index. A checkpoint is written beside
/// the changes that go on: to a new log, which is begun first. Whatever is older goes when it is there.
/// The writer's lock guards a journal.
final class Journal: @unchecked Sendable {
    let folder: FilePath
    private let lock: FolderLock
    /// The number of the log.
    private(set) var epoch: Int
    private var log: LogWriter
    private let forks = Mutex.forks
    private let checkpointer = Checkpointer()
    private var isClosed = false

    init(_ folder: FilePath, _ lock: FolderLock, _ log: LogWriter, epoch: Int) {
        (self.folder, self.lock, self.log, self.epoch) = (folder, lock, log, epoch)
    }

    /// Makes a change durable, before it is seen.
    /// - Throws: `io`, `outOfMemory`; the log is what it was then.
    func append(
        _ kind: RecordKind, _ body: (RecordOutput) throws(MartletError) -> Void = { _ in }
    ) throws(MartletError) {
        try check()
        try log.append(kind, body)
    }

    private func check() throws(MartletError) {
        guard isOurs else {
            throw .io(
                "\(folder) was opened before a fork: only the process that opened it can change it",
                code: EPERM)
        }
        guard !isClosed else { throw .io("\(folder) has been closed", code: EBADF) }
    }

    /// Whether reading the log has come to take long, in comparison with the checkpoint.
    var isCheckpointDue: Bool {
        isOurs && !isClosed && log.size > smallLog
            && log.size > folder.appending("checkpoint-\(epoch)").fileSize / 4
    }
    /// Bytes of a log that is read at once, however small the checkpoint is. Tests lower it.
    var smallLog = 4 << 20

    /// Starts to write a checkpoint of the index as it is, if none is being written, on a thread of its
    /// own. What goes wrong costs nothing but time: the logs stay.
    func startCheckpoint(of versions: Versions) {
        guard !checkpointer.isRunning, let pinned = try? beginCheckpoint(of: versions) else {
            return
        }
        let epoch = epoch
        checkpointer.start { [self] control in
            try? writeCheckpoint(epoch, pinned.snapshot, control)
        }
    }

    /// Begins the log that is to follow the next checkpoint. Returns what that is to hold.
    /// - Throws: `io`.
    func beginCheckpoint(of versions: Versions) throws(MartletError) -> PinnedVersion {
        try check()
        let next = try LogFormat.number(after: epoch, in: folder)
        log = try LogWriter(
            creating: folder.appending("log-\(next)"), epoch: next, after: log.sequence)
        epoch = next
        return PinnedVersion(of: versions)
    }

    /// Writes a checkpoint and removes what is older.
    /// - Throws: `io`, `outOfMemory`, `cancelled`.
    func writeCheckpoint(
        _ epoch: Int, _ snapshot: Snapshot, _ control: Control?
    ) throws(MartletError) {
        let file = try ReplacementFile(replacing: folder.appending("checkpoint-\(epoch)"))
        try SectionOutput.write(snapshot.sections, to: file, control)
        try file.commit()
        try JournalFolder(folder).removeAll(before: epoch)
    }

    /// Waits for a checkpoint that is being written.
    func waitForCheckpoint() { if isOurs { checkpointer.wait() } }

    /// Stops a checkpoint that is being written, and lets others open the folder. No more changes.
    func close() {
        guard isOurs, !isClosed else { return }
        isClosed = true
        checkpointer.cancel()
        lock.unlock()
    }

    /// Whether this is the process that opened the folder. In a forked child, no thread writes
    /// checkpoints, and the log is the parent's.
    private var isOurs: Bool { forks == Mutex.forks }
}

/// Holds a folder for one journal, in this process and all others.
final class FolderLock {
    private var descriptor: Int32

    /// - Throws: `io` with EAGAIN if somebody else holds it.
    init(_ folder: FilePath, mayCreate: Bool) throws(MartletError) {
        let path = folder.appending("lock")
        descriptor = intrinsics_open(
            path.bytes, O_RDWR | O_CLOEXEC | (mayCreate ? O_CREAT : 0), 0o666)
        guard descriptor >= 0 else {
            guard intrinsics_errno() == ENOENT else { throw .system("open", path) }
            throw .io("there is no index in \(folder)", code: ENOENT)
        }
        guard !intrinsics_lock_file(descriptor) else { return }
        let code = intrinsics_errno()
        Glibc.close(descriptor)
        descriptor = -1
        guard code == EWOULDBLOCK else { throw .system("lock", path, code: code) }
        throw .io("\(folder) is open already, in this process or another", code: EAGAIN)
    }

    func unlock() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    deinit { unlock() }
}

/// One task at a time on a thread of its own.
///
/// The writer's lock guards it, but for `cancel`, which is the last call.
private final class Checkpointer: @unchecked Sendable {
    private var thread: pthread_t?
    /// Total, done and cancel of the task's control; and, last, whether it is running.
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 4)

    init() { words.initialize(repeating: 0, count: 4) }

    deinit { words.deallocate() }

    var isRunning: Bool { intrinsics_load(words + 3) != 0 }

    func start(_ body: @escaping (Control) -> Void) {
        wait()
        let task = Unmanaged.passRetained(Task(body, self))
        intrinsics_store(words + 3, 1)
        var started = pthread_t()
        let status = pthread_create(
            &started, nil,
            { argument in
                Unmanaged<Task>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, task.toOpaque())
        guard status == 0 else {
            intrinsics_store(words + 3, 0)
            return task.release()
        }
        thread = started
    }

    func wait() {
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }

    func cancel() {
        intrinsics_store(words + 2, 1)
        wait()
    }

    private final class Task {
        private let body: (Control) -> Void
        private unowned let owner: Checkpointer

        init(_ body: @escaping (Control) -> Void, _ owner: Checkpointer) {
            (self.body, self.owner) = (body, owner)
        }

        func run() {
            let words = owner.words
            let cancel = UnsafeRawPointer(words + 2).assumingMemoryBound(to: UInt32.self)
            body(Control(total: words, done: words + 1, cancel: cancel))
            intrinsics_store(words + 3, 0)
        }
    }
}
