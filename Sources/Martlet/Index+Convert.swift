extension Index {
    /// Changes the form of memory. Nothing else about the index changes: what is found may differ as it
    /// does between indexes that were made in these forms.
    ///
    /// Searches go on meanwhile. Later changes keep the form, and so do files and folders.
    ///
    /// - Parameter control: Counts vectors.
    /// - Throws: `outOfMemory`, `cancelled`, `io`, `invalidArgument` if this is a view; nothing has changed
    ///   then.
    /// - Complexity: To `fast`, O(*n* * `M`) distances between codes; from it, O(*n*) pages to give back.
    public func convert(
        to memory: MemoryForm, _ control: Control? = nil
    ) throws(MartletError) {
        try lock(control)
        defer { writer.unlock() }
        control?.begin(total: contents.snapshot.count)
        if memory != contents.configuration.memory {
            try contents.convert(to: memory, control)
            publish()
        }
        control?.advance(by: contents.snapshot.count)
    }
}

extension Contents {
    /// If it throws, nothing has changed.
    fileprivate func convert(
        to memory: MemoryForm, _ control: Control?
    ) throws(MartletError) {
        if control?.isCancelled == true { throw .cancelled }
        let next = try configuration.with(memory)
        let converted = try vectors.converted(to: memory, control)
        do throws(MartletError) {
            try changeGraph(converted, memory, control)
        } catch {
            converted.free(sharedWith: vectors)
            throw error
        }
        replaceVectors(by: converted)
        configuration = next
    }

    private func changeGraph(
        _ vectors: VectorStore, _ memory: MemoryForm, _ control: Control?
    ) throws(MartletError) {
        guard slotCount > 0 else { return try log(memory) }
        let team = WorkerTeam(
            count: WorkerTeam.size(threads: 0, tasks: slotCount), givingWayTo: traffic)
        defer { team.stop() }
        let change = GraphChange(
            inserted: slotCount..<slotCount, unlinked: [], live: live, memory: memory)
        _ = try graphStore.change(change, vectors.view, team, control, &retired) {
            () throws(MartletError) in try log(memory)
        }
    }

    /// Makes the conversion durable, if the index is.
    private func log(_ memory: MemoryForm) throws(MartletError) {
        try journal?.append(.convert) { record throws(MartletError) in try record.append(memory) }
    }
}
