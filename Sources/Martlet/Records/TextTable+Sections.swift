/// Which sections of a file hold texts.
struct TextSections {
    let ends: SectionKind
    let texts: SectionKind

    static let ids = TextSections(ends: .textIdEnds, texts: .textIds)
    static let column = TextSections(ends: .textEnds, texts: .texts)
}

extension TextView {
    func sections(_ kinds: TextSections, part: Int = 0) -> [Section] {
        [
            Section(kinds.ends, part: part, ends.map { UnsafePointer($0) }, count: count),
            Section(kinds.texts, part: part, bytes.map { UnsafePointer($0) }, count: byteCount),
        ]
    }

    /// Throws unless the texts fill `size` bytes, one behind the other, and, if all bytes are read
    /// anyway, unless they are UTF-8.
    func check(
        _ file: SectionReader, _ kinds: TextSections, size: Int
    ) throws(MartletError) {
        var end = 0
        for number in 0..<count {
            let next = ends![number]
            try file.check(next >= end, kinds.ends, "text \(number) must not end before it begins")
            end = next
        }
        try file.check(end == size, kinds.ends, "the last text must end at \(size), not \(end)")
        guard file.mapping == nil else { return }
        let all = UnsafeRawBufferPointer(start: bytes, count: size)
        guard !all.isASCII else { return }
        for number in 0..<UInt32(count) {
            try file.check(
                self[number].firstNotUTF8 == nil, kinds.texts, "text \(number) must be UTF-8")
        }
    }
}
