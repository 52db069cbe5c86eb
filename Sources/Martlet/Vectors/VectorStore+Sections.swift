/// The vectors as sections of a file.
extension VectorView {
    func sections(slots: Int) -> [Section] {
        var sections: [Section] = []
        if let rows { sections.append(Section(.rows, rows, count: slots * reader.stride)) }
        if let aux { sections.append(Section(.derived, aux, count: slots)) }
        if let codes {
            let offsets = UnsafePointer(codes.quantizer.offsets)
            sections.append(Section(.codeOffsets, offsets, count: reader.codeStride))
            sections.append(Section(.codes, codes.codes, count: slots * codes.stride))
        }
        return sections
    }

    func describe(to parameters: inout Parameters) {
        parameters.radius = radius
        (parameters.trained, parameters.clamped) = (training.count, training.clamped)
        parameters.stepsPerUnit = codes?.quantizer.stepsPerUnit ?? 0
        parameters.rounds = codes?.quantizer.rounds ?? 0
    }
}

extension VectorStore {
    /// The store that a file holds. What its floats are is not checked: they lead nowhere.
    init(
        _ reader: VectorReader, _ file: SectionReader, _ parameters: Parameters
    ) throws(MartletError) {
        self.init(reader, parameters.configuration.memory)
        do throws(MartletError) {
            try read(file, parameters)
        } catch {
            free()
            throw error
        }
    }
}

extension CodeStore {
    init(
        _ reader: VectorReader, _ file: SectionReader, _ parameters: Parameters
    ) throws(MartletError) {
        self.init()
        training = Training(count: parameters.trained, clamped: parameters.clamped)
        guard parameters.stepsPerUnit > 0 else { return }
        try file.check(
            reader.metric != .ip && parameters.slots > 0, .parameters,
            "there must not be codes under ip or without vectors")
        let count = file.version == 1 ? reader.stride : reader.codeStride
        let offsets = try file.array(.codeOffsets, Float.self, count: count)
        codes = try file.table(.codes, UInt8.self, count: parameters.slots * reader.codeStride)
        do throws(MartletError) {
            let table = try Quantizer.makeTable(reader, rounds: parameters.rounds)
            table.update(repeating: 0, count: reader.codeStride)
            for (place, offset) in offsets.enumerated() { table[place] = offset }
            quantizer = Quantizer(
                table: table, rounds: parameters.rounds,
                stepsPerUnit: parameters.stepsPerUnit, reader: reader)
        } catch {
            codes.free()
            throw error
        }
    }
}
