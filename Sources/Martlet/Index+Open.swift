import Glibc

extension Index {
    /// Opens a durable index in a folder, or makes one: every change is in its log when the call
    /// returns, and there again when it is next opened, whatever happens to the process.
    ///
    /// - Parameters:
    ///   - path: Of the folder, which is made if it is not there.
    ///   - configuration: That of a new index, and what the one that is there must have; nil if there
    ///     must be one.
    ///   - control: Counts bytes, of the checkpoint and then of the logs.
    /// - Throws: `invalidArgument` if it has another configuration; `io`: EAGAIN if it is open
    ///   already, ENOENT if there is none; `badFormat`, `outOfMemory`, `cancelled`.
    /// - Complexity: That of loading the checkpoint and of doing again what the logs tell.
    public static func open(
        _ path: UnsafePointer<CChar>, _ configuration: Configuration?, _ control: Control? = nil
    ) throws(MartletError) -> Index {
        let path = FilePath(path).asFolder
        if configuration != nil { try JournalFolder.make(path) }
        let lock = try FolderLock(path, mayCreate: configuration != nil)
        var folder = try JournalFolder(path)
        folder.removeTemporaries()
        if folder.checkpoint == nil {
            try create(in: folder, configuration)
            folder = try JournalFolder(path)
        }
        let checkpoint = folder.checkpoint!
        var options = LoadOptions()
        options.control = control
        let index = try load(from: checkpoint.bytes, options)
        let journal = try index.readLogs(folder, lock, control)
        try configuration?.check(isThatOf: index, path)
        folder.removeAll(before: folder.checkpoints.last!)
        index.contents.journal = journal
        return index
    }

    /// Makes the log short: writes the index as it is now to the folder that it was opened in.
    ///
    /// This happens by itself, now and then, beside the changes that go on.
    /// - Throws: `invalidArgument` if the index was not opened in a folder, or is a view; `io`,
    ///   `outOfMemory`, `cancelled`.
    public func checkpoint(_ control: Control? = nil) throws(MartletError) {
        try lock(control)
        defer { writer.unlock() }
        guard let journal = contents.journal else {
            throw .invalidArgument("the index is not one that was opened in a folder")
        }
        journal.waitForCheckpoint()
        let pinned = try journal.beginCheckpoint(of: versions)
        try journal.writeCheckpoint(journal.epoch, pinned.snapshot, control)
    }

    /// Lets others open the folder that the index was opened in, after any change that is under way. It
    /// can still be searched, but no longer changed. Of no effect on other indexes.
    public func close() {
        guard viewed == nil, (try? writer.lock(nil)) != nil else { return }
        defer { writer.unlock() }
        contents.journal?.close()
    }

    private static func create(
        in folder: JournalFolder, _ configuration: Configuration?
    ) throws(MartletError) {
        guard folder.logs.isEmpty else {
            throw .badFormat("\(folder.path) has logs, but no checkpoint")
        }
        guard let configuration else {
            throw .io("there is no index in \(folder.path)", code: ENOENT)
        }
        try Index(configuration).save(to: folder.path.appending("checkpoint-0").bytes)
    }

    /// Does again what the logs tell, and goes on with the last.
    private func readLogs(
        _ folder: JournalFolder, _ lock: FolderLock, _ control: Control?
    ) throws(MartletError) -> Journal {
        let first = folder.checkpoints.last!
        let logs = folder.logs.filter { $0 >= first }
        guard logs.elementsEqual(first..<first + logs.count) else {
            throw .badFormat("\(folder.path) lacks some of the logs after log \(first)")
        }
        var last: LogReader?
        for epoch in logs {
            guard let log = try LogReader(folder.log(epoch), epoch: epoch) else {
                // Begun by a process that then stopped.
                guard epoch == logs.last else {
                    throw .badFormat("\(folder.log(epoch)) has no header")
                }
                break
            }
            guard last.map({ $0.sequence == log.sequence }) != false else {
                throw .badFormat("\(folder.log(epoch - 1)) has lost records")
            }
            try apply(log, control)
            last = log
        }
        var epoch = logs.last ?? first
        if let last, last.epoch == epoch {
            guard last.version < LogFormat.version else {
                let writer = try LogWriter(continuing: folder.log(epoch), last)
                return Journal(folder.path, lock, writer, epoch: epoch)
            }
            // Whoever reads logs of that version knows fewer kinds of records.
            epoch = try LogFormat.number(after: epoch, in: folder.path)
        }
        let writer = try LogWriter(
            creating: folder.log(epoch), epoch: epoch, after: last?.sequence ?? 0)
        return Journal(folder.path, lock, writer, epoch: epoch)
    }

    private func apply(_ log: LogReader, _ control: Control?) throws(MartletError) {
        while let (kind, record) = try log.next() {
            if control?.isCancelled == true { throw .cancelled }
            do throws(MartletError) {
                try apply(kind, record)
            } catch {
                switch error {
                case .outOfMemory, .badFormat: throw error
                default: throw .badFormat("\(record.title) cannot be done: \(error)")
                }
            }
        }
    }

    private func apply(_ kind: RecordKind, _ record: RecordInput) throws(MartletError) {
        var record = record
        var bits = RetiredMemory()
        defer { bits.free() }
        switch kind {
        case .add, .upsert:
            var options = AddOptions()
            let ids = try record.takeIds()
            options.ids = ids
            let vectors = try record.takeVectors(rows: ids.count, dim: dim)
            options.columns = try record.takeColumns(rows: ids.count, &bits)
            try kind == .add ? add(vectors, options) : upsert(vectors, options)
        case .remove: try remove(record.takeIds())
        case .updateMetadata:
            let ids = try record.takeIds()
            try updateMetadata(ids, record.takeColumns(rows: ids.count, &bits))
        case .clear: try clear()
        case .compact: try compact()
        case .convert: try convert(to: record.takeMemory())
        }
    }
}

extension Configuration {
    /// Refuses another configuration than the index in a folder has.
    fileprivate func check(isThatOf index: Index, _ path: FilePath) throws(MartletError) {
        guard self != index.configuration else { return }
        throw .invalidArgument(
            "the index in \(path) has \(index.configuration), not \(self)")
    }
}
