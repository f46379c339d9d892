/// What clients begin with.
enum Target {
    /// `scripts/fuzz` writes them.
    static let seeds: [[UInt8]] = []

    static func violation(by bytes: [UInt8]) -> String? { FirstBytesChecks.violation(by: bytes) }
}
