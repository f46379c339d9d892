/// The lines of the control socket.
enum Target {
    /// `scripts/fuzz` writes them.
    static let seeds: [[UInt8]] = []

    static func violation(by bytes: [UInt8]) -> String? { WireChecks.violation(by: bytes) }
}
