import Shared
import Testing

@testable import proxyd

@Suite("Group and service")
struct GroupTests {
    private func service(_ groups: [(String, [String])]) throws -> Service {
        var blueprint = Blueprint()
        return try blueprint.service("s", groups)
    }

    private func names(_ service: Service, _ count: Int, now: Instant = .at(100)) -> [String] {
        (0..<count).map { _ in service.choose(excluding: [], now: now)?.name ?? "-" }
    }

    @Test("a choice reserves a slot in the channel")
    func reserves() throws {
        let service = try service([("g", ["a*1", "b*2"])])
        #expect(names(service, 4) == ["a", "b", "b", "-"])
        #expect(service.channels.map(\.current) == [1, 2])
        service.channels[0].release()
        #expect(names(service, 2) == ["a", "-"])
    }

    @Test("channels that this session has tried are not chosen again")
    func tried() throws {
        let service = try service([("g", ["a", "b"]), ("h", ["c"])])
        let serials = service.channels.map(\.serial)
        #expect(service.choose(excluding: [serials[0]], now: .at(1))?.name == "b")
        #expect(service.choose(excluding: [serials[0]], now: .at(1))?.name == "b")
        #expect(service.choose(excluding: [serials[0], serials[1]], now: .at(1))?.name == "c")
        #expect(service.choose(excluding: serials, now: .at(1)) == nil)
    }

    @Test("a later group serves only what the earlier ones cannot, and counts it")
    func overflow() throws {
        let service = try service([("g", ["a*2"]), ("h", ["b*1"]), ("i", ["c"])])
        #expect(names(service, 5) == ["a", "a", "b", "c", "c"])
        #expect(service.groups.map(\.spillCount) == [0, 1, 2])
        service.channels[0].release()
        #expect(names(service, 1) == ["a"])
    }

    @Test("spilling is over ten seconds after the last session spilled")
    func spill() throws {
        let service = try service([("g", ["a*1"]), ("h", ["b"])])
        #expect(!service.groups[1].isSpill(now: .at(100)))
        _ = names(service, 2)
        #expect(service.groups[1].isSpill(now: .at(109)))
        #expect(!service.groups[1].isSpill(now: .at(110)))
    }

    @Test("a channel in grace is passed over while another one is usable")
    func grace() throws {
        let service = try service([("g", ["a", "b"]), ("h", ["c"])])
        let channels = service.channels
        _ = channels[0].failed(why: "refused", grace: .seconds(60), now: .at(100))
        #expect(names(service, 3) == ["b", "b", "b"])
        _ = channels[1].failed(why: "refused", grace: .seconds(60), now: .at(100))
        #expect(names(service, 2) == ["c", "c"])
        #expect(names(service, 2, now: .at(160)) == ["a", "b"])
    }

    @Test("when all are in grace, the one that returns first is tried, on a first attempt only")
    func lastResort() throws {
        let service = try service([("g", ["a", "b"]), ("h", ["c", "d"])])
        let channels = service.channels
        for (channel, seconds) in zip(channels, [60, 40, 30, 20]) {
            _ = channel.failed(why: "refused", grace: .seconds(seconds), now: .at(100))
        }
        channels[3].turn(.off, by: "t", now: .at(100))
        #expect(!service.isUsable(now: .at(101)))
        #expect(service.choose(excluding: [], now: .at(101))?.name == "c")
        #expect(channels[2].current == 1)
        #expect(service.choose(excluding: [channels[2].serial], now: .at(101)) == nil)
        #expect(channels.map(\.current) == [0, 0, 1, 0])
        // Trying one that is in grace is no spill.
        #expect(service.groups.map(\.spillCount) == [0, 0])
    }

    @Test("the last resort respects maxc, weight 0 and the switch")
    func lastResortLimits() throws {
        var blueprint = Blueprint()
        let service = try blueprint.service("s", [("g", ["a*1", "b"])])
        let channels = service.channels
        _ = channels[0].failed(why: "refused", grace: .seconds(10), now: .at(100))
        channels[1].turn(.draining, by: "t", now: .at(100))
        #expect(names(service, 2, now: .at(101)) == ["a", "-"])
        let idle = try Channel.make("w", weight: 0, serial: 50)
        let group = Group(GroupConfiguration(name: "g"), in: "s", serial: 51, channels: [idle])
        let other = Service(
            ServiceConfiguration(name: "s"), serial: 52, listeners: [], groups: [group])
        _ = idle.failed(why: "refused", grace: .seconds(10), now: .at(100))
        #expect(other.choose(excluding: [], now: .at(101)) == nil)
        #expect(!other.isUsable(now: .at(200)))
    }

    @Test("a service is usable while a channel is merely full")
    func usable() throws {
        let service = try service([("g", ["a*1"])])
        _ = names(service, 1)
        #expect(service.isUsable(now: .at(100)))
        service.channels[0].turn(.off, by: "t", now: .at(100))
        #expect(!service.isUsable(now: .at(100)))
    }

    @Test("a topology lists its services' parts in order")
    func topology() throws {
        let topology = try Blueprint.topology([
            ("x", [("g", ["a", "b"])]), ("y", [("g", ["c"]), ("h", ["d"])]),
        ])
        #expect(topology.channels.map(\.path) == ["x/g/a", "x/g/b", "y/g/c", "y/h/d"])
        #expect(topology.groups.map(\.path) == ["x/g", "y/g", "y/h"])
        #expect(topology.listeners.map(\.path) == ["x/l", "y/l"])
        let serials =
            topology.channels.map(\.serial) + topology.groups.map(\.serial)
            + topology.listeners.map(\.serial)
        #expect(Set(serials).count == serials.count)
    }
}

@Suite("Counters and listeners")
struct TrafficCountersTests {
    @Test("counts of all workers are added up, each thing by itself")
    func sum() {
        let counters = TrafficCounters.perWorker(3)
        for (index, counter) in counters.enumerated() {
            counter.addSession()
            counter.addBytes(UInt64(10 + index), from: .client)
            counter.addBytes(100, from: .channel)
            counter.addTime(nanoseconds: 5)
        }
        counters[1].addFailure()
        #expect(
            TrafficCounters.sum(counters)
                == .init(sessions: 3, inBytes: 33, outBytes: 300, failures: 1, nanoseconds: 15))
        #expect(TrafficCounters.sum([]) == .init())
    }

    @Test(
        "max-sessions of a listener is exact, and a place that was left is free",
        arguments: [1, 2, 5])
    func admission(limit: Int) {
        let settings = ListenerConfiguration(
            name: "l", endpoint: .local(1),
            settings: ListenerSettings(maxSessions: limit))
        let listener = Listener(
            settings, in: "s", serial: 1, endpoint: .local(1), workerCount: 1)
        for _ in 0..<limit { #expect(listener.acquireSlot()) }
        #expect(!listener.acquireSlot())
        #expect(listener.current == limit)
        listener.releaseSlot()
        #expect(listener.acquireSlot())
        #expect(!listener.acquireSlot())
    }
}
