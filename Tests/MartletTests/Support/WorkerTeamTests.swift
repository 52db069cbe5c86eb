import Glibc
import MartletTestSupport
import Testing

@testable import Martlet

@Suite struct WorkerTeamTests {
    @Test(arguments: 1...5)
    func everyTaskIsDoneOnce(workers: Int) {
        let team = WorkerTeam(count: workers)
        defer { team.stop() }
        for (tasks, grain) in [(0, 1), (1, 1), (7, 3), (1000, 1), (1000, 16), (5, 100)] {
            let tally = Tally(workers: team.count, places: tasks)
            team.forEach(tasks, grain: grain) { worker, task in tally.add(worker, task) }
            #expect(tally.sums == [Int](repeating: 1, count: tasks), "\(tasks) by \(grain)")
        }
    }

    @Test(arguments: 1...5)
    func everyWorkerRunsEveryPhaseOnce(workers: Int) {
        let team = WorkerTeam(count: workers)
        defer { team.stop() }
        #expect(team.count == workers)
        let tally = Tally(workers: workers, places: workers)
        for _ in 0..<500 { team.run { worker in tally.add(worker, worker) } }
        #expect(tally.sums == [Int](repeating: 500, count: workers))
    }

    /// Each phase adds up what all workers left in the phase before.
    @Test(arguments: 1...5)
    func aPhaseSeesAllOfTheOneBefore(workers: Int) {
        let team = WorkerTeam(count: workers)
        defer { team.stop() }
        let cells = UnsafeMutablePointer<Int>.allocate(capacity: 2 * workers)
        defer { cells.deallocate() }
        cells.initialize(repeating: 1, count: 2 * workers)
        for phase in 0..<12 {
            let (from, to) = (cells + phase % 2 * workers, cells + (phase + 1) % 2 * workers)
            team.run { worker in to[worker] = (0..<workers).reduce(0) { $0 + from[$1] } }
        }
        let expected = (0..<12).reduce(1) { sum, _ in sum * workers }
        #expect((0..<workers).allSatisfy { cells[$0] == expected })
    }

    @Test(arguments: [1, 3])
    func aCancelledTeamStops(workers: Int) {
        let team = WorkerTeam(count: workers)
        defer { team.stop() }
        let words = ControlWords()
        let tally = Tally(workers: workers, places: 100_000)
        team.forEach(100_000, control: words.control) { worker, task in
            tally.add(worker, task)
            if task == 10 { words.cancel() }
        }
        #expect(tally.sums[...10] == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
        #expect(tally.sums.last == 0)
        team.forEach(10, control: words.control) { worker, task in tally.add(worker, task) }
        #expect(tally.sums[0] == 1)
    }

    @Test func sizesFollowTheCallerAndTheWork() {
        #expect(WorkerTeam.size(threads: 3, tasks: 100) == 3)
        #expect(WorkerTeam.size(threads: 3, tasks: 2) == 2)
        #expect(WorkerTeam.size(threads: 3, tasks: 0) == 1)
        #expect(WorkerTeam.size(threads: 0, tasks: 0) == 1)
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        #expect((1...processors).contains(WorkerTeam.size(threads: 0, tasks: .max)))
    }
}

/// How often each place was met. Workers count apart, so that nothing hides behind a race.
private final class Tally: @unchecked Sendable {
    private let counts: UnsafeMutablePointer<Int>
    private let workers: Int
    private let places: Int

    init(workers: Int, places: Int) {
        (self.workers, self.places) = (workers, places)
        counts = .allocate(capacity: workers * places)
        counts.initialize(repeating: 0, count: workers * places)
    }

    deinit { counts.deallocate() }

    func add(_ worker: Int, _ place: Int) { counts[worker * places + place] += 1 }

    var sums: [Int] {
        (0..<places).map { place in
            (0..<workers).reduce(0) { $0 + counts[$1 * places + place] }
        }
    }
}
