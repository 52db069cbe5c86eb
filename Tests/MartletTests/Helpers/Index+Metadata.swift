import MartletTestSupport

@testable import Martlet

/// Calls with metadata, on indexes of 1-dimensional vectors under assigned ids, which are rows.
extension Index {
    /// Adds vectors of small whole numbers, but `last`.
    func add(
        rows: Int, _ columns: [GivenColumn], last: Float = 1, control: Control? = nil
    ) throws(MartletError) {
        var options = AddOptions()
        (options.columns, options.control, options.threads) = (columns.map(\.source), control, 1)
        var vectors = (0..<rows).map { [Float($0 % 7)] }
        if rows > 0 { vectors[rows - 1] = [last] }
        try withMatrix(vectors, columns: 1) { matrix throws(MartletError) in
            try add(matrix, options)
        }
        withExtendedLifetime(columns) {}
    }

    func update(rows: [Int], _ columns: [GivenColumn]) throws(MartletError) {
        let ids = rows.map { Int64($0) }
        try ids.withUnsafeBufferPointer { ids throws(MartletError) in
            try updateMetadata(
                .integers(Integers(data: ids.baseAddress, count: ids.count)),
                columns.map(\.source))
        }
        withExtendedLifetime(columns) {}
    }

    /// The values of a column, of the type that it has.
    func cells(_ name: String, rows: [Int]) throws(MartletError) -> [Cell?] {
        let type = columns.first { Array($0.name.utf8) == Array(name.utf8) }!.type
        let buffers = ColumnBuffers(rows: rows.count)
        let rows = rows.map { Int64($0) }
        try rows.withUnsafeBufferPointer { rows throws(MartletError) in
            do throws(MartletError) {
                try values(of: name, rows: rows, into: &buffers.output)
            } catch .bufferTooSmall {
                buffers.makeRoomForTexts()
                try values(of: name, rows: rows, into: &buffers.output)
            }
        }
        return buffers.cells(type)
    }
}

/// Memory for the values of a column: at first none for texts.
private final class ColumnBuffers {
    var output = ColumnOutput()
    private let rows: Int
    private var text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    private var offsets = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 0)

    init(rows: Int) {
        self.rows = rows
        output.valid = .allocate(capacity: rows)
        output.values = .allocate(byteCount: rows * 8, alignment: 8)
        output.listOffsets = .allocate(capacity: rows + 1)
        setText()
    }

    deinit {
        output.valid?.deallocate()
        output.values?.deallocate()
        output.listOffsets?.deallocate()
        text.deallocate()
        offsets.deallocate()
    }

    private func setText() {
        output.text = TextOutput(
            data: text.baseAddress, capacity: text.count, offsets: offsets.baseAddress,
            offsetCapacity: offsets.count)
    }

    func makeRoomForTexts() {
        let (size, count) = (output.text!.size, output.text!.count)
        text.deallocate()
        offsets.deallocate()
        text = .allocate(capacity: size)
        offsets = .allocate(capacity: count + 1)
        setText()
    }

    func cells(_ type: ColumnType) -> [Cell?] {
        (0..<rows).map { row in output.valid![row] == 0 ? nil : cell(row, type) }
    }

    private func cell(_ row: Int, _ type: ColumnType) -> Cell {
        switch type {
        case .bool: .bool(output.values!.load(fromByteOffset: row, as: UInt8.self) == 1)
        case .int64, .datetime:
            .integer(output.values!.load(fromByteOffset: row * 8, as: Int64.self))
        case .float64: .double(output.values!.load(fromByteOffset: row * 8, as: Double.self))
        case .string, .json: .text(text(row))
        case .tags:
            .tags((output.listOffsets![row]..<output.listOffsets![row + 1]).map { text(Int($0)) })
        }
    }

    private func text(_ place: Int) -> [UInt8] {
        Array(text[Int(offsets[place])..<Int(offsets[place + 1])])
    }
}
