/// What must hold of strings before they are read. `what` names them in messages, as in "row 3 of the
/// ids".
extension Strings {
    /// Checks layout and texts.
    /// - Throws: `invalidArgument`, `badText`.
    func check(_ what: String) throws(MartletError) {
        try checkLayout(what)
        try checkTexts(what)
    }

    /// Checks that every string but those that are null lies where the tables say that memory is.
    /// - Throws: `invalidArgument`.
    func checkLayout(
        _ what: String, isNull: (Int) -> Bool = { _ in false }
    ) throws(MartletError) {
        guard count >= 0 else {
            throw .invalidArgument("the count of \(what) is \(count), but must be 0 or more")
        }
        guard let indices else {
            return try texts.check("row", what, count: count, isNull: isNull)
        }
        try texts.check("text", "the dictionary of \(what)", count: indices.textCount) { _ in false
        }
        try indices.check(what, count: count, isNull: isNull)
    }

    /// Checks that all texts are UTF-8, once the layout has been checked.
    func checkTexts(_ what: String) throws(MartletError) {
        // No text is bad if all bytes are ASCII, which is common and quickly seen.
        if case .offsets(let offsets) = texts, indices == nil {
            guard !offsets.bytes(of: count).isASCII else { return }
        }
        for row in 0..<count { try checkText(row, what) }
    }

    private func checkText(_ row: Int, _ what: String) throws(MartletError) {
        let text = self[row]
        guard !text.isASCII, let place = text.firstNotUTF8 else { return }
        let byte = String(text[place], radix: 16, uppercase: true)
        throw .badText(
            "row \(row) of \(what) is not UTF-8: its byte \(place), 0x\(byte), cannot stand there")
    }
}

extension Strings.Texts {
    /// `one` is what a text is called.
    fileprivate func check(
        _ one: String, _ what: String, count: Int, isNull: (Int) -> Bool
    ) throws(MartletError) {
        switch self {
        case .offsets(let offsets): try offsets.check(one, what, count: count)
        case .views(let views): try views.check(one, what, count: count, isNull: isNull)
        }
    }
}

extension Strings.Offsets {
    fileprivate func check(_ one: String, _ what: String, count: Int) throws(MartletError) {
        guard offsetBytes == 4 || offsetBytes == 8 else {
            throw .invalidArgument(
                "the offsets of \(what) have \(offsetBytes) bytes, not 4 or 8")
        }
        guard count > 0 else { return }
        guard table != nil else {
            throw .invalidArgument(
                "the offsets of \(what) are NULL, but there are \(count) of them")
        }
        guard count < Int.max / offsetBytes else {
            throw .invalidArgument("\(count) offsets of \(what) are more than memory can hold")
        }
        try checkOrder(one, what, count: count)
        guard data != nil || offset(count) == 0 else {
            throw .invalidArgument(
                "the data of \(what) is NULL, but their offsets end at \(offset(count)), not 0")
        }
        guard !UInt(bitPattern: data).addingReportingOverflow(UInt(offset(count))).overflow else {
            throw .invalidArgument(
                "the offsets of \(what) end at \(offset(count)), beyond the address space")
        }
    }

    private func checkOrder(_ one: String, _ what: String, count: Int) throws(MartletError) {
        guard offset(0) >= 0 else {
            throw .invalidArgument(
                "\(one) 0 of \(what) begins at \(offset(0)); offsets must not be negative")
        }
        for i in 0..<count where offset(i + 1) < offset(i) {
            throw .invalidArgument(
                "\(one) \(i) of \(what) ends at \(offset(i + 1)), before it begins at "
                    + "\(offset(i)); offsets must not decrease")
        }
    }
}

extension Strings.Views {
    fileprivate func check(
        _ one: String, _ what: String, count: Int, isNull: (Int) -> Bool
    ) throws(MartletError) {
        guard bufferCount >= 0, bufferCount <= Int32.max else {
            throw .invalidArgument(
                "\(what) have \(bufferCount) buffers, but views can tell of 0 to \(Int32.max)")
        }
        guard bufferCount == 0 || (buffers != nil && bufferSizes != nil) else {
            throw .invalidArgument(
                "the buffers of \(what) or their sizes are NULL, but there are \(bufferCount)")
        }
        guard count > 0 else { return }
        guard table != nil else {
            throw .invalidArgument("the views of \(what) are NULL, but there are \(count) of them")
        }
        guard count <= Int.max / Self.stride else {
            throw .invalidArgument("\(count) views of \(what) are more than memory can hold")
        }
        for i in 0..<count where !isNull(i) { try check(i, one, what) }
    }

    private func check(_ i: Int, _ one: String, _ what: String) throws(MartletError) {
        let size = number(0, of: i)
        guard size > Self.longestInside else {
            guard size >= 0 else {
                throw .invalidArgument("\(one) \(i) of \(what) has \(size) bytes")
            }
            return
        }
        let (buffer, start) = (number(2, of: i), number(3, of: i))
        guard buffer >= 0, buffer < bufferCount else {
            throw .invalidArgument(
                "\(one) \(i) of \(what) is in buffer \(buffer), but there are \(bufferCount)")
        }
        guard start >= 0, start + size <= bufferSize(buffer), self.buffer(buffer) != nil else {
            throw .invalidArgument(
                "\(one) \(i) of \(what) is bytes \(start) to \(start + size) of buffer \(buffer), "
                    + "which has \(self.buffer(buffer) == nil ? 0 : bufferSize(buffer))")
        }
    }
}

extension Strings.Indices {
    fileprivate func check(
        _ what: String, count: Int, isNull: (Int) -> Bool
    ) throws(MartletError) {
        guard format.fits(.int64) else {
            throw .invalidArgument("the indices of \(what) cannot be given as \(format)")
        }
        guard textCount >= 0 else {
            throw .invalidArgument(
                "the dictionary of \(what) has \(textCount) texts, but must have 0 or more")
        }
        guard count > 0 else { return }
        guard table != nil else {
            throw .invalidArgument(
                "the indices of \(what) are NULL, but there are \(count) of them")
        }
        guard count <= Int.max / MemoryLayout<Int>.size else {
            throw .invalidArgument("\(count) indices of \(what) are more than memory can hold")
        }
        for row in 0..<count where !isNull(row) {
            guard self[row] >= 0, self[row] < textCount else {
                throw .invalidArgument(
                    "row \(row) of \(what) is text \(self[row]) of a dictionary that has "
                        + "\(textCount)")
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether no byte has its highest bit set.
    var isASCII: Bool {
        var place = 0
        while place + 32 <= count {
            let bytes = loadUnaligned(fromByteOffset: place, as: SIMD4<UInt64>.self)
            guard bytes & 0x8080_8080_8080_8080 == .zero else { return false }
            place += 32
        }
        while place < count {
            guard self[place] < 0x80 else { return false }
            place += 1
        }
        return true
    }

    /// The place of the first byte at which this stops being UTF-8; nil if it never does.
    var firstNotUTF8: Int? {
        do throws(Unicode.UTF8.ValidationError) {
            _ = try UTF8Span(
                validating: Span(_unsafeElements: bindMemory(to: UInt8.self)))
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}
