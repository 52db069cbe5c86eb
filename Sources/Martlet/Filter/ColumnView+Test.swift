import CIntrinsics

/// Tests of all slots of a column.
extension ColumnView {
    /// Inserts the slots below the bitmap's count whose value passes.
    func insertPassing(_ test: Test, into bitmap: Bitmap) {
        let kernels = InstructionSet.kernels
        let slots = UInt64(min(count, bitmap.count))
        switch test {
        case .nothing: break
        case .anything: kernels.select_byte(valid, valid, slots, 1, bitmap.words)
        case .bool(let bool): kernels.select_byte(table(), valid, slots, bool, bitmap.words)
        case .integers(let range):
            kernels.select_integers(
                table(), valid, slots, range.lowerBound, range.upperBound, bitmap.words)
        case .oneOfIntegers(let set):
            let values: UnsafePointer<UInt64> = table()
            scan(into: bitmap) { set.contains(values[$0]) }
        case .doubles(let range):
            kernels.select_doubles(
                table(), valid, slots, range.lowerBound, range.upperBound, bitmap.words)
        case .oneOfDoubles(let set):
            let values: UnsafePointer<Double> = table()
            scan(into: bitmap) { set.contains((values[$0] + 0).bitPattern) }
        case .text(let number):
            kernels.select_number(table(), valid, slots, number, bitmap.words)
        case .oneOfTexts(let set):
            kernels.select_numbers(table(), valid, slots, set.bitmap.words, bitmap.words)
        case .tag(let tag): insertTagged(tag, into: bitmap)
        case .tagLists(let lists):
            scanTags(into: bitmap) { tags in lists.contains { tags.elementsEqual($0) } }
        }
    }

    private func table<Value>() -> UnsafePointer<Value> {
        values.assumingMemoryBound(to: Value.self)
    }

    /// Slots that have a tag. The first few tags of each are compared without a branch on how many
    /// there are, which the processor could not predict.
    private func insertTagged(_ tag: UInt32, into bitmap: Bitmap) {
        guard let tags else { return }
        let spans: UnsafePointer<TagSpan> = table()
        let few = 4
        scan(into: bitmap) { slot in
            guard valid[slot] == 1 else { return false }
            let (start, count) = (spans[slot].start, spans[slot].count)
            guard count > 0 else { return false }
            var isTagged = false
            for i in 0..<few { isTagged = (tags[start &+ min(i, count &- 1)] == tag) || isTagged }
            if count > few {
                for i in few..<count where tags[start &+ i] == tag { isTagged = true }
            }
            return isTagged
        }
    }

    private func scanTags(into bitmap: Bitmap, _ passes: (UnsafeBufferPointer<UInt32>) -> Bool) {
        let spans: UnsafePointer<TagSpan> = table()
        scan(into: bitmap) { slot in
            guard valid[slot] == 1 else { return false }
            let span = spans[slot]
            return passes(
                UnsafeBufferPointer(start: tags.map { $0 + span.start }, count: span.count))
        }
    }

    /// A word of 64 slots at a time; `passes` is asked of nulls too, in vain.
    @inline(__always)
    private func scan(into bitmap: Bitmap, _ passes: (Int) -> Bool) {
        let slots = min(count, bitmap.count)
        var first = 0
        while first < slots {
            let width = min(slots - first, Bitmap.bitsPerWord)
            var word: UInt64 = 0
            for bit in 0..<width {
                let slot = first &+ bit
                word |= ((passes(slot) ? 1 : 0) & UInt64(valid[slot])) &<< UInt64(bit)
            }
            bitmap.words[first / Bitmap.bitsPerWord] = word
            first += width
        }
    }
}
