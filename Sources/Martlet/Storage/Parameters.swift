/// The numbers that all other sections of a file depend on; docs/format.md has their places.
struct Parameters {
    var configuration: Configuration
    var slots = 0
    var hasRemoved = false
    var tombstones = 0
    /// nil if there never was an id.
    var idKind: IdKind?
    var nextId: Int64?
    var added = 0
    var entry: (slot: Int, level: Int)?
    var upperRows = 0
    var radius: Float = 0
    var trained = 0
    var clamped = 0
    /// 0 if there are no codes.
    var stepsPerUnit: Float = 0
    var columns = 0
    /// Rounds of the rotation before vectors are encoded; since version 2.
    var rounds = 0
    /// Whether links have codes; since version 2.
    var hasLinkCodes = false

    private static func count(version: Int) -> Int { version == 1 ? 21 : 24 }

    init(_ configuration: Configuration) { self.configuration = configuration }

    var section: Section {
        let configuration = [
            configuration.dim, Int(configuration.metric.rawValue), configuration.M,
            configuration.efConstruction, Int(bitPattern: UInt(configuration.seed)),
        ]
        let records = [
            slots, hasRemoved ? 1 : 0, tombstones, Int(idKind?.rawValue ?? 0),
            nextId == nil ? 0 : 1, Int(nextId ?? 0), added,
        ]
        let graph = [entry == nil ? 0 : 1, entry?.slot ?? 0, entry?.level ?? 0, upperRows]
        let vectors = [
            Int(radius.bitPattern), trained, clamped, Int(stepsPerUnit.bitPattern), columns, rounds,
            hasLinkCodes ? 1 : 0, Int(self.configuration.memory.rawValue),
        ]
        let words = configuration + records + graph + vectors
        return Section(.parameters, words.map { UInt64(bitPattern: Int64($0)) })
    }

    /// Reads and checks them, each by itself and against the others.
    init(_ file: SectionReader) throws(MartletError) {
        let count = Self.count(version: file.version)
        var words = Words(
            left: try file.array(.parameters, UInt64.self, count: count)[...], file: file)
        configuration = try words.configuration()
        slots = try words.number("the number of slots", 0...Configuration.maxVectors)
        hasRemoved = try words.flag()
        tombstones = try words.number("the number of tombstones", 0...slots)
        let kind = try words.number("the kind of ids", 0...2)
        idKind = IdKind(rawValue: Int32(kind))
        let hasNextId = try words.flag()
        let next = try words.number("the next id", 0...Int.max)
        nextId = hasNextId ? Int64(next) : nil
        // Far more than anybody can add, and yet so far from Int's end that sums do not overflow.
        added = try words.number("the number of vectors ever added", slots...1 << 60)
        entry = try words.entry(slots: slots)
        upperRows = try words.number(
            "the number of upper rows", 0...slots * LevelSampler.maxLevel)
        radius = try words.float("the radius of the lift")
        trained = try words.number("the size of the training", 0...Configuration.maxVectors)
        clamped = try words.number("the number of clamped components", 0...1 << 60)
        stepsPerUnit = try words.float("the steps per unit")
        columns = try words.number("the number of columns", 0...Int(Int32.max))
        if file.version > 1 {
            rounds = try words.number("the rounds of the rotation", 0...Quantizer.usualRounds)
            hasLinkCodes = try words.flag()
            let forms = 0...(file.version == 2 ? 1 : 2)
            let memory = MemoryForm(rawValue: Int32(try words.number("memory", forms)))!
            configuration = try configuration.with(memory)
            try file.check(
                !hasLinkCodes || memory == .fast, .parameters,
                "links must have codes in the fast form only")
        }
        try file.check(slots == 0 || idKind != nil, .parameters, "the slots must have ids")
    }

    /// Numbers that are taken from the front.
    private struct Words {
        var left: ArraySlice<UInt64>
        let file: SectionReader

        mutating func number(
            _ name: String, _ bounds: ClosedRange<Int>
        ) throws(MartletError) -> Int {
            let number = left.removeFirst()
            guard let number = Int(exactly: number), bounds.contains(number) else {
                throw file.error(
                    "is damaged: \(name) is \(number), but must be from \(bounds.lowerBound) to "
                        + "\(bounds.upperBound)")
            }
            return number
        }

        mutating func flag() throws(MartletError) -> Bool { try number("a flag", 0...1) == 1 }

        mutating func float(_ name: String) throws(MartletError) -> Float {
            let bits = try number(name, 0...Int(UInt32.max))
            let float = Float(bitPattern: UInt32(bits))
            guard float >= 0, float.isFinite else {
                throw file.error("is damaged: \(name) is \(float), but must be finite")
            }
            return float
        }

        mutating func configuration() throws(MartletError) -> Configuration {
            let dim = try number("dim", Configuration.dimensions)
            let metric = Metric(rawValue: Int32(try number("metric", 0...2)))!
            let M = try number("M", Configuration.linkBudgets)
            let width = try number("ef_construction", Configuration.beamWidths)
            return try Configuration(
                dim: dim, metric: metric, M: M, efConstruction: width, seed: left.removeFirst())
        }

        mutating func entry(slots: Int) throws(MartletError) -> (slot: Int, level: Int)? {
            let exists = try flag()
            let slot = try number("the entry point", 0...max(slots - 1, 0))
            let level = try number("the entry point's level", 0...LevelSampler.maxLevel)
            try file.check(!exists || slots > 0, .parameters, "there must be an entry point")
            return exists ? (slot, level) : nil
        }
    }
}
