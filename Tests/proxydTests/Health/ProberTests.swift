import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

/// Probes over real sockets; the test is the channel, and it is the clock.
@Suite("prober", .timeLimit(.untilHung))
struct ProberTests {
    // MARK: Connecting

    @Test("a connect that is accepted is good, and says nothing")
    func connect() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        #expect(try stand.probe().isGood)
        let caller = try door.accept()
        #expect(try caller.receiveToEnd().isEmpty)
    }

    @Test("a server that greets late sees an orderly end, no reset")
    func banner() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        #expect(try stand.probe().isGood)
        let caller = try door.accept()
        try caller.awaitEnd()
        try caller.send("220 late\r\n")
        try stand.turn()
        #expect(try caller.receiveToEnd().isEmpty)
        caller.endWrites()
        try stand.finish()
    }

    @Test("nobody listens")
    func refused() throws {
        let door = try TestDoor.refusing()
        let stand = try ProbeStand(door.endpoint)
        #expect(try stand.probe().words == "refused")
    }

    @Test("a full backlog drops the SYN")
    func dropped() throws {
        let door = try TestDoor(backlog: 0)
        // Whoever gets in before the probe fills the queue.
        var callers: [TestSocket] = []
        let address = try SocketAddress.of(door.endpoint)
        for _ in 0..<4 {
            let descriptor = try Socket.open(family: AF_INET)
            _ = Socket.connect(descriptor, to: address)
            callers.append(TestSocket(owning: descriptor.release()))
        }
        let stand = try ProbeStand(door.endpoint)
        #expect(try stand.probeUntilTimeout().words == "timeout: no answer to the connect")
        #expect(callers.count == 4)
    }

    @Test("another port or address than the channel's")
    func elsewhere() throws {
        let (door, other) = (try TestDoor.refusing(), try TestDoor())
        guard case .ip(let address, let port) = other.endpoint else { throw Missing("a port") }
        let stand = try ProbeStand(door.endpoint)
        #expect(try stand.probe(ProbeConfiguration(port: port)).isGood)
        #expect(try stand.probe(ProbeConfiguration(address: other.endpoint)).isGood)
        let bare = Endpoint.ip(address, port: 0)
        #expect(try stand.probe(ProbeConfiguration(port: port, address: bare)).isGood)
        #expect(try stand.probe(ProbeConfiguration(address: bare)).words == "refused")
        let missing = ProbeConfiguration(address: .unix(path: "/nowhere/at/all"))
        #expect(try stand.probe(missing).words == "refused")
    }

    @Test("of thousands of channels that refuse at once, so many are probed per turn")
    func manyRefused() throws {
        let door = try TestDoor.refusing()
        let plan = ProbePlan(probes: [ProbeConfiguration()])
        let channels = (0..<1000).map { index in
            Channel(
                ChannelConfiguration(name: "\(index)", endpoint: door.endpoint, probes: plan),
                in: "s/g", serial: UInt64(index + 1), addresses: [door.endpoint], workerCount: 1,
                now: .at(1000))
        }
        let prober = try Prober(generator: SeededGenerator(seed: 1))
        var changes = 0
        prober.hasChanged = { _ in changes += 1 }
        prober.watch(channels, now: .at(1000))
        var told = 0
        while channels.contains(where: { $0.probes.count == 0 }) {
            if try #require(prober.nextDeadline) > .at(1000) {
                #expect(Wait.poll(prober.descriptor, POLLIN) != nil)
                prober.resume(now: .at(1000))
            } else {
                prober.meetDeadlines(now: .at(1000))
            }
            let now = channels.count { $0.probes.count > 0 }
            #expect(now - told <= 2 * Prober.mostPerTurn)
            told = now
        }
        prober.stop()
    }

    // MARK: Answers that are none

    static let ping = ProbeConfiguration(
        name: "send-expect",
        check: .exchange([
            .send(Secret(Array("PING\r\n".utf8))), .text(Array("+PONG".utf8)),
        ]))
    static let http = ProbeConfiguration(name: "http", check: .http(HTTPCheck()))
    static let talkative = [
        ping, http,
        ProbeConfiguration(check: .postgres(user: "u", provesPrimary: true)),
        ProbeConfiguration(check: .mysql(user: "u")),
    ]

    @Test("the right answer")
    func pong() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        let result = try stand.probe(Self.ping) {
            let caller = try door.accept()
            #expect(try caller.receiveText(6) == "PING\r\n")
            try caller.send("+PONG\r\n")
            return caller
        }
        #expect(result.isGood)
    }

    @Test("a wrong banner")
    func wrong() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        let result = try stand.probe(Self.ping) {
            let caller = try door.accept()
            try caller.send("-LOADING\r\n")
            return caller
        }
        #expect(result.words == "expected “+PONG”, got “-LOADING\\r\\n”")
    }

    @Test("accepted and reset", arguments: talkative)
    func reset(probe: ProbeConfiguration) throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        let result = try stand.probe(probe) {
            let caller = try door.accept()
            caller.setReset()
            return nil
        }
        #expect(!result.isGood)
        #expect(result.words == "reset")
    }

    @Test("accepted and silent", arguments: talkative)
    func silent(probe: ProbeConfiguration) throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        let result = try stand.probeUntilTimeout(probe)
        #expect(result.words.hasPrefix("timeout"))
        #expect(!result.isGood)
    }

    @Test("accepted and closed", arguments: talkative)
    func closed(probe: ProbeConfiguration) throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        let result = try stand.probe(probe) {
            let caller = try door.accept()
            caller.endWrites()
            return caller
        }
        #expect(result.words.hasPrefix("closed"))
    }

    @Test("byte by byte until the time is up")
    func drips() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        stand.start(Self.ping)
        let caller = try stand.accept(door)
        for letter in ["+", "P", "O"] {
            try caller.send(letter)
            try stand.turn()
        }
        #expect(stand.result == nil)
        stand.pass(.seconds(2))
        #expect(stand.result?.words == "timeout: expected “+PONG”, got “+PO”")
    }

    @Test("ten megabytes cost no more than a few", arguments: [ping, http])
    func flood(probe: ProbeConfiguration) throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        // A beginning that is right, so that it wants to see more.
        var endless = probe
        if case .exchange = probe.check { endless.check = .exchange([.regex("never")]) }
        if case .http = probe.check { endless.check = .http(HTTPCheck(body: "never")) }
        stand.start(endless)
        let caller = try stand.accept(door)
        var sent = 0
        let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        try caller.send(head)
        let piece = [UInt8](repeating: 0x78, count: 65_536)
        while stand.result == nil, sent < 10_000_000 {
            sent += (try? caller.sendSome(piece[...])) ?? 0
            try stand.turn()
        }
        #expect(sent < 10_000_000)
        #expect(stand.result?.isGood == false)
    }

    @Test("a wrong status")
    func status() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint)
        let result = try stand.probe(Self.http) {
            let caller = try door.accept()
            try caller.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return caller
        }
        #expect(result.words == "status 503, not 200-399")
    }

    // MARK: Scripts

    @Test(
        "a script's status decides",
        arguments: [
            ("exit 0", true, "ok"), ("echo fine; exit 0", true, "ok: “fine”"),
            ("echo broken >&2; exit 3", false, "exit status 3: “broken”"),
            (
                "test \"$PROXYD_SERVICE/$PROXYD_GROUP/$PROXYD_CHANNEL\" = s/g/0", true, "ok"
            ),
            ("test \"$1\" = 127.0.0.1:10001", true, "ok"),
            ("kill -9 $$", false, "signal 9"),
        ])
    func script(line: String, isGood: Bool, words: String) throws {
        let folder = try TestFolder()
        let path = try Self.script(line, in: folder)
        let stand = try ProbeStand(.local(10_001))
        let result = try stand.probe(ProbeConfiguration(check: .script(path: path)))
        #expect(result.isGood == isGood)
        #expect(result.words == words)
    }

    @Test("a script that is not there")
    func noScript() throws {
        let stand = try ProbeStand(.local(10_001))
        let probe = ProbeConfiguration(check: .script(path: "/nowhere/at/all"))
        #expect(try stand.probe(probe).words.hasPrefix("posix_spawn: "))
    }

    @Test("what we lack ourselves is not held against the channel")
    func shortage() {
        for number in [EMFILE, ENFILE, ENOMEM, EAGAIN] {
            let script = ScriptResult(outcome: .cannotStart(number), tail: "", nanoseconds: 0)
            #expect(!ProbeResult(script).isCounted)
        }
        #expect(!ProbeResult.failed(SystemError("socket", EMFILE)).isCounted)
        #expect(ProbeResult.failed(SystemError("socket", EAFNOSUPPORT)).isCounted)
        #expect(!ProbeResult.refused(EADDRNOTAVAIL).isCounted)
        #expect(ProbeResult.refused(ECONNREFUSED).isCounted)
    }

    @Test("a probe for which there was no room does not count")
    func noRoom() throws {
        let stand = try ProbeStand(.local(10_001), ProbePlan(probes: [ProbeConfiguration()]))
        var results = 0
        for _ in 0..<100_010 {
            stand.prober.probe(stand.channel, with: ProbeConfiguration()) { result in
                if !result.isCounted { results += 1 }
            }
        }
        stand.watch()
        stand.prober.meetDeadlines(now: stand.now)
        #expect(results == 10)
        #expect(!stand.channel.isDown)
        #expect(stand.channel.probes.last.words == "too many probes wait")
        #expect(stand.prober.nextDeadline != nil)
    }

    static func script(_ line: String, in folder: TestFolder) throws -> String {
        try folder.write("#!/bin/sh\n\(line)\n", to: "probe")
        guard unsafe chmod(folder.file("probe"), 0o755) == 0 else { throw SystemError("chmod") }
        return folder.file("probe")
    }

    // MARK: Up and down

    @Test("a channel goes down and comes back, and is told once each")
    func flapping() throws {
        let door = try TestDoor.refusing()
        let plan = ProbePlan(probes: [ProbeConfiguration()])
        let stand = try ProbeStand(door.endpoint, plan)
        stand.watch()
        let channel = stand.channel
        #expect(channel.isUsable(now: stand.now))
        try stand.until { channel.isDown }
        #expect(channel.state(now: stand.now) == .down)
        #expect(!channel.isUsable(now: stand.now))
        #expect(channel.returns(now: stand.now) == nil)
        #expect(channel.note(now: stand.now).why == "probe connect: refused")
        #expect(channel.note(now: stand.now).by == "probe")
        #expect(channel.probes.last.words == "refused")
        #expect(listen(door.number, 64) == 0)
        // One good result is not enough.
        try stand.nextResult()
        #expect(channel.isDown)
        try stand.nextResult()
        #expect(!channel.isDown)
        #expect(channel.isUsable(now: stand.now))
        #expect(channel.note(now: stand.now).why == "probe connect: ok")
        #expect(stand.changes == [.down, .up])
    }

    @Test("coming back ends a grace time as well")
    func grace() throws {
        let door = try TestDoor.refusing()
        let stand = try ProbeStand(door.endpoint, ProbePlan(probes: [ProbeConfiguration(rise: 1)]))
        stand.watch()
        try stand.until { stand.channel.isDown }
        _ = stand.channel.failed(why: "refused", grace: .seconds(600), now: stand.now)
        #expect(stand.channel.state(now: stand.now) == .down)
        #expect(listen(door.number, 64) == 0)
        try stand.until { !stand.channel.isDown }
        #expect(stand.channel.state(now: stand.now) == .up)
    }

    @Test("whoever must not lose a channel is asked, again and again")
    func seam() throws {
        let door = try TestDoor.refusing()
        let stand = try ProbeStand(door.endpoint, ProbePlan(probes: [ProbeConfiguration()]))
        var asked = 0
        stand.prober.mayTakeDown = { _ in
            asked += 1
            return asked > 2
        }
        stand.watch()
        try stand.until { stand.channel.isDown }
        #expect(asked == 3)
        #expect(stand.changes == [.down])
    }

    @Test("no more run at once than allowed, and all have their turn")
    func limit() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint, limit: 3)
        var results = 0
        for _ in 0..<10 {
            stand.prober.probe(stand.channel, with: Self.ping) { _ in results += 1 }
        }
        stand.prober.meetDeadlines(now: stand.now)
        #expect(stand.prober.runningCount == 3)
        while results < 10 { stand.pass(.seconds(2)) }
        #expect(stand.prober.runningCount == 0)
    }

    @Test("a channel that has gone is probed no more")
    func gone() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint, ProbePlan(probes: [ProbeConfiguration()]))
        stand.watch()
        stand.prober.meetDeadlines(now: stand.now)
        stand.prober.watch([], now: stand.now)
        try stand.finish()
        #expect(stand.prober.nextDeadline == nil)
        #expect(stand.channel.probes.last.words == nil)
    }
}
