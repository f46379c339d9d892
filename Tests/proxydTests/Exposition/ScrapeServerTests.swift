import Glibc
import Shared
import Testing

@testable import proxyd

/// A server on a port of its own, driven by the test as the supervisor drives it, with the test's clock.
private final class Stand {
    let daemon: FakeDaemon
    let server: ScrapeServer
    var now = Instant.now

    init() throws {
        daemon = try FakeDaemon.make()
        server = try ScrapeServer(.init(endpoint: .local(0)))
        server.start(for: daemon)
    }

    func client(_ text: String? = nil) throws -> TestSocket {
        let client = try TestSocket.connect(to: Endpoint(server.address))
        if let text { try client.send(text) }
        return client
    }

    /// Serves until nothing more happens.
    func serve() {
        while Wait.isReadable(server.descriptor) { server.resume(now: now) }
    }

    /// Serves until the client has all of its answer.
    func answer(to client: TestSocket) throws -> String {
        var bytes: [UInt8] = []
        while true {
            serve()
            switch client.receiveSome() {
            case .bytes(let some): bytes += some
            case .end: return String(decoding: bytes, as: UTF8.self)
            case .nothing: _ = Wait.poll(client.number, POLLIN, milliseconds: 10)
            case .failed(let number): throw SystemError("recv", number)
            }
        }
    }

    func answer(_ request: String) throws -> String { try answer(to: client(request)) }
}

extension Wait {
    fileprivate static func isReadable(_ number: CInt) -> Bool {
        poll(number, POLLIN, milliseconds: 20).map { $0 & POLLIN != 0 } ?? false
    }
}

@Suite("Scrape server", .timeLimit(.untilHung))
struct ScrapeServerTests {
    private static let get = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test("metrics are what the control socket tells, byte by byte")
    func metrics() throws {
        let stand = try Stand()
        let answer = try stand.answer(Self.get)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"))
        let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
        let lines = body.split(separator: "\n").map(String.init)
        #expect(ExpositionRules.complaints(about: lines) == [])
        #expect(answer.contains("Content-Length: \(body.utf8.count)\r\n"))
        #expect(body.hasSuffix("\n"))
    }

    @Test("healthz is 200 while some channel is usable, and 503 otherwise")
    func health() throws {
        let stand = try Stand()
        let get = "GET /healthz HTTP/1.1\r\n\r\n"
        #expect(try stand.answer(get).hasPrefix("HTTP/1.1 200 "))
        for channel in stand.daemon.topology.channels { channel.turn(.off, by: "t", now: .now) }
        #expect(try stand.answer(get).hasPrefix("HTTP/1.1 503 "))
        stand.daemon.topology.channels[3].turn(.on, by: "t", now: .now)
        #expect(try stand.answer(get).hasPrefix("HTTP/1.1 200 "))
    }

    @Test(
        "whatever else is asked gets its status, and the connection ends",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", 404), ("POST /metrics HTTP/1.1\r\n\r\n", 405),
            ("garbage\r\n\r\n", 400), (String(repeating: "x", count: 6000), 431),
            ("GET / HTTP/3\r\n\r\n", 505),
            ("GET /metrics HTTP/1.1\r\nA: " + String(repeating: "y", count: 5000), 431),
        ])
    func statuses(request: String, status: Int) throws {
        #expect(try Stand().answer(request).hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test("of pipelined requests the first is answered, and the answer arrives whole")
    func pipelined() throws {
        let answer = try Stand().answer(String(repeating: Self.get, count: 100))
        #expect(answer.ranges(of: "HTTP/1.1 200").count == 1)
        #expect(answer.hasSuffix("\n"))
    }

    @Test("a client that never ends its request is told so after five seconds")
    func loris() throws {
        let stand = try Stand()
        let client = try stand.client("GET /metrics HTTP/1.1\r\n")
        stand.serve()
        for second in 1...4 {
            try client.send("X-\(second): y\r\n")
            stand.now = stand.now.advanced(by: .seconds(1))
            stand.serve()
            stand.server.meetDeadlines(now: stand.now)
        }
        #expect(stand.server.count == 1)
        stand.now = stand.now.advanced(by: .seconds(2))
        stand.server.meetDeadlines(now: stand.now)
        #expect(try stand.answer(to: client).hasPrefix("HTTP/1.1 408 "))
    }

    @Test("who hangs does not keep others out: the oldest makes room")
    func crowd() throws {
        let stand = try Stand()
        var hanging: [TestSocket] = []
        for _ in 0..<40 {
            hanging.append(try stand.client("GET"))
            stand.serve()
            stand.now = stand.now.advanced(by: .milliseconds(1))
            #expect(stand.server.count <= ScrapeServer.mostConnections)
        }
        #expect(stand.server.count == ScrapeServer.mostConnections)
        #expect(try stand.answer(Self.get).hasPrefix("HTTP/1.1 200 "))
    }

    @Test("a reader that does not read is given up, and so is who does not leave")
    func slowReader() throws {
        let stand = try Stand()
        let client = try stand.client(Self.get)
        stand.serve()
        for _ in 0..<2 {
            stand.now = stand.now.advanced(by: .seconds(6))
            stand.server.meetDeadlines(now: stand.now)
        }
        #expect(stand.server.count == 0)
        _ = client
    }

    @Test("the page is made once a second, however many ask")
    func page() throws {
        let stand = try Stand()
        func questions() -> Int {
            stand.daemon.commands.count { if case .report = $0 { true } else { false } }
        }
        stand.now = .now
        for _ in 0..<20 { _ = try stand.answer(Self.get) }
        #expect(questions() <= 2 * 2)
        let before = questions()
        stand.now = Instant.now.advanced(by: .seconds(2))
        _ = try stand.answer(Self.get)
        #expect(questions() > before)
    }

    @Test("clients that ask while the workers are busy all get the answer")
    func waiting() throws {
        let stand = try Stand()
        stand.daemon.isSlow = true
        let clients = try (0..<5).map { _ in try stand.client(Self.get) }
        stand.serve()
        #expect(stand.daemon.pending.count == 1)
        clients[0].setReset()
        stand.daemon.answerAll()
        for client in clients.dropFirst() {
            #expect(try stand.answer(to: client).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("it serves a Unix socket as well, and takes the file away at the end")
    func unix() throws {
        let folder = try TestFolder()
        let path = folder.path + "/m.sock"
        let server = try ScrapeServer(.init(endpoint: .unix(path: path), mode: 0o600))
        #expect(server.address.hasSuffix(path))
        _ = try TestSocket.connect(to: .unix(path: path))
        server.close()
        #expect(throws: (any Error).self) { try TestSocket.connect(to: .unix(path: path)) }
    }

    @Test("statsd gets lines of what has changed, in packets that no network cuts up")
    func statsd() {
        var text = StatsdText(prefix: "p")
        let change = TrafficCounters.Totals(
            sessions: 3, inBytes: 10, outBytes: 20, failures: 1, nanoseconds: 0)
        text.add("mail/main/a.b:c|d", change, current: 2)
        #expect(
            text.packets.map { String(decoding: $0, as: UTF8.self) } == [
                """
                p.channel.mail.main.a_b_c_d.sessions:3|c
                p.channel.mail.main.a_b_c_d.failed:1|c
                p.channel.mail.main.a_b_c_d.in_bytes:10|c
                p.channel.mail.main.a_b_c_d.out_bytes:20|c
                p.channel.mail.main.a_b_c_d.current:2|g
                """
            ])
        for index in 0..<100 { text.add("mail/main/\(index)", change, current: 1) }
        #expect(text.packets.count > 1)
        #expect(text.packets.allSatisfy { $0.count <= StatsdText.longestPacket })
    }

    @Test("a statsd server that is away is nobody’s trouble; one that is there gets the changes")
    func push() throws {
        let server = try UDPServer()
        let topology = try Blueprint.topology([("mail", [("main", ["a"])])])
        let pusher = try StatsdPusher(
            StatsdConfiguration(endpoint: .local(server.port)), now: .at(0))
        topology.channels[0].counters[0].addSession()
        pusher.meetDeadline(topology, now: .at(5))
        pusher.meetDeadline(topology, now: .at(10))
        #expect(try server.receive().hasPrefix("proxyd.channel.mail.main.a.sessions:1|c\n"))
        pusher.meetDeadline(topology, now: .at(20))
        #expect(try server.receive().hasPrefix("proxyd.channel.mail.main.a.sessions:0|c\n"))
        server.stop()
        for tick in 3..<10 { pusher.meetDeadline(topology, now: .at(10 * tick)) }
        #expect(pusher.nextDeadline == .at(100))
    }

    @Test("of many channels a statsd server is told some per turn")
    func pieces() throws {
        let server = try UDPServer()
        let names = (0..<2 * StatsdPusher.channelsPerTurn + 1).map { "c\($0)" }
        let topology = try Blueprint.topology([("mail", [("main", names)])])
        let pusher = try StatsdPusher(
            StatsdConfiguration(endpoint: .local(server.port)), now: .at(0))
        for part in 1...2 {
            pusher.meetDeadline(topology, now: .at(10))
            #expect(pusher.nextDeadline == .at(10), "\(part)")
        }
        pusher.meetDeadline(topology, now: .at(11))
        #expect(pusher.nextDeadline == .at(20))
        var told = ""
        repeat { told += try server.receive() + "\n" } while !told.contains(".c128.current:")
        #expect(names.allSatisfy { told.contains(".\($0).sessions:0|c\n") })
    }
}

/// Receives datagrams.
private final class UDPServer {
    private var number: CInt
    let port: UInt16

    init() throws {
        number = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        let descriptor = FileDescriptor(owning: dup(number))
        try proxyd.Socket.bind(descriptor, to: .of(.local(0)))
        guard case .ip(_, let port)? = proxyd.Socket.localEndpoint(descriptor) else {
            throw Missing("a port")
        }
        self.port = port
    }

    deinit { stop() }

    func stop() {
        if number >= 0 { _ = close(number) }
        number = -1
    }

    func receive() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 2000)
        let count = unsafe recv(number, &bytes, bytes.count, 0)
        guard count > 0 else { throw SystemError("recv") }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
