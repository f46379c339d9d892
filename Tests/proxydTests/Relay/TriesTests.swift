import Glibc
import Shared
import Testing

@testable import proxyd

/// How many channels are tried for one client, and for how long.
@Suite("Tries", .serialized, .timeLimit(.untilHung))
struct TriesTests {
    typealias Settings = WorkerStand.Settings

    private func refusing(_ count: Int) throws -> [TestDoor] {
        try (0..<count).map { _ in try TestDoor.refusing() }
    }

    /// A connect that is not waited for.
    private static func begun(to endpoint: Endpoint) throws -> TestSocket {
        let socket = try Socket.open(family: AF_INET)
        if let address = SocketAddress(endpoint) { _ = Socket.connect(socket, to: address) }
        return TestSocket(owning: socket.release())
    }

    private func failures(of stand: WorkerStand) -> Int {
        stand.channels.reduce(0) { $0 + Int($1.totals.failures) }
    }

    @Test(
        "so many channels are tried for a client, and no more",
        arguments: [1, 3, 16, nil] as [Int?])
    func bound(tries: Int?) throws {
        let doors = try refusing(40)
        var settings = Settings()
        settings.tries = tries
        let stand = try WorkerStand(doors.map(\.endpoint), settings)
        let client = try stand.connect()
        #expect(try client.receiveNext() == .end)
        #expect("\(try stand.nextEnd().reason)" == "SC refused")
        #expect(failures(of: stand) == tries ?? 40)
        // The next client meets others: those that failed are left alone.
        let next = try stand.connect()
        #expect(try next.receiveNext() == .end)
        #expect(failures(of: stand) == min(40, 2 * (tries ?? 40)) + (tries == nil ? 1 : 0))
        #expect(stand.isEverythingBack)
    }

    @Test("sixteen that are dead cost a client nothing but time")
    func lastOfMany() throws {
        let doors = try refusing(15)
        let alive = try TestDoor()
        let stand = try WorkerStand(doors.map(\.endpoint) + [alive.endpoint])
        let client = try stand.connect()
        try client.send("hello")
        #expect(try alive.accept().receiveText(5) == "hello")
    }

    @Test("a client that waits tries so many each time that it looks")
    func held() throws {
        let doors = try refusing(6)
        var settings = Settings()
        settings.tries = 2
        settings.whenEmpty = .hold(.milliseconds(1500))
        let stand = try WorkerStand(doors.map(\.endpoint), settings)
        let client = try stand.connect()
        #expect(try client.receiveNext() == .end)
        #expect((4...6).contains(failures(of: stand)))
    }

    @Test("all connects for a client have a time together, and the first its whole own")
    func totalTime() throws {
        let full = try TestDoor(backlog: 0)
        // Of the third on nothing is heard (listen(2)).
        let filling = try (0..<4).map { _ in try Self.begun(to: full.endpoint) }
        var settings = Settings()
        settings.timeouts.connect = .milliseconds(400)
        settings.timeouts.connectTotal = .milliseconds(600)
        let stand = try WorkerStand([Endpoint](repeating: full.endpoint, count: 5), settings)
        let start = Instant.now
        let client = try stand.connect()
        #expect(try client.receiveNext() == .end)
        #expect("\(try stand.nextEnd().reason)" == "SC timeout")
        #expect(failures(of: stand) == 2)
        #expect(Instant.now.milliseconds(since: start) >= 600)
        withExtendedLifetime(filling) {}
    }

    // MARK: Loops

    @Test("a channel that leads back to the listener is not connected to")
    func loop() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint])
        stand.share.ownListeners.publish(
            OwnListeners(
                [
                    OwnListeners.Place(
                        serial: stand.service.listeners[0].serial, endpoint: door.endpoint,
                        services: [])
                ]
            ) { _ in [] })
        let client = try stand.connect()
        #expect(try client.receiveNext() == .end)
        #expect("\(try stand.nextEnd().reason)" == "SC loop")
        let (channel, cause) = try stand.notice("a failed channel") { notice in
            if case .channelFailed(let channel, let cause) = notice {
                (channel.path, cause)
            } else {
                nil
            }
        }
        #expect(channel == "s/g/0")
        #expect(cause == .loop)
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
    }
}
