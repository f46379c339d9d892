import Shared
import Synchronization
import Testing

@testable import proxyd

@Suite("Channel")
struct ChannelTests {
    private final class Count: Sendable {
        let value = Atomic<Int>(0)
        let most = Atomic<Int>(0)

        func enter() { most.max(value.add(1, ordering: .relaxed).newValue, ordering: .relaxed) }
        func leave() { value.subtract(1, ordering: .relaxed) }
    }

    @Test(
        "eight threads never hold more slots than maxc, and give every one back",
        arguments: [1, 3, 64])
    func slots(maxc: Int) throws {
        let channel = try Channel.make(maxc: maxc)
        let held = Count()
        let taken = Atomic<Int>(0)
        let threads = try (0..<8).map { _ in
            try Thread(name: "hammer") { [held] in
                for _ in 0..<2000 where channel.reserve(now: .at(100)) {
                    held.enter()
                    held.leave()
                    channel.release()
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(held.most.load(ordering: .relaxed) <= maxc)
        #expect(channel.current == 0)
        for _ in 0..<maxc where channel.reserve(now: .at(100)) {
            taken.add(1, ordering: .relaxed)
        }
        #expect(taken.load(ordering: .relaxed) == maxc)
        #expect(!channel.reserve(now: .at(100)))
    }

    @Test("without maxc there is always a slot")
    func unlimited() throws {
        let channel = try Channel.make()
        for _ in 0..<1000 { #expect(channel.reserve(now: .at(1))) }
        #expect(channel.current == 1000)
        #expect(channel.hasRoom)
        #expect(channel.state(now: .at(1)) == .up)
    }

    struct Situation: Sendable, CustomTestStringConvertible {
        var position: Channel.Switch
        var isGrace = false
        var isFull = false
        var state: ChannelState
        var isUsable: Bool

        var testDescription: String { "\(position) grace \(isGrace) full \(isFull)" }
    }

    @Test(
        "the state says the first thing that keeps sessions away",
        arguments: [
            Situation(position: .on, state: .up, isUsable: true),
            Situation(position: .on, isFull: true, state: .full, isUsable: true),
            Situation(position: .on, isGrace: true, state: .grace, isUsable: false),
            Situation(position: .on, isGrace: true, isFull: true, state: .grace, isUsable: false),
            Situation(position: .draining, state: .drain, isUsable: false),
            Situation(position: .draining, isFull: true, state: .drain, isUsable: false),
            Situation(position: .off, state: .off, isUsable: false),
            Situation(position: .off, isFull: true, state: .off, isUsable: false),
        ])
    func states(situation: Situation) throws {
        let channel = try Channel.make(maxc: 1)
        if situation.position != .on { channel.turn(situation.position, by: "t", now: .at(101)) }
        if situation.isGrace {
            _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(102))
        }
        if situation.isFull { #expect(channel.reserve(now: .at(103))) }
        #expect(channel.state(now: .at(110)) == situation.state)
        #expect(channel.isUsable(now: .at(110)) == situation.isUsable)
        #expect(channel.position == situation.position)
    }

    @Test("a first failure is news, one within the grace time is not, and both put off the return")
    func failures() throws {
        let channel = try Channel.make()
        #expect(channel.returns(now: .at(100)) == nil)
        #expect(channel.failed(why: "refused", grace: .seconds(60), now: .at(100)))
        #expect(channel.returns(now: .at(100)) == .at(160))
        #expect(!channel.failed(why: "timeout", grace: .seconds(60), now: .at(110)))
        #expect(channel.returns(now: .at(110)) == .at(170))
        #expect(channel.note(now: .at(111)).since == .at(100))
        #expect(channel.note(now: .at(111)).why == "timeout")
        #expect(channel.state(now: .at(169)) == .grace)
        #expect(channel.state(now: .at(170)) == .up)
        #expect(channel.failed(why: "refused", grace: .seconds(60), now: .at(170)))
    }

    @Test("of threads that report one failure, exactly one has news")
    func oneNews() throws {
        for round in 0..<50 {
            let channel = try Channel.make()
            let news = Count()
            let threads = try (0..<4).map { _ in
                try Thread(name: "failing") {
                    if channel.failed(why: "refused", grace: .seconds(60), now: .at(100)) {
                        news.enter()
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(news.value.load(ordering: .relaxed) == 1, "round \(round)")
            #expect(channel.succeeded(now: .at(101)))
            #expect(!channel.succeeded(now: .at(101)))
        }
    }

    @Test("without a grace time a failure changes nothing")
    func noGrace() throws {
        let channel = try Channel.make()
        #expect(!channel.failed(why: "refused", grace: .zero, now: .at(100)))
        #expect(channel.state(now: .at(100)) == .up)
    }

    @Test("a success ends the grace time, which is news; any other success is not")
    func success() throws {
        let channel = try Channel.make()
        #expect(!channel.succeeded(now: .at(100)))
        _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(100))
        #expect(channel.succeeded(now: .at(101)))
        #expect(channel.state(now: .at(101)) == .up)
        #expect(channel.note(now: .at(102)).why == "connected again")
        #expect(channel.note(now: .at(102)).since == .at(101))
        #expect(!channel.succeeded(now: .at(102)))
    }

    @Test("a grace time that ran out is told with its end")
    func graceOver() throws {
        let channel = try Channel.make()
        _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(100))
        #expect(channel.note(now: .at(159)).why == "refused")
        #expect(channel.note(now: .at(160)).why == "grace over")
        #expect(channel.note(now: .at(500)).since == .at(160))
    }

    @Test("moving the switch ends a grace time and says who did it")
    func turn() throws {
        let channel = try Channel.make()
        _ = channel.failed(why: "refused", grace: .seconds(60), now: .at(100))
        channel.turn(.off, by: "0:ctl[7]", now: .at(110))
        #expect(channel.returns(now: .at(110)) == nil)
        #expect(channel.note(now: .at(111)).by == "0:ctl[7]")
        #expect(channel.note(now: .at(111)).why == nil)
        channel.turn(.on, by: "0:ctl[8]", now: .at(120))
        #expect(channel.state(now: .at(120)) == .up)
        #expect(channel.note(now: .at(121)).since == .at(120))
    }

    @Test(
        "a connect that fails after the channel was switched off says nothing new",
        arguments: [Channel.Switch.off, .draining])
    func lateFailure(position: Channel.Switch) throws {
        let channel = try Channel.make()
        channel.turn(position, by: "0:ctl[7]", now: .at(100))
        #expect(!channel.failed(why: "timeout", grace: .seconds(60), now: .at(105)))
        #expect(channel.note(now: .at(106)).by == "0:ctl[7]")
        #expect(channel.note(now: .at(106)).since == .at(100))
        #expect(channel.returns(now: .at(106)) == nil)
    }

    @Test("a full channel is full since its last slot was taken")
    func fullNote() throws {
        let channel = try Channel.make(maxc: 2)
        #expect(channel.reserve(now: .at(101)))
        #expect(channel.note(now: .at(102)).why == nil)
        #expect(channel.reserve(now: .at(105)))
        #expect(channel.note(now: .at(106)).why == "maxc")
        #expect(channel.note(now: .at(106)).since == .at(105))
        channel.release()
        #expect(channel.note(now: .at(107)).since == .at(100))
    }
}
