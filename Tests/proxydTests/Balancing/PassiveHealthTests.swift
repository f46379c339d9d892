import Shared
import Testing

@testable import proxyd

@Suite("Passive health")
struct PassiveHealthTests {
    private typealias Verdict = PassiveHealth.Verdict

    /// What happens to a channel, so many seconds after the start.
    enum Event: Sendable {
        case fails(at: Int)
        case connects
    }

    private func verdicts(
        _ events: [Event], rules: PassiveHealthRules, isLast: Bool = false
    ) -> [Verdict] {
        var health = PassiveHealth()
        return events.compactMap { event in
            switch event {
            case .connects:
                health.connected()
                return nil
            case .fails(let second):
                let now = Instant(nanoseconds: UInt64(1000 + second) * 1_000_000_000)
                return health.failed(rules, grace: .seconds(10), isLast: isLast, now: now)
            }
        }
    }

    @Test(
        "a grace time is as long as configured, and twice as long each time a channel flaps",
        arguments: [
            ([.fails(at: 0)], [10]),
            // Dead for long: tried again and again at the same interval.
            ([.fails(at: 0), .fails(at: 10), .fails(at: 20), .fails(at: 30)], [10, 10, 10, 10]),
            // Flapping: it connects in between, and fails again.
            (
                [.fails(at: 0), .connects, .fails(at: 12), .connects, .fails(at: 40)],
                [10, 20, 40]
            ),
            // Never more than the longest.
            (
                [
                    .fails(at: 0), .connects, .fails(at: 12), .connects, .fails(at: 34),
                    .connects, .fails(at: 76),
                ], [10, 20, 40, 50]
            ),
            // A long good time in between, and it starts over.
            (
                [.fails(at: 0), .connects, .fails(at: 12), .connects, .fails(at: 500)],
                [10, 20, 10]
            ),
        ] as [([Event], [Int])])
    func grace(events: [Event], expected: [Int]) {
        let rules = PassiveHealthRules(graceMax: .seconds(50))
        #expect(verdicts(events, rules: rules) == expected.map { .grace(.seconds($0)) })
    }

    @Test("so many failures in a row, and a success starts the count over")
    func inARow() {
        let rules = PassiveHealthRules(failures: 3)
        #expect(
            verdicts(
                [
                    .fails(at: 0), .fails(at: 1), .connects, .fails(at: 2), .fails(at: 3),
                    .fails(at: 4),
                ],
                rules: rules)
                == [.none, .none, .none, .none, .grace(.seconds(10))])
    }

    @Test(
        "autodisable leaves the last usable channel, unless told not to",
        arguments: [
            (false, false, Verdict.auto), (true, false, .grace(.seconds(10))), (true, true, .auto),
        ])
    func autodisable(isLast: Bool, panic: Bool, expected: PassiveHealth.Verdict) {
        let rules = PassiveHealthRules(autodisable: true, panic: panic)
        #expect(verdicts([.fails(at: 0)], rules: rules, isLast: isLast) == [expected])
    }

    @Test("a channel that was switched off by autodisable says so, and is enabled by a person")
    func auto() {
        let now = Instant.now
        let channel = Channel(
            ChannelConfiguration(name: "c", endpoint: .ip(.loopbackV4, port: 1)), in: "s/g",
            serial: 1, addresses: [.ip(.loopbackV4, port: 1)], workerCount: 1, now: now)
        let rules = PassiveHealthRules(autodisable: true)
        #expect(channel.failed(why: "refused", grace: .seconds(60), rules: rules, now: now))
        #expect(channel.state(now: now) == .auto)
        #expect(channel.note(now: now).by == "autodisable")
        #expect(!channel.isUsable(now: now))
        #expect(!channel.failed(why: "refused", grace: .seconds(60), rules: rules, now: now))
        channel.turn(.on, by: "0:test[1]", now: now)
        #expect(channel.state(now: now) == .up)
    }
}
