/// What a kind of probe says over a connection, and what it makes of the answers: decisions only, no
/// socket and no clock, so that every answer can be tested.
protocol ProbeExchange: Sendable {
    /// The connection stands.
    mutating func begin() -> ProbeMove
    /// Bytes have come, at least one.
    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove
    /// The other side has ended.
    mutating func end() -> ProbeResult
    /// The time is up.
    func expire() -> ProbeResult
}

/// What comes next in a probe.
enum ProbeMove: Equatable, Sendable {
    case send([UInt8])
    /// For the other side to say something.
    case wait
    /// The verdict, and what is to be said by way of goodbye.
    case done(ProbeResult, goodbye: [UInt8] = [])
}
