internal import Glibc

/// Signals as they come, without those that come twice.
struct SignalInbox: ~Copyable {
    private let source: SignalSource
    let reaper = OrphanReaper()
    private var last: (number: CInt, isPassedOn: Bool, at: Instant)?

    init() throws(SystemError) { source = try SignalSource(DaemonSignals.all) }

    var descriptor: CInt { source.number }

    func next() -> SignalSource.Arrival? { source.nextWithSender() }

    /// What ends a whole group of processes at once sends two signals here: one directly, and one through the
    /// process that stays where the daemon was started. That is not a second signal.
    mutating func isEcho(_ arrival: SignalSource.Arrival, now: Instant) -> Bool {
        let isPassedOn = arrival.sender == getppid()
        defer { last = (arrival.number, isPassedOn, now) }
        guard let last, last.number == arrival.number else { return false }
        return last.isPassedOn != isPassedOn && now.milliseconds(since: last.at) < 1000
    }
}
