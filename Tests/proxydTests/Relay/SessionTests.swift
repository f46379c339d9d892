import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Session, from accept to close", .timeLimit(.untilHung))
struct SessionTests {
    typealias Settings = WorkerStand.Settings

    /// A stand with one channel, a client and the channel's end of the session.
    private func session(
        _ settings: Settings = Settings()
    ) throws -> (stand: WorkerStand, client: TestSocket, server: TestSocket, door: TestDoor) {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings)
        let client = try stand.connect()
        return (stand, client, try door.accept(), door)
    }

    @Test(
        "bytes go both ways, ends are forwarded, and everything taken is given back",
        arguments: RelayMode.allCases)
    func orderly(mode: RelayMode) throws {
        let (stand, client, server, _) = try session(Settings(mode: mode))
        try client.send("question")
        #expect(try server.receiveText(8) == "question")
        #expect(stand.taken == [1, 1, 1, 1])
        try server.send("an answer")
        #expect(try client.receiveText(9) == "an answer")
        client.endWrites()
        #expect(try server.receiveToEnd().isEmpty)
        // The other direction carries on.
        try server.send("more")
        #expect(try client.receiveText(4) == "more")
        try stand.await(.halfClosed(.client))
        server.endWrites()
        #expect(try client.receiveToEnd().isEmpty)
        let (record, reason) = try stand.nextEnd()
        #expect("\(reason)" == "-- done")
        #expect(record.inward.byteCount == 8)
        #expect(record.outward.byteCount == 13)
        #expect(record.channel?.path == "s/g/0")
        #expect(record.retries == 0)
        #expect(stand.isEverythingBack)
        let report = try stand.report()
        #expect(report.sessions == 0)
        #expect(report.ends == [.done: 1])
        for totals in [stand.listenerTotals, stand.totals(), report.totals] {
            #expect(totals.sessions == 1)
            #expect(totals.inBytes == 8)
            #expect(totals.outBytes == 13)
            #expect(totals.failures == 0)
        }
        #expect(stand.totals().nanoseconds > 0)
    }

    @Test("a session that outlives its connect timeout is kept alive")
    func keptAlive() throws {
        var settings = Settings()
        settings.timeouts.connect = .milliseconds(50)
        let (stand, client, server, _) = try session(settings)
        try stand.awaitRelaying(1)
        // The session's own socket is in this process, too: the one that the server sees at the other end.
        let peer = unsafe SocketAddress { unsafe _ = getpeername(server.number, $0, $1) }.endpoint
        let number = try #require(
            (CInt(3)..<1024).first { number in
                unsafe SocketAddress { unsafe _ = getsockname(number, $0, $1) }.endpoint == peer
            })
        try Wait.until("keepalive") {
            var (value, length): (CInt, socklen_t) = (0, socklen_t(MemoryLayout<CInt>.size))
            return unsafe getsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &value, &length) == 0
                && value != 0
        }
        withExtendedLifetime((stand, client, server)) {}
    }

    @Test(
        "two million bytes each way at once arrive as they were sent",
        arguments: RelayMode.allCases, [0, 8])
    func both(mode: RelayMode, pipeLimit: Int) throws {
        let (stand, client, server, _) = try session(Settings(mode: mode, pipeLimit: pipeLimit))
        let question = SeededGenerator.bytes(2_000_000, seed: 4)
        let answer = SeededGenerator.bytes(2_000_000, seed: 5)
        let echo = try Thread(name: "server") {
            var rest = answer[...]
            var read: [UInt8] = []
            while read.count < question.count || !rest.isEmpty {
                if let count = try? server.sendSome(rest) { rest = rest.dropFirst(count) }
                if case .bytes(let some) = server.receiveSome() { read += some }
                if rest.isEmpty, read.count == question.count { break }
                _ = Wait.poll(server.number, rest.isEmpty ? POLLIN : POLLIN | POLLOUT)
            }
            if read == question { server.endWrites() } else { server.setReset() }
        }
        var rest = question[...]
        var read: [UInt8] = []
        while !rest.isEmpty || read.count < answer.count {
            rest = rest.dropFirst(try client.sendSome(rest))
            if case .bytes(let some) = client.receiveSome() { read += some }
            let wanted = rest.isEmpty ? POLLIN : POLLIN | POLLOUT
            if rest.isEmpty, read.count == answer.count { break }
            guard Wait.poll(client.number, wanted) != nil else { throw Missing("progress") }
        }
        #expect(read == answer)
        client.endWrites()
        #expect(try client.receiveToEnd().isEmpty)
        echo.join()
        let (record, reason) = try stand.nextEnd()
        #expect(reason == .done)
        #expect(record.inward.byteCount == 2_000_000)
        #expect(record.outward.byteCount == 2_000_000)
        #expect(stand.isEverythingBack)
    }

    @Test("a channel that refuses costs the client nothing: the next one gets its bytes")
    func refused() throws {
        let closed = try TestDoor.refusing()
        let door = try TestDoor()
        let stand = try WorkerStand([closed.endpoint, door.endpoint])
        let client = try stand.connect()
        try client.send("hello")
        let server = try door.accept()
        #expect(try server.receiveText(5) == "hello")
        let failed: (String, String) = try stand.notice("a failure") { notice in
            guard case .channelFailed(let channel, let cause) = notice else { return nil }
            return (channel.path, cause.rawValue)
        }
        #expect(failed == ("s/g/0", "refused"))
        #expect(stand.channels[0].state(now: .now) == .grace)
        #expect(stand.totals(0).failures == 1)
        #expect(stand.totals(0).sessions == 0)
        #expect(stand.channels.map(\.current) == [0, 1])
        #expect(try stand.sessions().map(\.retries) == [1])
        #expect(stand.share.generation == 2)
    }

    @Test(
        "when every channel refuses, the client is closed or reset as the listener says",
        arguments: [WhenEmpty.close, .reset])
    func allRefuse(whenEmpty: WhenEmpty) throws {
        let doors = [try TestDoor.refusing(), try TestDoor.refusing()]
        let stand = try WorkerStand(doors.map(\.endpoint), Settings(whenEmpty: whenEmpty))
        let client = try stand.connect()
        #expect(try client.receiveNext() == (whenEmpty == .close ? .end : .failed(ECONNRESET)))
        let (record, reason) = try stand.nextEnd()
        #expect("\(reason)" == "SC refused")
        #expect(record.retries == 2)
        #expect(record.channel == nil)
        #expect(stand.isEverythingBack)
        #expect(stand.listenerTotals.failures == 1)
    }

    @Test("a client that meets no usable channel is closed without an attempt")
    func noChannel() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint])
        stand.channels[0].turn(.off, by: "t", now: .now)
        let client = try stand.connect()
        #expect(try client.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PQ no channel")
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
    }

    @Test("a held client is served once a channel is enabled, however often it has looked before")
    func held() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(whenEmpty: .hold(.seconds(30))))
        stand.channels[0].turn(.off, by: "t", now: .now)
        let client = try stand.connect()
        try client.send("patience")
        try stand.await(.holding)
        // Twice it looks and finds nothing; each answer comes after a look.
        for _ in 0..<2 {
            stand.share.wakeNext(of: stand.service)
            #expect(try stand.sessions().map(\.phase) == [.holding])
        }
        #expect(!door.hasCaller)
        stand.channels[0].turn(.on, by: "t", now: .now)
        stand.share.wakeNext(of: stand.service)
        #expect(try door.accept().receiveText(8) == "patience")
    }

    @Test(
        "a held client that was refused does not ask again at once",
        arguments: [Duration.zero, .seconds(60)])
    func heldAfterRefusal(grace: Duration) throws {
        let refusing = try TestDoor.refusing()
        let stand = try WorkerStand(
            [refusing.endpoint], Settings(whenEmpty: .hold(.seconds(30)), grace: grace))
        let client = try stand.connect()
        try stand.await(.holding)
        // Whoever calls it finds that it has nothing new to try.
        for _ in 0..<100 {
            stand.share.wakeNext(of: stand.service)
            #expect(try stand.sessions().map(\.phase) == [.holding])
        }
        #expect(try stand.sessions().map(\.retries) == [1])
        _ = client
    }

    @Test("clients that come while others are held stand behind them, and are served in turn")
    func severalHeld() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(whenEmpty: .hold(.seconds(30))))
        stand.channels[0].turn(.off, by: "t", now: .now)
        var clients: [TestSocket] = []
        for number in 0..<3 {
            clients.append(try stand.connect())
            try clients[number].send("\(number)")
            try stand.awaitWaiters(number + 1)
        }
        stand.channels[0].turn(.on, by: "t", now: .now)
        stand.share.wakeNext(of: stand.service)
        for number in 0..<3 { #expect(try door.accept().receiveText(1) == "\(number)") }
    }

    @Test("a held client that was refused is served once the channel listens")
    func heldUntilItListens() throws {
        let door = try TestDoor.refusing()
        let stand = try WorkerStand(
            [door.endpoint], Settings(whenEmpty: .hold(.seconds(30)), grace: .zero))
        let client = try stand.connect()
        try client.send("patience")
        try stand.await(.holding)
        try door.open()
        #expect(try door.accept().receiveText(8) == "patience")
    }

    @Test("a held client is closed when its time is over")
    func holdOver() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(whenEmpty: .hold(.milliseconds(30))))
        stand.channels[0].turn(.off, by: "t", now: .now)
        #expect(try stand.connect().receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PQ no channel")
        #expect(stand.isEverythingBack)
    }

    @Test("a channel that does not answer in time is given up, and the next one is tried")
    func connectTimeout() throws {
        // Its queue has one place, which is taken: further connects are not answered.
        let deaf = try TestDoor(backlog: 0)
        let waiting = try TestSocket.connect(to: deaf.endpoint)
        let door = try TestDoor()
        let stand = try WorkerStand(
            [deaf.endpoint, door.endpoint],
            Settings(timeouts: Timeouts(connect: .milliseconds(300))))
        let client = try stand.connect()
        try client.send("x")
        #expect(try door.accept().receiveText(1) == "x")
        #expect(stand.channels[0].note(now: .now).why == "timeout")
        #expect(stand.channels.map(\.current) == [0, 1])
        _ = waiting
    }

    @Test("cutting one session resets both its ends, and no other")
    func cut() throws {
        let (stand, client, server, door) = try session()
        try client.send("x")
        #expect(try server.receiveText(1) == "x")
        let other = try stand.connect()
        let otherServer = try door.accept()
        let id = try #require(try stand.sessions().min { $0.id < $1.id }?.id)
        guard case .cut(0) = try stand.ask({ .cutSession(id: 4711, question: $0) }),
            case .cut(1) = try stand.ask({ .cutSession(id: id, question: $0) })
        else { throw Missing("one session cut") }
        #expect(try client.receiveNext() == .failed(ECONNRESET))
        #expect(try server.receiveNext() == .failed(ECONNRESET))
        #expect("\(try stand.nextEnd().reason)" == "KD cut")
        try other.send("y")
        #expect(try otherServer.receiveText(1) == "y")
        #expect(stand.taken == [1, 1, 1, 1])
    }

    @Test("cutting a channel ends its sessions and leaves the others'")
    func cutChannel() throws {
        let doors = [try TestDoor(), try TestDoor()]
        let stand = try WorkerStand(doors.map(\.endpoint))
        let clients = [try stand.connect(), try stand.connect()]
        let servers = try doors.map { try $0.accept() }
        try stand.awaitRelaying(2)
        let serial = stand.channels[0].serial
        guard case .cut(1) = try stand.ask({ .cutChannels(serials: [serial], question: $0) })
        else { throw Missing("one session cut") }
        #expect(stand.channels.map(\.current) == [0, 1])
        #expect(try servers[0].receiveNext() == .failed(ECONNRESET))
        #expect(try clients[0].receiveNext() == .failed(ECONNRESET))
        try servers[1].send("alive")
        #expect(try clients[1].receiveText(5) == "alive")
    }

    @Test("a reset is forwarded as a reset, to the other side", arguments: [Side.client, .channel])
    func reset(side: Side) throws {
        var stand: WorkerStand?
        var kept: TestSocket?
        do {
            let (made, client, server, _) = try session()
            stand = made
            try client.send("x")
            #expect(try server.receiveText(1) == "x")
            (side == .client ? client : server).setReset()
            kept = side == .client ? server : client
        }
        #expect(try kept?.receiveNext() == .failed(ECONNRESET))
        #expect(
            "\(try #require(stand).nextEnd().reason)" == (side == .client ? "CD reset" : "SD reset")
        )
        #expect(stand?.isEverythingBack == true)
    }

    @Test(
        "what a channel said before it broke is delivered first",
        arguments: RelayMode.allCases)
    func lastWords(mode: RelayMode) throws {
        var kept: (WorkerStand, TestSocket)?
        do {
            let (stand, client, server, _) = try session(Settings(mode: mode))
            kept = (stand, client)
            try client.send("unread, so that the close is a reset")
            try server.awaitReadable(1)
            try server.send("goodbye")
        }
        let (stand, client) = try #require(kept)
        #expect(try client.receiveText(7) == "goodbye")
        #expect("\(try stand.nextEnd().reason)" == "SD reset")
    }

    @Test("a session that nobody uses ends after its idle time, on account of whose turn it was")
    func idle() throws {
        let (stand, client, server, _) = try session(
            Settings(timeouts: Timeouts(idle: .seconds(1))))
        try client.send("x")
        #expect(try server.receiveText(1) == "x")
        #expect(try client.receiveToEnd().isEmpty)
        #expect(try server.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "sD timeout")
        #expect(stand.isEverythingBack)
    }

    @Test("a half-closed session ends after its own time, not after the idle time")
    func halfClosed() throws {
        let (stand, client, server, _) = try session(
            Settings(timeouts: Timeouts(idle: .seconds(600), halfClosed: .milliseconds(50))))
        try stand.awaitRelaying(1)
        client.endWrites()
        #expect(try server.receiveToEnd().isEmpty)
        #expect(try client.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "sF timeout")
    }

    @Test(
        "a slow reader slows its writer, and the session holds a bounded number of bytes",
        arguments: RelayMode.allCases)
    func slowReader(mode: RelayMode) throws {
        let (stand, client, server, _) = try session(Settings(mode: mode))
        let chunk = SeededGenerator.bytes(65_536)
        var sent = 0
        // Until nothing has been taken for a moment: every buffer on the way is full.
        while Wait.poll(server.number, POLLOUT, milliseconds: 200) != nil {
            sent += try server.sendSome(chunk[..<(65_536 - sent % 65_536)])
            guard sent < 200 << 20 else { throw Missing("an end to what the proxy takes") }
        }
        server.endWrites()
        let read = try client.receiveToEnd()
        #expect(read.count == sent)
        client.endWrites()
        #expect(try stand.nextEnd().reason == .done)
    }

    @Test("with maxc taken, a client waits its turn and gets the slot that another gives back")
    func maxc() throws {
        let (stand, client, server, door) = try session(
            Settings(maxc: 1, whenEmpty: .hold(.seconds(30))))
        let second = try stand.connect()
        try second.send("second")
        try stand.await(.holding)
        #expect(stand.channels[0].current == 1)
        #expect(!door.hasCaller)
        client.endWrites()
        server.endWrites()
        #expect(try door.accept().receiveText(6) == "second")
        #expect(stand.channels[0].current == 1)
    }

    @Test(
        "past max-sessions clients wait in the kernel until a place is free",
        arguments: [true, false])
    func admission(isListeners: Bool) throws {
        let (stand, _, server, door) = try session(
            Settings(maxSessions: isListeners ? 100 : 1, listenerSessions: isListeners ? 1 : nil))
        let waiting = try stand.connect()
        try waiting.send("waiting")
        try Wait.until("a resting listener") { try stand.report().isResting }
        #expect(try stand.sessions().count == 1)
        server.setReset()
        let id = try #require(try stand.sessions().first?.id)
        _ = try stand.ask { .cutSession(id: id, question: $0) }
        #expect(try door.accept().receiveText(7) == "waiting")
    }

    @Test("the end of a worker ends its sessions and gives everything back")
    func shutdown() throws {
        let (stand, client, server, _) = try session()
        try stand.awaitRelaying(1)
        stand.stop()
        #expect(try client.receiveNext() == .failed(ECONNRESET))
        #expect(try server.receiveNext() == .failed(ECONNRESET))
        #expect(try stand.nextEnd().reason.cause == .shutdown)
        #expect(stand.isEverythingBack)
    }

    @Test("two workers share what comes, and their sessions' numbers differ")
    func workers() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(workers: 2))
        let clients = try (0..<40).map { _ in try stand.connect() }
        let servers = try (0..<40).map { _ in try door.accept() }
        try Wait.until("40 sessions") {
            stand.share.workers.reduce(0) { $0 + $1.load } == 40
        }
        #expect(stand.share.workers.allSatisfy { $0.load >= 10 })
        let records = try stand.sessions(worker: 0) + stand.sessions(worker: 1)
        #expect(Set(records.map(\.id)).count == 40)
        for client in clients { client.endWrites() }
        for server in servers { server.endWrites() }
        for _ in 0..<40 { #expect(try stand.nextEnd().reason == .done) }
        #expect(stand.isEverythingBack)
        #expect(stand.listenerTotals.sessions == 40)
        #expect(stand.totals().sessions == 40)
    }

    @Test("a client that cannot be watched is closed, and no channel is bothered")
    func unwatchable() throws {
        let folder = try TestFolder()
        try folder.write("", to: "plain")
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint])
        // epoll refuses plain files, as it refuses sockets when memory runs out.
        let number = unsafe open(folder.file("plain"), O_RDWR | O_CLOEXEC)
        var holdings = try #require(
            SessionHoldings.acquire(for: stand.service.listeners[0], in: stand.share))
        holdings.assign(to: stand.share.workers[0])
        stand.post(
            .serve(
                AcceptedClient(
                    descriptor: number, address: .local(1), service: stand.service,
                    holdings: holdings)))
        #expect("\(try stand.nextEnd().reason)" == "RC memory")
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
    }

    @Test(
        "a Unix channel whose backlog is full is busy: its clients wait, and it is not left alone")
    func busyUnixChannel() throws {
        let door = try BusyDoor()
        let stand = try WorkerStand([door.endpoint])
        let clients = try (0..<4).map { _ in try stand.connect() }
        // One fits into the backlog; the others look again and again.
        try Wait.until("four clients") { stand.share.admission.current == 4 }
        try Wait.until("one that is through") {
            try stand.sessions().contains { $0.phase == .relaying }
        }
        #expect(try stand.sessions().contains { $0.phase == .connecting })
        #expect(stand.channels[0].isUsable(now: .now))
        var servers: [TestSocket] = []
        try Wait.until("all of them") {
            if let (number, _) = try Socket.accept(door.descriptor.number) {
                servers.append(TestSocket(owning: number))
            }
            return servers.count == 4
        }
        try stand.awaitRelaying(4)
        #expect(stand.totals().failures == 0)
        withExtendedLifetime(clients) {}
    }

    @Test("a Unix channel that stays busy costs its connect timeout, and no grace time")
    func unixChannelThatStaysBusy() throws {
        let door = try BusyDoor()
        var settings = Settings()
        settings.timeouts.connect = .milliseconds(200)
        let stand = try WorkerStand([door.endpoint], settings)
        let first = try stand.connect()
        try stand.awaitRelaying(1)
        let second = try stand.connect()
        #expect("\(try stand.nextEnd().reason)" == "SC timeout")
        #expect(stand.channels[0].isUsable(now: .now))
        withExtendedLifetime((first, second, door)) {}
    }

    @Test("a half-closed session waits a minute at most where nothing is said, or as long as idle")
    func halfClosedDefault() {
        #expect(Timeouts().halfClosedOrIdle == .seconds(60))
        #expect(Timeouts(idle: .seconds(9)).halfClosedOrIdle == .seconds(9))
        #expect(Timeouts(idle: .seconds(90)).halfClosedOrIdle == .seconds(60))
        #expect(Timeouts(idle: .seconds(90), halfClosed: nil).halfClosedOrIdle == .seconds(90))
        #expect(Timeouts(halfClosed: nil).halfClosedOrIdle == nil)
    }
}

/// A Unix socket whose backlog one connect fills.
private final class BusyDoor {
    private let folder: TestFolder
    let endpoint: Endpoint
    let descriptor: FileDescriptor

    init() throws {
        folder = try TestFolder()
        endpoint = .unix(path: folder.file("busy.sock"))
        descriptor = try Socket.open(family: AF_UNIX)
        try Socket.bind(descriptor, to: try #require(SocketAddress(endpoint)))
        try Socket.listen(descriptor, backlog: 0)
    }
}
