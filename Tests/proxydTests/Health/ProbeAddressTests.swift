import Glibc
import Shared
import Testing

@testable import proxyd

/// Where probes go, and what they say of where they come from.
@Suite("Addresses of probes", .timeLimit(.untilHung))
struct ProbeAddressTests {
    private static let name = Endpoint.name("app.test", port: 80)

    // MARK: A name's addresses

    @Test("a name is good when one of its addresses is, whatever its place", arguments: [0, 1])
    func oneWorks(place: Int) throws {
        let (dead, alive) = (try TestDoor.refusing(), try TestDoor())
        var addresses = [dead.endpoint]
        addresses.insert(alive.endpoint, at: place)
        let stand = try ProbeStand(
            Self.name, ProbePlan(probes: [ProbeConfiguration(fall: 1)]), addresses: addresses)
        stand.watch()
        try stand.nextResult()
        try stand.finish()
        try stand.until { stand.channel.probes.last.words != "ok" }
        #expect(stand.channel.probes.last.words == "ok; \(dead.endpoint): refused")
        #expect(!stand.channel.isDown)
        // Sessions pass over the one that does not work.
        let next = (0..<4).map { _ in
            stand.channel.turns.next(of: stand.channel.view.addresses, now: stand.now)?.endpoint
        }
        #expect(next == Array(repeating: alive.endpoint, count: 4))
    }

    @Test("a name is bad when all of its addresses are")
    func noneWorks() throws {
        let doors = [try TestDoor.refusing(), try TestDoor.refusing()]
        let stand = try ProbeStand(Self.name, addresses: doors.map(\.endpoint))
        let result = try stand.probe()
        #expect(!result.isGood)
        #expect(result.words == "\(doors[0].endpoint): refused, \(doors[1].endpoint): refused")
    }

    // MARK: The PROXY protocol

    @Test("the header names the probe's own addresses", arguments: [AF_INET, AF_INET6])
    func header(family: CInt) throws {
        let door = try TestDoor(family: family)
        let stand = try ProbeStand(
            door.endpoint, proxyProtocol: ProxyProtocolOut(isBinary: false))
        #expect(try stand.probe().isGood)
        let caller = try door.accept()
        let words = String(decoding: try caller.receiveToEnd(), as: UTF8.self)
            .split(separator: " ")
        let (kind, address) = family == AF_INET6 ? ("TCP6", "::1") : ("TCP4", "127.0.0.1")
        guard case .ip(_, let port) = door.endpoint, words.count == 6 else {
            throw Missing("a header: \(words)")
        }
        #expect(words[..<4] == ["PROXY", kind[...], address[...], address[...]])
        #expect(words[4] != "\(port)" && UInt16(words[4]) != nil)
        #expect(words[5] == "\(port)\r\n")
    }

    @Test("version 2 names them, too, and is about a client")
    func headerV2() throws {
        let door = try TestDoor()
        let stand = try ProbeStand(door.endpoint, proxyProtocol: ProxyProtocolOut(isBinary: true))
        #expect(try stand.probe().isGood)
        let bytes = try door.accept().receiveToEnd()
        #expect(bytes.count == 28)
        #expect(bytes[12...15].elementsEqual([0x21, 0x11, 0, 12]))
        #expect(bytes[16...23].elementsEqual([127, 0, 0, 1, 127, 0, 0, 1]))
    }

    // MARK: Host

    @Test(
        "the Host is what the channel is called",
        arguments: [
            (.name("app.test", port: 80), nil, "app.test"),
            (.name("app.test", port: 8080), nil, "app.test:8080"),
            (.name("app.test", port: 8080), 80, "app.test"),
            (.name("app.test", port: 80), 9000, "app.test:9000"),
            (.ip(.loopbackV4, port: 80), nil, "127.0.0.1"),
            (.ip(.loopbackV6, port: 81), nil, "[::1]:81"),
            (.ip(.v6(high: 0xFE80 << 48, low: 1, scope: 3), port: 81), nil, "[fe80::1]:81"),
        ] as [(Endpoint, UInt16?, String)])
    func host(endpoint: Endpoint, port: UInt16?, expected: String) throws {
        let stand = try ProbeStand(endpoint, addresses: [.ip(.loopbackV4, port: 80)])
        let probe = ProbeConfiguration(check: .http(HTTPCheck()), port: port)
        let work = ProbeWork(
            probe, of: stand.channel, at: probe.targets(of: stand.channel).first)
        guard case .exchange(var exchange) = work, case .send(let bytes) = exchange.begin() else {
            throw Missing("a request")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("\r\nHost: \(expected)\r\n"), "\(text)")
    }

    @Test("with TLS the standard port is 443")
    func hostOfTLS() throws {
        let stand = try ProbeStand(.name("app.test", port: 443), addresses: [.local(443)])
        let probe = ProbeConfiguration(check: .http(HTTPCheck()), usesTLS: true)
        guard case .exchange(var exchange) = ProbeWork(probe, of: stand.channel, at: .local(443)),
            case .send(let bytes) = exchange.begin()
        else { throw Missing("a request") }
        #expect(String(decoding: bytes, as: UTF8.self).contains("\r\nHost: app.test\r\n"))
    }

    // MARK: Itself

    @Test("a socket that has met itself is refused")
    func itself() throws {
        let socket = try Socket.open(family: AF_INET)
        try Socket.bind(socket, to: SocketAddress.of(.local(0)))
        let name = Socket.localEndpoint(socket)
        let own = try #require(name)
        _ = Socket.connect(socket, to: try SocketAddress.of(own))
        let peer = Socket.peerEndpoint(socket)
        #expect(peer == own)
        let error = ChannelSocket.connectError(socket)
        #expect(error == ECONNREFUSED)
        let door = try TestDoor()
        let other = try ChannelSocket.connect(to: SocketAddress.of(door.endpoint), deadPeer: nil)
        let none = ChannelSocket.connectError(other.descriptor)
        #expect(none == 0)
    }
}
