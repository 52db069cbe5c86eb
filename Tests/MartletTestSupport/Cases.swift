/// A body's error, and the case in which it was thrown.
public struct CaseFailure: Error, CustomStringConvertible {
    public let description: String
}

/// Runs `body` once per case (a seed, say), and names the first case in which it throws.
public func withEvery<Case>(
    _ name: String, in cases: some Sequence<Case>, _ body: (Case) throws -> Void
) throws {
    for each in cases {
        do {
            try body(each)
        } catch {
            throw CaseFailure(description: "\(name) \(each): \(error)")
        }
    }
}
