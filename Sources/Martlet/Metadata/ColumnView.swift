/// The type of a metadata column.
public enum ColumnType: Int32, Sendable {
    case bool = 0
    case int64 = 1
    case float64 = 2
    case string = 3
    /// Microseconds since 1970-01-01 00:00 UTC.
    case datetime = 4
    /// A list of strings.
    case tags = 5
    /// Any JSON text: kept and returned, not filtered by.
    case json = 6
}

/// All columns as one version's readers see them, in the order in which they appeared.
struct MetadataView: Sendable {
    var columns: [ColumnView] = []
    /// Bytes in use.
    var bytes = 0

    /// By the bytes of the name: strings that only look alike are different.
    func column(named name: String) -> ColumnView? {
        columns.first { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

/// One column as one version's readers see it.
///
/// Strings are numbers in the column's table of texts, which has each text once: a condition on
/// strings is decided once per text, not once per row.
///
/// Safety: the pointers are valid while the version is pinned.
struct ColumnView: @unchecked Sendable {
    let name: String
    let type: ColumnType
    /// Slots with a place in the tables below; all later ones are null.
    let count: Int
    /// Per slot: 1 if it has a value, 0 if it is null.
    let valid: UnsafePointer<UInt8>
    /// Per slot, by type: `UInt8` (bool), `Int64` (int64, datetime), `Double`, `UInt32` (string and
    /// json: the text's number), `TagSpan`. Unspecified if null.
    let values: UnsafeRawPointer
    /// The texts' numbers that `TagSpan`s point into; nil but for tags.
    let tags: UnsafePointer<UInt32>?
    let tagCount: Int
    /// nil but for string, tags and json.
    let texts: TextView?
    /// To look up the number of a text; nil but for string, tags and json.
    let textTable: TextTable?

    /// The number of a text, if any slot of this version may have it.
    func number(of text: UnsafeRawBufferPointer) throws(MartletError) -> UInt32? {
        try textTable?.number(of: text, below: texts!.count)
    }
}

/// The tags of one slot: a stretch of the column's list of tags.
struct TagSpan: BitwiseCopyable {
    var start: Int
    var count: Int
}
