/// What a section of a file holds. The numbers are those of docs/format.md and never change.
enum SectionKind: UInt32 {
    // The index.
    case parameters = 1
    case live = 2
    case tombstones = 3
    // Vectors.
    case rows = 10
    case derived = 11
    case codeOffsets = 12
    case codes = 13
    // Graph.
    case levels = 20
    case baseLinks = 21
    case upperRows = 22
    case upperLinks = 23
    case backbone = 24
    case linkCodes = 25
    // Ids.
    case integerIds = 30
    case textIdEnds = 31
    case textIds = 32
    // Metadata, once per column.
    case column = 40
    case columnName = 41
    case valid = 42
    case values = 43
    case tags = 44
    case textEnds = 45
    case texts = 46
}

/// A section to be written: its size, known beforehand, and who makes its bytes.
struct Section {
    let kind: SectionKind
    /// Which column it belongs to; 0 if it belongs to none.
    let part: Int
    let size: Int
    let write: (SectionOutput) throws(MartletError) -> Void

    init(
        _ kind: SectionKind, part: Int = 0, size: Int,
        _ write: @escaping (SectionOutput) throws(MartletError) -> Void
    ) {
        (self.kind, self.part, self.size, self.write) = (kind, part, size, write)
    }

    /// A table that lies in one piece, and stays where it is until it is written.
    init<Element: BitwiseCopyable>(
        _ kind: SectionKind, part: Int = 0, _ table: UnsafePointer<Element>?, count: Int
    ) {
        let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(start: table, count: count))
        self.init(kind, part: part, size: bytes.count) { output throws(MartletError) in
            try output.append(bytes)
        }
    }

    /// A few numbers, 8 bytes each.
    init(_ kind: SectionKind, part: Int = 0, _ words: [UInt64]) {
        self.init(kind, part: part, size: words.count * 8) { output throws(MartletError) in
            try output.append(words)
        }
    }
}
