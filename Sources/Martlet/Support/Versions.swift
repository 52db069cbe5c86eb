import Glibc

/// What one version of the index replaced: to be freed when no reader of an older one is left.
struct RetiredMemory {
    private(set) var tables: [UnsafeMutableRawPointer] = []
    private(set) var pages: [RetiredPages] = []

    mutating func add(_ table: UnsafeMutableRawPointer?) {
        if let table { tables.append(table) }
    }

    mutating func add(_ replaced: RetiredPages) { pages.append(replaced) }

    func free() {
        for table in tables { Glibc.free(table) }
        for replaced in pages { replaced.free() }
    }
}

/// The versions of an index that somebody still looks at, oldest first.
///
/// A reader pins the newest version, reads it without locks, and unpins it. The writer never changes
/// what a published version can reach: it appends behind its counts, or copies, and publishes a new
/// version. What the copies replaced is freed when the last version that can reach it has gone.
final class Versions: @unchecked Sendable {
    final class Version {
        let snapshot: Snapshot
        fileprivate var readers = 0
        fileprivate var replaced = RetiredMemory()
        fileprivate var next: Version?

        fileprivate init(_ snapshot: Snapshot) { self.snapshot = snapshot }
    }

    /// Guards everything below, and the versions' own variables.
    private let mutex = Mutex()
    private var oldest: Version
    private var newest: Version
    private var forks = Mutex.forks

    init(_ first: Snapshot) {
        newest = Version(first)
        oldest = newest
    }

    /// Runs `body` on the newest version, which stays as it is meanwhile.
    func read<Result, Failure: Error>(
        _ body: (Snapshot) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let version = pin()
        defer { unpin(version) }
        return try body(version.snapshot)
    }

    /// The newest version, which stays as it is until `unpin`.
    fileprivate func pin() -> Version {
        mutex.withLock {
            forgetLostReaders()
            newest.readers += 1
            return newest
        }
    }

    /// Makes `snapshot` the newest version; `replaced` is what only older ones can reach.
    func publish(_ snapshot: Snapshot, replaced: RetiredMemory) {
        let version = Version(snapshot)
        mutex.withLock {
            forgetLostReaders()
            newest.replaced = replaced
            newest.next = version
            newest = version
        }
        collect()
    }

    fileprivate func unpin(_ version: Version) {
        let last = mutex.withLock {
            version.readers -= 1
            return version.readers == 0 && version !== newest
        }
        if last { collect() }
    }

    /// In a forked child: threads of the parent that were reading are not there to unpin.
    private func forgetLostReaders() {
        guard forks != Mutex.forks else { return }
        forks = Mutex.forks
        var version: Version? = oldest
        while let lost = version {
            lost.readers = 0
            version = lost.next
        }
    }

    /// Drops versions without readers, oldest first, and frees what they alone could reach.
    private func collect() {
        while let replaced = dropOldest() { replaced.free() }
    }

    private func dropOldest() -> RetiredMemory? {
        mutex.withLock {
            guard oldest.readers == 0, let next = oldest.next else { return nil }
            let replaced = oldest.replaced
            oldest = next
            return replaced
        }
    }
}

/// A version that stays as it is for as long as this object lives.
final class PinnedVersion {
    private let versions: Versions
    private let version: Versions.Version

    /// Pins the newest version.
    init(of versions: Versions) {
        self.versions = versions
        version = versions.pin()
    }

    deinit { versions.unpin(version) }

    var snapshot: Snapshot { version.snapshot }
}
