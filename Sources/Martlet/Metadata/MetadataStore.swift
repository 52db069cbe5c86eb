/// The writer's side of all columns: their current state, and the next one while a batch is under
/// way.
///
/// A batch goes through `append` or `replace`, and `commit` or `withdraw`, whichever way those end.
final class MetadataStore {
    private var current = Columns()
    private var next = Columns()

    private struct Columns {
        var list: [Column] = []
        /// Places in the list, by the name's bytes: names that only look alike are different.
        var places: [[UInt8]: Int] = [:]
    }

    deinit {
        for column in current.list { column.free() }
    }

    /// The columns for readers of the next version.
    var view: MetadataView {
        MetadataView(
            columns: current.list.map(\.view), bytes: current.list.reduce(0) { $0 + $1.bytes })
    }

    /// The columns that the batch under way names, as they are to be.
    func pending(_ sources: [ColumnSource]) -> [ColumnView] {
        sources.map { next.list[next.places[Array($0.name.utf8)]!].view }
    }

    /// Appends the batch's rows at slot `first`, in the given columns and no others.
    /// - Throws: `columnType`, `badText`, `indexFull`, `outOfMemory`.
    func append(
        _ sources: [ColumnSource], at first: Int, _ retired: inout RetiredMemory
    ) throws(MartletError) {
        try change(sources, &retired) { column, source, retired throws(MartletError) in
            try column.append(source, at: first, &retired)
        }
    }

    /// Replaces what the given columns hold for `slots`, which are as many as there are rows, each
    /// once.
    /// - Throws: as `append`.
    func replace(
        _ sources: [ColumnSource], at slots: [UInt32], _ retired: inout RetiredMemory
    ) throws(MartletError) {
        try change(sources, &retired) { column, source, retired throws(MartletError) in
            try column.replace(source, at: slots, &retired)
        }
    }

    /// Ends a batch that succeeded.
    func commit(_ retired: inout RetiredMemory) {
        for (place, column) in next.list.enumerated() {
            let before = place < current.list.count ? current.list[place] : nil
            column.commit(replacing: before, &retired)
        }
        current = next
    }

    /// Ends a batch that failed: takes back all that it did.
    func withdraw() {
        for (before, after) in zip(current.list, next.list) { after.withdraw(to: before) }
        for column in next.list.dropFirst(current.list.count) { column.free() }
        next = current
    }

    /// Becomes what a file holds.
    func read(_ file: SectionReader, columns: Int, slots: Int) throws(MartletError) {
        for place in 0..<columns {
            let column = try Column(file, part: place + 1, slots: slots)
            current.list.append(column)
            let name = Array(column.name.utf8)
            guard current.places.updateValue(place, forKey: name) == nil else {
                throw file.error("is damaged: two of its columns have the same name")
            }
        }
        next = current
    }

    /// Becomes a copy of other columns, for the slots that stay.
    func copy(_ other: MetadataStore, _ moves: SlotMoves) throws(MartletError) {
        for column in other.current.list {
            current.list.append(try column.compacted(moves))
            next = current
        }
        current.places = other.current.places
        next = current
    }

    /// Calls `body` with each column that the sources name, and its source.
    private func change(
        _ sources: [ColumnSource], _ retired: inout RetiredMemory,
        _ body: (inout Column, ColumnSource, inout RetiredMemory) throws(MartletError) -> Void
    ) throws(MartletError) {
        for (source, place) in zip(sources, try places(of: sources)) {
            if place < current.list.count {
                try body(&next.list[place], source, &retired)
            } else {
                // Nobody can be looking at what a new column outgrows.
                var outgrown = RetiredMemory()
                defer { outgrown.free() }
                try body(&next.list[place], source, &outgrown)
            }
        }
    }

    /// The places of the columns that the sources name, after appending those that are new.
    private func places(of sources: [ColumnSource]) throws(MartletError) -> [Int] {
        var places: [Int] = []
        for source in sources {
            let name = Array(source.name.utf8)
            if let place = next.places[name] {
                try check(source, fits: next.list[place])
                places.append(place)
            } else {
                places.append(next.list.count)
                next.places[name] = next.list.count
                next.list.append(Column(name: source.name, type: source.type))
            }
        }
        return places
    }

    private func check(_ source: ColumnSource, fits column: Column) throws(MartletError) {
        guard !column.type.accepts(source.type), let row = source.firstValue else { return }
        throw .columnType(
            "\(source.title), row \(row): the value is of type \(source.type), but the column is "
                + "of type \(column.type)")
    }
}
