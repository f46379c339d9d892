import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

/// Whichever way a session goes, everything that it held is given back.
@Suite("Session holdings", .timeLimit(.untilHung))
struct SessionHoldingsTests {
    typealias Settings = WorkerStand.Settings

    /// One way out: the settings that lead to it, what the client and the channel do, and the end that it has.
    struct WayOut: Sendable, CustomTestStringConvertible {
        var reason: String
        var change: @Sendable (inout Settings) -> Void = { _ in }
        var refuses = false
        /// What the client sends at once.
        var says = "x"
        /// The rest of the story; `server` accepts at the channel.
        var act: @Sendable (WorkerStand, TestSocket, TestDoor) throws -> Void = { _, _, _ in }

        var testDescription: String { reason }

        func after(
            _ act:
                @escaping @Sendable (WorkerStand, TestSocket, TestDoor) throws -> Void
        ) -> WayOut {
            var way = self
            way.act = act
            return way
        }
    }

    static let waysOut: [WayOut] = [
        WayOut(reason: "-- done").after { _, client, door in
            let server = try door.accept()
            client.endWrites()
            server.endWrites()
            _ = try client.receiveToEnd()
        },
        WayOut(reason: "CD reset").after { stand, client, door in
            let server = try door.accept()
            try stand.awaitRelaying(1)
            client.reset()
            _ = try server.receiveText(1)
        },
        WayOut(reason: "SD reset").after { stand, _, door in
            let server = try door.accept()
            try stand.awaitRelaying(1)
            server.reset()
        },
        WayOut(reason: "SC refused", refuses: true),
        WayOut(reason: "PQ no channel", change: { $0.maxc = 0 }),
        WayOut(
            reason: "PQ no channel",
            change: {
                $0.maxc = 0
                $0.whenEmpty = .hold(.milliseconds(30))
            }),
        WayOut(
            reason: "KQ cut",
            change: {
                $0.maxc = 0
                $0.whenEmpty = .hold(.seconds(3600))
            }
        ).after { stand, _, _ in
            try stand.await(.holding)
            try cutAll(stand)
        },
        WayOut(
            reason: "CQ reset",
            change: {
                $0.maxc = 0
                $0.whenEmpty = .hold(.seconds(3600))
            }
        ).after { stand, client, _ in
            try stand.await(.holding)
            client.reset()
        },
        WayOut(reason: "PA overload", change: { $0.limits.maxSessions = 0 }),
        WayOut(
            reason: "sQ timeout",
            change: {
                $0.limits.maxSessions = 0
                $0.limits.overload = .queue
                $0.limits.queueTimeout = .milliseconds(30)
            }),
        WayOut(
            // Its time in the queue is over before it could stand there.
            reason: "sQ timeout",
            change: {
                $0.limits.maxSessions = 0
                $0.limits.overload = .queue
                $0.limits.queueTimeout = .zero
            }),
        WayOut(
            reason: "PA queue full",
            change: {
                $0.limits.maxSessions = 0
                $0.limits.overload = .queue
                $0.limits.queueSize = 0
                $0.limits.queueTimeout = .seconds(3600)
            }),
        WayOut(reason: "PA per source", change: { $0.limits.perSource = PerSource(max: 0) }),
        WayOut(reason: "PA denied", change: { $0.access = access("deny all") }),
        WayOut(reason: "PA denied", change: { $0.access = access("deny all tarpit 30ms") }),
        WayOut(
            reason: "KH cut", change: { $0.access = access("deny all tarpit 1h") }
        ).after { stand, _, _ in
            try stand.await(.preread)
            try cutAll(stand)
        },
        WayOut(
            reason: "CH closed",
            change: {
                $0.waitForBytes = 2
                $0.limits.perSource = PerSource(max: 1)
            }
        ).after { _, client, _ in client.endWrites() },
        WayOut(
            reason: "cH timeout",
            change: {
                $0.waitForBytes = 2
                $0.timeouts.clientHello = .milliseconds(30)
            }),
        WayOut(
            reason: "CH proxy header", change: { $0.proxyProtocol = .require },
            says: "no header at all, however long it is\r\n"),
        WayOut(
            reason: "sD timeout",
            change: {
                $0.timeouts.idle = .milliseconds(100)
                $0.limits.perSource = PerSource(max: 1)
            }
        ).after { _, client, door in
            let server = try door.accept()
            _ = try client.receiveToEnd()
            withExtendedLifetime(server) {}
        },
        WayOut(
            reason: "sF timeout", change: { $0.timeouts.halfClosed = .milliseconds(30) }
        ).after { _, client, door in
            let server = try door.accept()
            client.endWrites()
            _ = try server.receiveToEnd()
            _ = try client.receiveToEnd()
        },
        WayOut(
            reason: "KD cut",
            change: {
                $0.limits.maxSessions = 1
                $0.limits.perSource = PerSource(max: 1)
                $0.groupSessions = 1
            }
        ).after { stand, _, door in
            let server = try door.accept()
            try stand.awaitRelaying(1)
            try cutAll(stand)
            withExtendedLifetime(server) {}
        },
        WayOut(reason: "UD primary changed").after { stand, _, door in
            let server = try door.accept()
            try stand.awaitRelaying(1)
            stand.post(.supersede(stand.channels[0].serial))
            // It is not told when that is done, and the server's end must not come first.
            try Wait.until("the session's end") { try stand.report().sessions == 0 }
            withExtendedLifetime(server) {}
        },
        WayOut(reason: "KD removed").after { stand, _, door in
            let server = try door.accept()
            try stand.awaitRelaying(1)
            let serials: Set = [stand.service.listeners[0].serial]
            _ = try stand.ask { .cutRemoved(serials: serials, question: $0) }
            withExtendedLifetime(server) {}
        },
        WayOut(reason: "KD shutdown").after { stand, _, door in
            let server = try door.accept()
            try stand.awaitRelaying(1)
            stand.stop()
            withExtendedLifetime(server) {}
        },
    ]

    private static func cutAll(_ stand: WorkerStand) throws {
        for session in try stand.sessions() {
            _ = try stand.ask { .cutSession(id: session.id, question: $0) }
        }
    }

    private static func access(_ rule: String) -> [AccessRule] {
        (try? AccessLine.rule(rule)).map { [$0] } ?? []
    }

    @Test("whichever way a session ends", arguments: waysOut)
    func ends(way: WayOut) throws {
        let door = way.refuses ? try TestDoor.refusing() : try TestDoor()
        var settings = Settings()
        way.change(&settings)
        let stand = try WorkerStand([door.endpoint], settings)
        let client = try stand.connect()
        try? client.send(way.says)
        try way.act(stand, client, door)
        #expect("\(try stand.nextEnd().reason)" == way.reason)
        #expect(stand.isEverythingBack)
        if stand.isRunning { #expect(try stand.report().tarpitted == 0) }
    }

    @Test(
        "a client that is not accepted, as there is none or no slot for it",
        arguments: [nil, 0] as [Int?])
    func notAccepted(listenerSessions: Int?) throws {
        let stand = try WorkerStand(
            [try TestDoor().endpoint], Settings(listenerSessions: listenerSessions))
        stand.stop()
        let worker = try Worker(
            Worker.Plan(
                index: 0, share: stand.share, relayMode: .copy, pipeLimit: 0,
                emitsEveryEnd: false))
        // It does not listen, so accept fails.
        let socket = ListeningSocket(
            listener: stand.service.listeners[0], service: stand.service,
            socket: try OpenedSocket(adopting: try Socket.open(family: AF_INET)))
        Acceptor(socket: socket, slot: 0, generation: 0).acceptAll(on: worker)
        #expect(worker.sessions.count == 0)
        #expect(stand.isEverythingBack)
    }
}
