import Shared
import Testing

@testable import proxyd

@Suite("grace times that end")
struct GraceQueueTests {
    private let channels: [Channel]

    init() throws {
        let names = (0..<100).map { "c\($0)" }
        channels = try Blueprint.topology([("mail", [("main", names)])]).channels
    }

    private func fail(_ channel: Channel, at time: Int, for seconds: Int = 60) {
        _ = channel.failed(why: "refused", grace: .seconds(seconds), now: .at(time))
    }

    @Test("many that end at once are one change")
    func together() {
        var queue = GraceQueue()
        for channel in channels {
            fail(channel, at: 1)
            queue.add(channel, now: .at(1))
            queue.add(channel, now: .at(1))
        }
        #expect(queue.count == channels.count)
        #expect(queue.next == .at(61))
        let tooEarly = queue.endExpired(now: .at(60))
        #expect(!tooEarly)
        let together = queue.endExpired(now: .at(61))
        #expect(together)
        #expect(queue.count == 0)
        let again = queue.endExpired(now: .at(61))
        #expect(!again)
    }

    @Test("one that has failed again meanwhile is waited for, one that has returned is not")
    func moved() {
        var queue = GraceQueue()
        for channel in channels.prefix(2) {
            fail(channel, at: 1)
            queue.add(channel, now: .at(1))
        }
        fail(channels[0], at: 31)
        channels[1].endGrace()
        let oneOfThem = queue.endExpired(now: .at(61))
        #expect(oneOfThem)
        #expect((queue.count, queue.next) == (1, .at(91)))
        let other = queue.endExpired(now: .at(91))
        #expect(other)
        #expect((queue.count, queue.next) == (0, nil))
    }

    @Test("one that was enabled in between and has failed for a shorter time is looked at earlier")
    func earlier() {
        var queue = GraceQueue()
        fail(channels[0], at: 1, for: 600)
        queue.add(channels[0], now: .at(1))
        channels[0].turn(.on, by: "test", now: .at(2))
        fail(channels[0], at: 3, for: 10)
        queue.add(channels[0], now: .at(3))
        #expect((queue.count, queue.next) == (1, .at(13)))
    }

    @Test("a channel that is not in its grace time is not waited for")
    func usable() {
        var queue = GraceQueue()
        queue.add(channels[0], now: .at(1))
        #expect((queue.count, queue.next) == (0, nil))
    }
}
