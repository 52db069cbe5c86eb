import MartletTestSupport
import Synchronization
import Testing

@testable import Martlet

/// Every verb at once, from many threads, on an index in a folder, beside checkpoints. What it then
/// holds, and what the folder holds, is what the writers remember. Meant to be run under the thread
/// and address sanitizers, too.
@Suite final class DurableStressTests: Sendable {
    private let folder = TemporaryFolder()
    private let groups: MarkedGroups
    /// Of each writer: the marks that its groups should have.
    private let models = (0..<MarkedGroups.writers).map { _ in Guarded([Int: MarkedGroups.Marks]())
    }
    private let checkpoints = Atomic(0)

    init() throws {
        groups = MarkedGroups(
            index: try Index.open(folder.path("store"), MarkedGroups.configuration()))
        // A few changes.
        journal.smallLog = 3000
    }

    private var journal: Journal { groups.index.contents.journal! }

    @Test func whatIsReopenedIsWhatTheWritersRemember() throws {
        let looks = groups.stress {
            try change($0)
        } look: {
            try look($0, round: $1)
        }
        #expect(looks >= 4)
        try groups.index.checkInvariants()
        #expect(journal.epoch > checkpoints.load(ordering: .relaxed), "none was written by itself")
        try changeBehindLastCheckpoint()
        let contents = try groups.contents()
        #expect(contents.sorted { $0.group < $1.group } == model)

        groups.index.close()
        let reopened = try Index.open(folder.path("store"), nil)
        try reopened.checkInvariants()
        #expect(try MarkedGroups(index: reopened).contents() == contents)
    }

    /// A checkpoint that nobody asked for is written to its end, and the folder rid of what is older.
    @Test func aCheckpointIsWrittenByItself() throws {
        for mark in 0..<30 where journal.epoch == 0 { try groups.upsert(group: 0, mark: mark) }
        journal.waitForCheckpoint()
        let files = try JournalFolder(journal.folder)
        #expect(files.checkpoints == [1] && files.logs == [1])
    }

    /// Changes that reopening must find in a log.
    private func changeBehindLastCheckpoint() throws {
        journal.smallLog = .max
        for (round, way) in [0, 12, 5, 12, 9, 0, 12, 15].enumerated() {
            try change(MarkedGroups.Turn(writer: 0, group: 0, mark: 1000 + round, way: way))
        }
    }

    private var model: [MarkedGroups.Marks] {
        models.flatMap { $0.value.values }.sorted { $0.group < $1.group }
    }

    // MARK: - Threads

    private func change(_ turn: MarkedGroups.Turn) throws {
        let (group, mark, model) = (turn.group, turn.mark, models[turn.writer])
        let isThere = model.value[group] != nil
        let id = Id.integer(Int64(group * groups.size))
        let exists = isThere ? MartletError.idExists(id: id, row: 0) : nil
        let isMissing = isThere ? nil : MartletError.idNotFound(id: id)
        let new = MarkedGroups.Marks(
            group: group, ofVectors: mark, ofMetadata: .integer(Int64(mark)))
        switch turn.way {
        case 0..<5:
            try expect(exists) { try groups.add(group: group, mark: mark) }
            if !isThere { model.value[group] = new }
        case 5..<9:
            try groups.upsert(group: group, mark: mark)
            model.value[group] = new
        case 9..<12:
            try expect(isMissing) { try groups.remove(group: group) }
            model.value[group] = nil
        case 12..<15:
            try expect(isMissing) { try groups.update(group: group, mark: mark) }
            model.value[group]?.ofMetadata = .integer(Int64(mark))
        // Few, so that logs grow long in between.
        default:
            switch mark % 4 {
            case 0, 2: try checkpoint()
            case 1: try groups.index.compact()
            default: try groups.index.convert(to: mark % 8 == 3 ? .fast : .balanced)
            }
        }
    }

    private func checkpoint() throws {
        try groups.index.checkpoint()
        checkpoints.add(1, ordering: .relaxed)
    }

    /// Makes a call, which fails with the error if there is one.
    private func expect(_ error: MartletError?, _ call: () throws -> Void) throws {
        guard let error else { return try call() }
        #expect(throws: error, performing: call)
    }

    private func look(_ thread: Int, round: Int) throws {
        switch (thread + round) % 5 {
        case 0: try groups.checkWhole()
        case 1: try groups.checkSearch()
        case 2: try groups.checkFilter(mark: round)
        case 3: try groups.checkLookUp(group: round)
        default:
            try groups.index.save(to: folder.path("saved"))
            _ = try MarkedGroups(index: Index.load(from: folder.path("saved"))).contents()
        }
    }
}
