import Shared
import Testing

@testable import proxyd

@Suite("channels that fail")
struct ChannelWatchTests {
    private func core(_ count: Int) throws -> DaemonCore {
        let names = (0..<count).map { "c\($0)" }
        let daemon = try FakeDaemon(Blueprint.topology([("mail", [("main", names)])]))
        return DaemonCore(
            RunOptions(), daemon.identity, daemon.live, WorkerPool(share: daemon.share),
            daemon.limits)
    }

    @Test("what follows is done once per turn, however many fail and return in it")
    func once() throws {
        let core = try core(200)
        let watch = ChannelWatch(core)
        var changes = 0
        watch.haveChanged = {
            changes += 1
            watch.lookAtOutages()
        }
        core.now = .at(10)
        #expect(watch.nextDeadline == nil)
        for channel in core.topology.channels {
            _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(10))
            watch.reportFailure(of: channel, .refused)
        }
        #expect((changes, watch.nextDeadline) == (0, .zero))
        watch.meetDeadlines(now: .at(10))
        #expect((changes, watch.nextDeadline) == (1, .at(70)))
        let events = core.events.ring.entries(since: 0).entries.map(\.event.kind)
        #expect(events.count == 201)
        #expect(events.last == .allFailed)

        core.now = .at(70)
        watch.meetDeadlines(now: .at(70))
        #expect((changes, watch.nextDeadline) == (2, nil))
        watch.meetDeadlines(now: .at(71))
        #expect(changes == 2)
    }

    @Test("channels that have failed long before the last one are no outage")
    func slowly() throws {
        let core = try core(3)
        let watch = ChannelWatch(core)
        watch.haveChanged = { watch.lookAtOutages() }
        for (channel, time) in zip(core.topology.channels, [10, 11, 16]) {
            core.now = .at(time)
            _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(time))
            watch.reportFailure(of: channel, .refused)
            watch.meetDeadlines(now: .at(time))
        }
        #expect(core.events.ring.entries(since: 0).entries.allSatisfy { $0.event.kind == .failed })
    }
}
