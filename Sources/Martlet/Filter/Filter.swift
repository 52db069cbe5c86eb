/// A condition on metadata: a tree of tests of single columns.
///
/// Operands have been translated into what the columns hold (numbers of texts, bounds of numbers),
/// so that a tree refers neither to the text that it was read from nor to anything to be freed.
indirect enum Filter {
    case all([Filter])
    case any([Filter])
    case not(Filter)
    case test(ColumnView, Test)

    /// The slots below `count` that a filter, given as JSON text, lets through.
    ///
    /// - Throws: `MartletError.badFilter`, `.outOfMemory`.
    static func bitmap(
        json: UnsafeRawBufferPointer, metadata: MetadataView, count: Int
    ) throws(MartletError) -> Bitmap {
        try Filter(json: json, metadata: metadata).bitmap(count: count)
    }
}

/// What a value must be. A null is never it.
enum Test {
    case anything
    case nothing
    case bool(UInt8)
    /// Of an int64 or datetime.
    case integers(ClosedRange<Int64>)
    case oneOfIntegers(WordSet)
    /// Of a float64. NaN is in no range.
    case doubles(ClosedRange<Double>)
    /// By their bits, +0 standing for -0 too.
    case oneOfDoubles(WordSet)
    case text(UInt32)
    case oneOfTexts(TextSet)
    /// The list of tags has this one.
    case tag(UInt32)
    /// The list of tags is one of these.
    case tagLists([[UInt32]])
}
