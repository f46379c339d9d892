import Shared
import Testing

@testable import proxyd

/// What a client meets that is one too many, through real workers and sockets.
@Suite("Limits", .timeLimit(.untilHung))
struct LimitTests {
    private typealias Settings = WorkerStand.Settings

    private func settings(_ change: (inout Settings) -> Void) -> Settings {
        var settings = Settings()
        change(&settings)
        return settings
    }

    /// A client that is served, and its channel's end.
    private func serve(
        _ stand: WorkerStand, _ door: TestDoor
    ) throws -> (client: TestSocket, channel: TestSocket) {
        let client = try stand.connect()
        try client.send("x")
        let channel = try door.accept()
        #expect(try channel.receiveText(1) == "x")
        return (client, channel)
    }

    @Test("past the service's sessions a client is closed, and welcome again once one has ended")
    func serviceSessions() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings { $0.limits.maxSessions = 1 })
        let first = try serve(stand, door)
        #expect(try stand.connect().receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA overload")
        first.client.endWrites()
        first.channel.endWrites()
        _ = try stand.nextEnd()
        _ = try serve(stand, door)
        #expect(!door.hasCaller)
    }

    @Test("past the group's sessions there is no channel")
    func groupSessions() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint, door.endpoint], settings { $0.groupSessions = 1 })
        let first = try serve(stand, door)
        #expect(try stand.connect().receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PQ no channel")
        withExtendedLifetime(first) {}
    }

    @Test("past a source's sessions a client is closed")
    func perSource() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], settings { $0.limits.perSource = PerSource(max: 1) })
        let first = try serve(stand, door)
        #expect(try stand.connect().receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA per source")
        first.client.endWrites()
        first.channel.endWrites()
        _ = try stand.nextEnd()
        _ = try serve(stand, door)
    }

    @Test("a listener's rate is kept")
    func rate() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings { $0.rate = ConnectionRate(perSecond: 0.001, burst: 2) })
        let served = try (0..<2).map { _ in try serve(stand, door) }
        #expect(try stand.connect().receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA rate")
        withExtendedLifetime(served) {}
    }

    @Test("clients in line are served in their order, over both workers")
    func queue() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.workers = 2
                $0.maxc = 1
                $0.limits.overload = .queue
            })
        var served = try serve(stand, door)
        var waiting: [TestSocket] = []
        for number in 0..<6 {
            let client = try stand.connect()
            try client.send("\(number)")
            waiting.append(client)
            try stand.awaitWaiters(number + 1)
        }
        for number in 0..<6 {
            #expect(!door.hasCaller)
            served.client.endWrites()
            served.channel.endWrites()
            let channel = try door.accept()
            #expect(try channel.receiveText(1) == "\(number)")
            served = (waiting[number], channel)
        }
    }

    @Test("the line has an end, and waiting has one too")
    func queueLimits() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.limits.maxSessions = 1
                $0.limits.overload = .queue
                $0.limits.queueSize = 1
                $0.limits.queueTimeout = .seconds(2)
            })
        let first = try serve(stand, door)
        let waiting = try stand.connect()
        try stand.awaitWaiters(1)
        #expect(try stand.connect().receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA queue full")
        #expect(try waiting.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "sQ timeout")
        first.client.endWrites()
        first.channel.endWrites()
        _ = try stand.nextEnd()
        #expect(stand.isEverythingBack)
    }
}

@Suite("A channel with several addresses", .timeLimit(.untilHung))
struct SeveralAddressesTests {
    @Test("a client is served by the address that answers, and the channel stays usable")
    func oneIsDead() throws {
        let door = try TestDoor()
        let refusing = try TestDoor.refusing()
        let stand = try WorkerStand([door.endpoint])
        let channel = stand.channels[0]
        #expect(
            channel.update(addresses: [refusing.endpoint, door.endpoint], of: channel.endpoint)
                != nil)
        for number in 0..<4 {
            let client = try stand.connect()
            try client.send("\(number)")
            #expect(try door.accept().receiveText(1) == "\(number)")
        }
        #expect(channel.state(now: .now) == .up)
        #expect(TrafficCounters.sum(channel.counters).failures == 0)
    }
}
