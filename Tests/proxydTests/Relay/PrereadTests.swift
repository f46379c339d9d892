import Glibc
import Shared
import Testing

@testable import proxyd

/// What comes before the choice of a channel, through real workers and sockets.
@Suite("Preread", .timeLimit(.untilHung))
struct PrereadTests {
    private typealias Settings = WorkerStand.Settings

    private func settings(_ change: (inout Settings) -> Void) -> Settings {
        var settings = Settings()
        change(&settings)
        return settings
    }

    // MARK: Waiting for bytes

    @Test("no channel is met before the client has sent so many bytes, and then it gets them all")
    func waits() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings { $0.waitForBytes = 6 })
        let client = try stand.connect()
        try client.send("GET /")
        try stand.await(.preread)
        #expect(!door.hasCaller)
        try client.send("\n")
        let channel = try door.accept()
        #expect(try channel.receiveText(6) == "GET /\n")
        try channel.send("answer")
        #expect(try client.receiveText(6) == "answer")
    }

    @Test("byte by byte, and as many as there can be", arguments: [1, 100, 32_768])
    func many(count: Int) throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings { $0.waitForBytes = count })
        let client = try stand.connect()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        if count <= 100 {
            for byte in bytes { try client.send([byte]) }
        } else {
            try client.send(Array(bytes.dropLast()))
            try stand.await(.preread)
            try client.send([bytes[count - 1]])
        }
        #expect(try door.accept().receive(count) == bytes)
    }

    @Test("a client that sends enough and ends its writes is served all the same")
    func ends() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings { $0.waitForBytes = 3 })
        let client = try stand.connect()
        try client.send("abc")
        client.endWrites()
        let channel = try door.accept()
        #expect(try channel.receiveToEnd() == Array("abc".utf8))
        try channel.send("x")
        channel.endWrites()
        #expect(try client.receiveToEnd() == Array("x".utf8))
        #expect("\(try stand.nextEnd().reason)" == "-- done")
    }

    @Test("one that ends before has met no channel", arguments: [false, true])
    func endsEarly(resets: Bool) throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings { $0.waitForBytes = 3 })
        do {
            let client = try stand.connect()
            try client.send("ab")
            try stand.await(.preread)
            if resets { client.setReset() } else { client.endWrites() }
            // With bytes unread the kernel makes a reset of our end.
            if !resets { _ = try? client.receiveToEnd() }
        }
        let end = try stand.nextEnd()
        #expect("\(end.reason)" == (resets ? "CH reset" : "CH closed"))
        #expect(end.record.channel == nil)
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
        #expect(stand.listenerTotals.failures == 0)
    }

    @Test(
        "a silent one is closed when its time is over: its own, or that of silence",
        arguments: [
            (Duration.milliseconds(50), nil), (nil, .milliseconds(50)),
            (.seconds(3600), .milliseconds(50)), (.milliseconds(50), .seconds(3600)),
        ] as [(Duration?, Duration?)])
    func silent(hello: Duration?, idle: Duration?) throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.waitForBytes = 3
                $0.timeouts.clientHello = hello
                $0.timeouts.idle = idle
            })
        let client = try stand.connect()
        #expect(try client.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "cH timeout")
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
    }

    @Test(
        "the deadline of a preread: what comes first",
        arguments: [
            (nil, nil, nil), (5, nil, 5), (nil, 3, 13), (5, 3, 5), (20, 3, 13),
        ] as [(UInt64?, UInt64?, UInt64?)])
    func deadline(until: UInt64?, idle: UInt64?, expected: UInt64?) {
        let second: UInt64 = 1_000_000_000
        let preread = Preread(
            stage: .bytes(1), until: until.map { Instant(nanoseconds: $0 * second) },
            heard: Instant(nanoseconds: 10 * second))
        let deadline = preread.deadline(idle: idle.map { .seconds(Int64($0)) })
        #expect(deadline?.nanoseconds == expected.map { $0 * second })
    }

    // MARK: Access

    private func rules(_ lines: String...) throws -> [AccessRule] {
        try lines.map { try AccessLine.rule($0) }
    }

    @Test(
        "a denied client meets no channel, and what its rule says",
        arguments: [
            ("deny 127.0.0.0/8", false), ("deny all reset", true),
        ])
    func denied(rule: String, resets: Bool) throws {
        let door = try TestDoor()
        let access = try rules(rule)
        for isServices in [false, true] {
            let stand = try WorkerStand(
                [door.endpoint],
                settings { if isServices { $0.serviceAccess = access } else { $0.access = access } }
            )
            if resets {
                #expect(try stand.connect().receiveNext() == .failed(ECONNRESET))
            } else {
                #expect(try stand.connect().receiveToEnd().isEmpty)
            }
            #expect("\(try stand.nextEnd().reason)" == "PA denied")
            let denied = try stand.notice("a denial") { notice in
                if case .denied(let denied) = notice { denied } else { nil }
            }
            #expect(denied.rule == 1)
            #expect(denied.words == rule)
            #expect(denied.isServices == isServices)
            #expect(stand.isEverythingBack)
            #expect(stand.listenerTotals.failures == 1)
        }
        #expect(!door.hasCaller)
    }

    @Test("listener and service both have to let a client in")
    func both() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.access = (try? rules("allow 127.0.0.1", "deny all")) ?? []
                $0.serviceAccess = (try? rules("allow 127.0.0.0/8", "deny all")) ?? []
            })
        let client = try stand.connect()
        try client.send("x")
        #expect(try door.accept().receiveText(1) == "x")
    }

    @Test("a tarpit keeps a client waiting, and ends with it or after its time")
    func tarpit() throws {
        let door = try TestDoor()
        let long = try WorkerStand(
            [door.endpoint], settings { $0.access = (try? rules("deny all tarpit 1h")) ?? [] })
        do {
            let client = try long.connect()
            try client.send("hello")
            try long.await(.preread)
            client.endWrites()
            _ = try? client.receiveToEnd()
        }
        #expect("\(try long.nextEnd().reason)" == "PA denied")
        let short = try WorkerStand(
            [door.endpoint], settings { $0.access = (try? rules("deny all tarpit 30ms")) ?? [] })
        let client = try short.connect()
        #expect(try !client.receiveToEnd().contains(0))
        #expect("\(try short.nextEnd().reason)" == "PA denied")
        #expect(!door.hasCaller)
    }

    @Test("who is denied takes nothing of the rate or of its source's places")
    func deniedFirst() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.serviceAccess = (try? rules("deny all")) ?? []
                $0.rate = ConnectionRate(perSecond: 0.001, burst: 1)
                $0.limits.perSource = PerSource(max: 1)
            })
        for _ in 0..<3 {
            #expect(try stand.connect().receiveToEnd().isEmpty)
            #expect("\(try stand.nextEnd().reason)" == "PA denied")
        }
        #expect(stand.service.sources?.count == 0)
    }

    // MARK: Proxies

    private static let header = "PROXY TCP4 192.0.2.7 10.0.0.1 50000 143\r\n"

    @Test(
        "the client is the one that the header names, and the channel gets what follows it",
        arguments: [false, true])
    func told(isSlow: Bool) throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings { $0.proxyProtocol = .require })
        let proxy = try stand.connect()
        if isSlow {
            for byte in Self.header.utf8 { try proxy.send([byte]) }
            try proxy.send("hello")
        } else {
            try proxy.send(Self.header + "hello")
        }
        let channel = try door.accept()
        #expect(try channel.receiveText(5) == "hello")
        #expect("\(try stand.sessions()[0].client)" == "192.0.2.7:50000")
        proxy.endWrites()
        channel.endWrites()
        let end = try stand.nextEnd()
        #expect("\(end.reason)" == "-- done")
        #expect(end.record.inward.byteCount == 5)
    }

    @Test("access, limits and what the channel is told go by the header's address")
    func byHeader() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.proxyProtocol = .require
                $0.access = (try? rules("deny 192.0.2.8", "allow 192.0.2.0/24", "deny all")) ?? []
                $0.limits.perSource = PerSource(max: 1)
                $0.sendsProxyProtocol = ProxyProtocolOut(isBinary: false)
            })
        let denied = try stand.connect()
        try denied.send("PROXY TCP4 192.0.2.8 10.0.0.1 50000 143\r\n")
        #expect(try denied.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA denied")
        let first = try stand.connect()
        try first.send(Self.header + "x")
        let channel = try door.accept()
        #expect(try channel.receiveText(Self.header.utf8.count) == Self.header)
        #expect(try channel.receiveText(1) == "x")
        let second = try stand.connect()
        try second.send(Self.header)
        #expect(try second.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA per source")
        let itself = try stand.connect()
        try itself.send("PROXY UNKNOWN\r\n")
        #expect(try itself.receiveToEnd().isEmpty)
        #expect("\(try stand.nextEnd().reason)" == "PA denied")
    }

    @Test(
        "who has to begin with a header and does not is closed, too late or too soon",
        arguments: [
            ("GET / HTTP/1.0\r\n", false, "CH proxy header"), ("PROXY TC", true, "CH closed"),
            ("PROXY TC", false, "cH timeout"), ("", true, "CH closed"),
        ])
    func headerless(text: String, ends: Bool, expected: String) throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.proxyProtocol = .acceptFrom([], unix: false)
                if let network = Network("127.0.0.0/8") {
                    $0.proxyProtocol = .acceptFrom([network], unix: false)
                }
                $0.timeouts.clientHello = ends ? .seconds(3600) : .milliseconds(200)
            })
        let client = try stand.connect()
        if !text.isEmpty { try client.send(text) }
        if ends { client.endWrites() }
        _ = try? client.receiveToEnd()
        #expect("\(try stand.nextEnd().reason)" == expected)
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
    }

    @Test("who is not a proxy of ours is taken as it is")
    func noProxy() throws {
        let door = try TestDoor()
        let network = try #require(Network("10.0.0.0/8"))
        let stand = try WorkerStand(
            [door.endpoint], settings { $0.proxyProtocol = .acceptFrom([network], unix: true) })
        let client = try stand.connect()
        try client.send(Self.header)
        #expect(try door.accept().receiveText(Self.header.utf8.count) == Self.header)
    }

    @Test(
        "a header and then enough bytes, in one packet or byte by byte", arguments: [false, true])
    func headerAndBytes(isSlow: Bool) throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.proxyProtocol = .require
                $0.waitForBytes = 4
                $0.sendsProxyProtocol = ProxyProtocolOut(isBinary: true, options: .everything)
            })
        let client = try stand.connect()
        let bytes = Array((Self.header + "ping").utf8)
        if isSlow { for byte in bytes { try client.send([byte]) } } else { try client.send(bytes) }
        let channel = try door.accept()
        try channel.awaitReadable(16)
        var got = try channel.receive(16)
        got += try channel.receive(Int(got[14]) << 8 | Int(got[15]))
        guard case .complete(let header, _) = ProxyHeader.read(got) else {
            Issue.record("no header: \(got)")
            return
        }
        #expect(header.addresses?.source == .ip(.v4(0xC000_0207), port: 50_000))
        #expect(header.addresses?.destination == .ip(.v4(0x0A00_0001), port: 143))
        #expect(header.details.uniqueID?.isEmpty == false)
        #expect(try channel.receiveText(4) == "ping")
    }

    @Test("the server may speak first behind a header")
    func serverFirst() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            settings {
                $0.proxyProtocol = .require
                $0.sendsProxyProtocol = ProxyProtocolOut(isBinary: false)
            })
        let client = try stand.connect()
        try client.send(Self.header)
        let channel = try door.accept()
        #expect(try channel.receiveText(Self.header.utf8.count) == Self.header)
        try channel.send("220 ready")
        #expect(try client.receiveText(9) == "220 ready")
    }

    // MARK: Sources

    @Test("connections come from the given addresses in turns")
    func sources() throws {
        let door = try TestDoor()
        let addresses = try ["127.0.0.7", "127.0.0.8"].map { try #require(IPAddress($0)) }
        let stand = try WorkerStand(
            [door.endpoint], settings { $0.source = .addresses(addresses) })
        var seen: [String] = []
        for _ in 0..<4 {
            let client = try stand.connect()
            try client.send("x")
            let channel = try door.accept()
            let peer = Socket.peerEndpoint(FileDescriptor(owning: dup(channel.number)))
            if case .ip(let address, _)? = peer { seen.append("\(address)") }
        }
        #expect(seen == ["127.0.0.8", "127.0.0.7", "127.0.0.8", "127.0.0.7"])
    }
}
