import Testing

@testable import proxyd

@Suite("Slow start and rebalance")
struct SlowStartTests {
    private func group(_ change: (inout GroupConfiguration) -> Void) throws -> Group {
        var blueprint = Blueprint()
        let channels = try ["a", "b"].map {
            try blueprint.channel(Blueprint.Part(name: $0), in: "s/g")
        }
        var settings = GroupConfiguration(name: "g")
        change(&settings)
        return Group(settings, in: "s", serial: 9, channels: channels)
    }

    /// How many of so many sessions go to the first channel at that time.
    private func share(of count: Int, in group: Group, at now: Instant) -> Int {
        (0..<count).count { _ in group.choose(excluding: [], now: now) === group.channels[0] }
    }

    @Test(
        "a channel that returns grows into its share",
        arguments: [(0, 9), (5, 9), (15, 33), (24, 44), (30, 50), (300, 50)])
    func grows(seconds: Int, percent: Int) throws {
        let group = try group { $0.slowStart = .seconds(30) }
        #expect(share(of: 100, in: group, at: .at(100)) == 50)
        group.channels[0].turn(.off, by: "t", now: .at(110))
        #expect(share(of: 10, in: group, at: .at(111)) == 0)
        group.channels[0].turn(.on, by: "t", now: .at(120))
        let count = share(of: 1100, in: group, at: .at(120 + seconds))
        #expect(abs(count * 100 / 1100 - percent) <= 1)
    }

    @Test("the end of a grace time is a return, too")
    func afterGrace() throws {
        let group = try group { $0.slowStart = .seconds(30) }
        _ = group.channels[0].failed(why: "refused", grace: .seconds(10), now: .at(100))
        #expect(share(of: 110, in: group, at: .at(110)) == 10)
        #expect(share(of: 110, in: group, at: .at(140)) == 55)
    }

    @Test("every so many choices all grace times end")
    func rebalance() throws {
        let group = try group { $0.rebalance = 5 }
        let first = group.channels[0]
        _ = first.failed(why: "refused", grace: .seconds(600), now: .at(100))
        let turns = (0..<6).map { _ in group.choose(excluding: [], now: .at(101)) === first }
        #expect(turns[..<4].allSatisfy { !$0 })
        #expect(turns[4...].contains(true))
        #expect(!first.isInGrace(now: .at(101)))
    }
}
