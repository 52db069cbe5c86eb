extension Filter {
    /// The slots below `count` that pass; what is not in a column's tables is null. The caller
    /// frees the bitmap.
    /// - Throws: `MartletError.outOfMemory`.
    func bitmap(count: Int) throws(MartletError) -> Bitmap {
        let bitmap = try Bitmap(count: count)
        do throws(MartletError) {
            try insertPassing(into: bitmap)
        } catch {
            bitmap.free()
            throw error
        }
        return bitmap
    }

    /// `bitmap` is empty; unspecified after an error.
    private func insertPassing(into bitmap: Bitmap) throws(MartletError) {
        switch self {
        case .test(let column, let test): column.insertPassing(test, into: bitmap)
        case .not(let filter):
            try filter.insertPassing(into: bitmap)
            bitmap.formComplement()
        case .all(let parts):
            bitmap.formComplement()
            for part in parts {
                let passing = try part.bitmap(count: bitmap.count)
                bitmap.formIntersection(passing)
                passing.free()
            }
        case .any(let parts):
            for part in parts {
                let passing = try part.bitmap(count: bitmap.count)
                bitmap.formUnion(passing)
                passing.free()
            }
        }
    }
}
