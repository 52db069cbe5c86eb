import CIntrinsics
import Glibc

/// Whether searches are going on, so that changes can make way for them.
///
/// Where more threads are busy than there are processors, a search that the system interrupts for a
/// change waits out a time slice of some milliseconds, many times what it takes itself. So the
/// change's workers offer their processor after every task as long as there are searches. Without
/// any they keep it: beside other programs, offering it would slow a build many times over.
final class SearchTraffic: @unchecked Sendable {
    /// When a search was last seen, but for `resolution`.
    private let latest = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    /// So that searching threads rarely write to memory that all of them read.
    private static let resolution: UInt64 = 1_000_000
    /// How long after a search others are expected: searches that wait for a processor are not seen.
    private static let pause: UInt64 = 20_000_000

    init() { latest.initialize(to: 0) }

    deinit { latest.deallocate() }

    /// To be called for each query.
    @inline(__always)
    func note() {
        let now = UInt64(Clock.now)
        if now > intrinsics_load(latest) + Self.resolution { intrinsics_store(latest, now) }
    }

    /// Whether there was a search lately.
    var isLively: Bool { UInt64(Clock.now) < intrinsics_load(latest) + Self.pause }

    /// Offers this thread's processor if there are searches.
    func giveWay() {
        if isLively { sched_yield() }
    }
}
