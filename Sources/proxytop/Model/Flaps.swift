internal import Shared

/// Channels that fail and come back again and again: each time clients are sent to one that is not well.
struct Flaps: Equatable, Sendable {
    /// So many failures within so long count as flapping.
    static let fewest = 3
    static let spanMilliseconds: UInt64 = 600_000

    private(set) var counts: [UInt64: Int] = [:]

    init() {}

    /// From what the daemon says has happened, up to a time of its clock.
    init(_ log: EventLog, now: UInt64) {
        let since = now - min(now, Self.spanMilliseconds)
        var failures: [UInt64: Int] = [:]
        for event in log.events.reversed() {
            guard event.monotonicMilliseconds >= since else { break }
            guard event.kind == "state", event.actor == nil, let serial = event.serial,
                let to = event.to, [.down, .grace].contains(ChannelState(rawValue: to))
            else { continue }
            failures[serial, default: 0] += 1
        }
        counts = failures.filter { $0.value >= Self.fewest }
    }

    /// `failed 4 times in 10 min`; nil: it does not flap.
    func text(_ serial: UInt64) -> String? {
        counts[serial].map {
            "failed \($0) times in \(Self.spanMilliseconds / 60_000) min"
        }
    }
}
