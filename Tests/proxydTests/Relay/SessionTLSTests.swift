import CLinux
import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// Sessions whose client, or whose channel, speaks TLS, through real workers and sockets.
@Suite("Session with TLS", .serialized, .timeLimit(.untilHung))
struct SessionTLSTests {
    typealias Settings = WorkerStand.Settings

    let authority: TestAuthority
    let certificate: CertificateConfiguration

    private static let shared = Result { () throws -> (TestAuthority, TestAuthority.Issued) in
        let authority = try TestAuthority()
        return (authority, try authority.issue("server", for: ["server.example", "127.0.0.1"]))
    }

    init() throws {
        let issued: TestAuthority.Issued
        (authority, issued) = try Self.shared.get()
        certificate = CertificateConfiguration(certificate: issued.certificate, key: issued.key)
    }

    private func listenerTLS(
        _ change: (inout TLSListenerConfiguration) -> Void = { _ in }
    ) -> TLSListenerConfiguration {
        var settings = TLSListenerConfiguration(certificates: [certificate])
        change(&settings)
        return settings
    }

    /// Where TLS is spoken.
    enum Legs: String, Sendable, CaseIterable {
        case client, channel, both

        var client: Bool { self != .channel }
        var channel: Bool { self != .client }
    }

    /// A session with its two ends.
    private struct Ends {
        let stand: WorkerStand
        let client: any TestEnd
        let channel: any TestEnd
        let door: TestDoor

        var tlsClient: TestTLS {
            get throws {
                guard let client = client as? TestTLS else { throw Missing("TLS") }
                return client
            }
        }

        var tlsChannel: TestTLS {
            get throws {
                guard let channel = channel as? TestTLS else { throw Missing("TLS") }
                return channel
            }
        }
    }

    private func session(
        _ legs: Legs = .client, _ settings: Settings = Settings(),
        _ change: (inout TLSListenerConfiguration) -> Void = { _ in },
        channel: (inout TLSChannelConfiguration) -> Void = { _ in }
    ) throws -> Ends {
        var settings = settings
        if legs.client { settings.tls = listenerTLS(change) }
        if legs.channel {
            var tls = TLSChannelConfiguration(ca: authority.certificate)
            channel(&tls)
            settings.channelTLS = tls
        }
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], settings)
        let socket = try stand.connect()
        var client: any TestEnd = socket
        if legs.client { client = try TestTLS.client(socket, .trusting()).agree() }
        let accepted = try door.accept()
        var server: any TestEnd = accepted
        if legs.channel { server = try TestTLS.server(accepted, TLSServer(listenerTLS())).agree() }
        return Ends(stand: stand, client: client, channel: server, door: door)
    }

    // MARK: Bytes

    @Test(
        "megabytes each way at once arrive as they were sent, and everything is given back",
        arguments: Legs.allCases, [RelayMode.adaptive, .splice])
    func bytes(legs: Legs, mode: RelayMode) throws {
        let ends = try session(legs, Settings(mode: mode))
        let question = SeededGenerator.bytes(3_000_001, seed: 4)
        let answer = SeededGenerator.bytes(2_000_003, seed: 5)
        let arrived = try Duplex.run(ends.client, ends.channel, question, answer)
        #expect(arrived.left == answer)
        #expect(arrived.right == question)
        try ends.client.sayEnd()
        #expect(try ends.channel.receiveToEnd().isEmpty)
        try ends.channel.sayEnd()
        #expect(try ends.client.receiveToEnd().isEmpty)
        let (record, reason) = try ends.stand.nextEnd()
        #expect(reason == .done)
        #expect(record.inward.byteCount == UInt64(question.count))
        #expect(record.outward.byteCount == UInt64(answer.count))
        #expect(ends.stand.isEverythingBack)
    }

    @Test(
        "a reader that does not read holds its writer up, and nothing is lost",
        arguments: Legs.allCases)
    func backpressure(legs: Legs) throws {
        let ends = try session(legs)
        // Of a length that no buffer has, sent again and again.
        let stream = SeededGenerator.bytes(1_000_003, seed: 6)
        for (writer, reader) in [(ends.client, ends.channel), (ends.channel, ends.client)] {
            var expected: [UInt8] = []
            var sent = 0
            // Until nothing moves any more: every buffer on the way is full. How much they take is the kernel's affair.
            while Wait.poll(writer.number, POLLOUT, milliseconds: 100) != nil {
                sent += try writer.sendSome(stream[(sent % stream.count)...].prefix(65_536))
                guard sent < 200 << 20 else { throw Missing("an end to what the proxy takes") }
            }
            let rest = Array(stream[(sent % stream.count)...])
            while expected.count < sent + rest.count { expected += stream }
            let arrived = try Duplex.run(writer, reader, rest, [], after: sent)
            #expect(arrived.right == expected)
        }
        try ends.client.sayEnd()
        try ends.channel.sayEnd()
        #expect(try ends.stand.nextEnd().reason == .done)
        #expect(ends.stand.isEverythingBack)
    }

    // MARK: Ends

    @Test(
        "an end of one direction leaves the other one alone", arguments: Legs.allCases,
        [false, true])
    func halfClose(legs: Legs, channelFirst: Bool) throws {
        let ends = try session(legs)
        let (first, second) =
            channelFirst ? (ends.channel, ends.client) : (ends.client, ends.channel)
        try first.send(all: Array("last words".utf8))
        try first.sayEnd()
        #expect(try second.receiveToEnd() == Array("last words".utf8))
        let answer = SeededGenerator.bytes(500_000, seed: 7)
        #expect(try Duplex.run(second, first, answer, []).right == answer)
        try second.sayEnd()
        #expect(try first.receiveToEnd().isEmpty)
        #expect(try ends.stand.nextEnd().reason == .done)
        #expect(ends.stand.isEverythingBack)
    }

    @Test("TLS's own end is enough: the socket's need not follow", arguments: [false, true])
    func closeNotify(channelFirst: Bool) throws {
        let ends = try session(.both)
        let client = try ends.tlsClient
        let channel = try ends.tlsChannel
        let (first, second) = channelFirst ? (channel, client) : (client, channel)
        try first.send("abc")
        try first.endWrites()
        #expect(try second.receiveToEnd() == Array("abc".utf8))
        // It was told in TLS, not by the socket alone.
        #expect(!second.tls.wasCutOff)
        try second.send("def")
        #expect(try first.receiveText(3) == "def")
        try second.endWrites()
        #expect(try first.receiveToEnd().isEmpty)
        #expect(!first.tls.wasCutOff)
        #expect(try ends.stand.nextEnd().reason == .done)
    }

    @Test(
        "an end without TLS's own is an end, and the other direction goes on",
        arguments: Legs.allCases)
    func cutOff(legs: Legs) throws {
        let ends = try session(legs)
        let first = legs.client ? try ends.tlsClient : try ends.tlsChannel
        let second = legs.client ? ends.channel : ends.client
        try first.send("abc")
        first.socket.endWrites()
        #expect(try second.receiveToEnd() == Array("abc".utf8))
        try second.send(all: Array("answer".utf8))
        #expect(try first.receiveText(6) == "answer")
        try second.sayEnd()
        #expect(try first.receiveToEnd().isEmpty)
        #expect(try ends.stand.nextEnd().reason == .done)
        #expect(ends.stand.isEverythingBack)
    }

    @Test("with require-close-notify it is a break", arguments: [Legs.client, .channel])
    func requiresCloseNotify(legs: Legs) throws {
        let ends = try session(legs) {
            $0.requiresCloseNotify = true
        } channel: {
            $0.requiresCloseNotify = true
        }
        let first = legs.client ? try ends.tlsClient : try ends.tlsChannel
        let second = legs.client ? ends.channel : ends.client
        try first.send("abc")
        #expect(try second.receive(3) == Array("abc".utf8))
        first.socket.endWrites()
        #expect(try second.receiveToEndOrReset() == .failed(ECONNRESET))
        #expect("\(try ends.stand.nextEnd().reason)" == (legs.client ? "CD tls" : "SD tls"))
        #expect(ends.stand.isEverythingBack)
    }

    @Test("a reset is passed on", arguments: Legs.allCases, [false, true])
    func reset(legs: Legs, byChannel: Bool) throws {
        let ends = try session(legs)
        let (first, second) = byChannel ? (ends.channel, ends.client) : (ends.client, ends.channel)
        try first.send(all: Array("abc".utf8))
        #expect(try second.receive(3) == Array("abc".utf8))
        let socket = (first as? TestTLS)?.socket ?? (first as? TestSocket)
        try #require(socket).reset()
        #expect(try second.receiveToEndOrReset() == .failed(ECONNRESET))
        #expect("\(try ends.stand.nextEnd().reason)" == (byChannel ? "SD reset" : "CD reset"))
        #expect(ends.stand.isEverythingBack)
    }

    @Test("bytes that are no TLS end a session that was", arguments: [Legs.client, .channel])
    func nonsense(legs: Legs) throws {
        let ends = try session(legs)
        let first = legs.client ? try ends.tlsClient : try ends.tlsChannel
        let second = legs.client ? ends.channel : ends.client
        try first.send("abc")
        #expect(try second.receive(3) == Array("abc".utf8))
        try first.socket.send([UInt8](repeating: 0x17, count: 3000))
        #expect(try second.receiveToEndOrReset() == .failed(ECONNRESET))
        #expect("\(try ends.stand.nextEnd().reason)" == (legs.client ? "CD tls" : "SD tls"))
        #expect(ends.stand.isEverythingBack)
    }

    // MARK: Handshakes

    /// A client behind a wire of the test's own, which carries what it says as the test likes.
    private struct Wired {
        let client: TestTLS
        private let near: TestSocket
        let far: TestSocket

        init(_ stand: WorkerStand, _ client: TLSClient) throws {
            let (own, near) = try TestSocket.pair(.unix)
            self.client = try .client(own, client)
            self.near = near
            far = try stand.connect()
        }

        /// What the client has said.
        func said() -> [UInt8] {
            var all: [UInt8] = []
            while case .bytes(let bytes) = near.receiveSome() { all += bytes }
            return all
        }

        /// Gives the client what the proxy has answered, once it has.
        func answer() throws {
            guard case .bytes(let bytes) = try far.receiveNext() else { throw Missing("an answer") }
            try near.send(bytes)
        }
    }

    @Test("byte by byte", arguments: [1, 7])
    func segments(size: Int) throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(tls: listenerTLS()))
        let wired = try Wired(stand, .trusting())
        while true {
            let result = wired.client.step()
            let said = wired.said()
            for start in stride(from: 0, to: said.count, by: size) {
                try wired.far.send(Array(said[start..<min(start + size, said.count)]))
            }
            if result == .done { break }
            guard case .waits = result else { throw Missing("\(result)") }
            try wired.answer()
        }
        try wired.client.send("hello")
        for byte in wired.said() { try wired.far.send([byte]) }
        #expect(try door.accept().receiveText(5) == "hello")
    }

    @Test("a ClientHello of several records")
    func large() throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(tls: listenerTLS()))
        let names = (0..<110).map { String(repeating: "x", count: 240) + "\($0)" }
        let wired = try Wired(stand, .trusting { $0.alpn = .list(names) })
        #expect(wired.client.step() == .waits(forRoom: false))
        let hello = wired.said()
        #expect(hello.count > 26_000)
        try wired.far.send(hello)
        try wired.answer()
        while wired.client.step() != .done { try wired.answer() }
        try wired.far.send(wired.said())
        try wired.client.send("hello")
        try wired.far.send(wired.said())
        #expect(try door.accept().receiveText(5) == "hello")
    }

    @Test(
        "what is no TLS is answered by an alert or not at all, and meets no channel",
        arguments: [
            "GET / HTTP/1.0\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello",
            "\u{16}\u{3}\u{1}\u{7f}\u{7f}" + String(repeating: "x", count: 70_000),
        ])
    func garbage(text: String) throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(tls: listenerTLS()))
        let client = try stand.connect()
        try? client.send(text)
        client.endWrites()
        let end = try stand.nextEnd()
        #expect("\(end.reason)" == "CH tls")
        #expect(end.record.channel == nil)
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
        #expect(stand.service.listeners[0].tls?.handshakeCount == 0)
        let words: String = try stand.notice("a word about it") { notice in
            if case .handshakeFailed(_, _, let words, _) = notice { words } else { nil }
        }
        #expect(!words.isEmpty)
    }

    /// The beginning of a ClientHello.
    private var half: [UInt8] { Array(HelloBytes.make(serverName: "server.example").prefix(50)) }

    @Test("half a ClientHello and then silence is too late at the handshake's own time")
    func slow() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(tls: listenerTLS { $0.handshakeTimeout = .milliseconds(50) }))
        let client = try stand.connect()
        try client.send(half)
        #expect("\(try stand.nextEnd().reason)" == "cH timeout")
        #expect(stand.isEverythingBack)
        #expect(stand.service.listeners[0].tls?.handshakeCount == 0)
        let silent = try stand.connect()
        #expect("\(try stand.nextEnd().reason)" == "cH timeout")
        _ = silent
    }

    @Test("a client that goes in the middle has gone", arguments: [false, true])
    func leaves(resets: Bool) throws {
        let door = try TestDoor()
        let stand = try WorkerStand([door.endpoint], Settings(tls: listenerTLS()))
        do {
            let client = try stand.connect()
            try client.send(half)
            try stand.await(.preread)
            try Wait.until("its handshake") {
                stand.service.listeners[0].tls?.handshakeCount == 1
            }
            if resets { client.setReset() }
        }
        #expect("\(try stand.nextEnd().reason)" == (resets ? "CH reset" : "CH closed"))
        #expect(stand.isEverythingBack)
        #expect(stand.service.listeners[0].tls?.handshakeCount == 0)
    }

    @Test(
        "handshakes have a limit; a silent client takes no place of it, and a slow one gives its place to a newcomer"
    )
    func limit() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(tls: listenerTLS { $0.maxHandshakes = 1 }))
        let silent = try (0..<5).map { _ in try stand.connect() }
        try Wait.until("the silent") { try stand.sessions().count == 5 }
        let served = try TestTLS.client(stand.connect(), .trusting()).agree()
        let channel = try door.accept()
        try served.send("served")
        #expect(try channel.receiveText(6) == "served")
        try silent[0].send(half)
        try Wait.until("its handshake") { stand.service.listeners[0].tls?.handshakeCount == 1 }
        // A newcomer gets the place of the one that does not go on.
        let more = try stand.connect()
        try more.send(half)
        #expect(try silent[0].receiveToEndOrReset() != .nothing)
        #expect("\(try stand.nextEnd().reason)" == "PA overload")
        #expect(stand.service.listeners[0].tls?.handshakeCount == 1)
        try TestTLS.client(stand.connect(), .trusting()).agree()
    }

    @Test("a client that is refused takes no place of those who come after it")
    func dismissed() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(tls: listenerTLS { $0.maxHandshakes = 1 }))
        let client = try stand.connect()
        try client.send("this is no TLS\r\n")
        // It stays, and reads its alert.
        _ = try client.receiveNext()
        try TestTLS.client(stand.connect(), .trusting()).agree()
    }

    // MARK: Coming again, and who comes

    @Test(
        "a client is known again by every worker, and after a change of certificates",
        arguments: TLSVersions.Version.allCases)
    func resumption(version: TLSVersions.Version) throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(workers: 2, tls: listenerTLS()))
        let client = try TLSClient.trusting {
            ($0.versions.least, $0.versions.most) = (version, version)
        }
        func come() throws -> Bool {
            let end = try TestTLS.client(stand.connect(), client).agree()
            try end.send("x")
            let channel = try door.accept()
            _ = try channel.receive(1)
            try channel.send("y")
            // Tickets come with the first bytes.
            #expect(try end.receiveText(1) == "y")
            return end.tls.isResumed
        }
        #expect(try !come())
        for _ in 0..<6 { #expect(try come()) }
        let listener = stand.service.listeners[0]
        let renewed = try authority.issue("renewed", for: ["server.example"])
        let settings = listenerTLS {
            $0.certificates = [CertificateConfiguration(certificate: renewed.both)]
        }
        listener.applyTLS(
            try TLSServer(settings, TLSFiles(of: settings), group: "s/l", after: listener.tls))
        for _ in 0..<4 { #expect(try come()) }
    }

    @Test("certificates are swapped under sessions that go on")
    func swapped() throws {
        let ends = try session()
        let listener = ends.stand.service.listeners[0]
        let renewed = try authority.issue("renewed", for: ["server.example"])
        listener.applyTLS(
            try TLSServer(
                listenerTLS {
                    $0.certificates = [CertificateConfiguration(certificate: renewed.both)]
                },
                after: listener.tls))
        let next = try TestTLS.client(ends.stand.connect(), .trusting()).agree()
        #expect(next.tls.subject?.commonName == "renewed")
        #expect(try ends.tlsClient.tls.subject?.commonName == "server")
        try ends.client.send(all: Array("still here".utf8))
        #expect(try ends.channel.receive(10) == Array("still here".utf8))
        listener.applyTLS(nil)
        try ends.client.send(all: Array("and here".utf8))
        #expect(try ends.channel.receive(8) == Array("and here".utf8))
    }

    @Test("a client that shows no certificate where one is required is told so")
    func required() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            Settings(
                tls: listenerTLS {
                    $0.clientCertificate = .required
                    $0.clientCA = authority.certificate
                }))
        let client = try TestTLS.client(
            stand.connect(), .trusting { $0.versions.most = .v12 })
        let result = try client.shakeHands()
        guard case .failed(let failure) = result else { throw Missing("an alert, not \(result)") }
        #expect(failure.words.contains("handshake failure"))
        client.socket.endWrites()
        #expect("\(try stand.nextEnd().reason)" == "CH certificate")
        #expect(!door.hasCaller)
    }

    // MARK: First bytes

    @Test("wait-for-bytes counts what was decrypted")
    func waits() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(waitForBytes: 6, tls: listenerTLS()))
        let client = try TestTLS.client(stand.connect(), .trusting()).agree()
        try client.send("GET /")
        try stand.await(.preread)
        #expect(!door.hasCaller)
        try client.send("\n and more")
        let channel = try door.accept()
        #expect(try channel.receiveText(15) == "GET /\n and more")
    }

    @Test("a client that breaks its TLS before it has said enough is not waited for")
    func breaks() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint], Settings(waitForBytes: 6, tls: listenerTLS()))
        let client = try TestTLS.client(stand.connect(), .trusting()).agree()
        try client.send("GET")
        try client.socket.send([UInt8](repeating: 0x17, count: 100))
        #expect("\(try stand.nextEnd().reason)".hasPrefix("CH "))
        #expect(!door.hasCaller)
        #expect(stand.isEverythingBack)
    }

    // MARK: The channel's side

    @Test("a channel that says it is somebody else gets no session, and the next one does")
    func wrongChannel() throws {
        let stranger = try TestAuthority("Stranger")
        let bad = try stranger.issue("bad", for: ["127.0.0.1"])
        let doors = [try TestDoor(), try TestDoor()]
        var tls = TLSChannelConfiguration(ca: authority.certificate)
        tls.versions.most = .v13
        let stand = try WorkerStand(doors.map(\.endpoint), Settings(channelTLS: tls))
        let client = try stand.connect()
        try client.send("hello")
        let first = try TestTLS.server(
            doors[0].accept(),
            TLSServer(
                TLSListenerConfiguration(certificates: [
                    CertificateConfiguration(certificate: bad.certificate, key: bad.key)
                ])))
        _ = try first.shakeHands()
        let second = try TestTLS.server(doors[1].accept(), TLSServer(listenerTLS())).agree()
        #expect(try second.receiveText(5) == "hello")
        #expect(stand.totals(0).failures == 1)
        let mishap = try #require(stand.channels[0].errors.all.first)
        #expect(mishap.cause == "certificate: unable to get local issuer certificate")
    }

    @Test("a channel that speaks no TLS fails in words")
    func plainChannel() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            Settings(channelTLS: TLSChannelConfiguration(ca: authority.certificate)))
        let client = try stand.connect()
        let channel = try door.accept()
        try channel.send("220 mail.example ESMTP\r\n")
        _ = try? client.receiveToEnd()
        #expect("\(try stand.nextEnd().reason)" == "SC tls")
        #expect(stand.channels[0].errors.all.first?.cause == "tls: it is not TLS")
    }

    @Test("a channel that is silent in the handshake has the time of a connect")
    func silentChannel() throws {
        let door = try TestDoor()
        var timeouts = Timeouts()
        timeouts.connect = .milliseconds(50)
        let stand = try WorkerStand(
            [door.endpoint],
            Settings(
                timeouts: timeouts,
                channelTLS: TLSChannelConfiguration(ca: authority.certificate)))
        let client = try stand.connect()
        let channel = try door.accept()
        _ = try? client.receiveToEnd()
        #expect("\(try stand.nextEnd().reason)" == "SC timeout")
        _ = channel
    }

    @Test("a channel that wants a certificate of ours and gets none says so in its detail")
    func refusedByChannel() throws {
        let door = try TestDoor()
        let stand = try WorkerStand(
            [door.endpoint],
            Settings(channelTLS: TLSChannelConfiguration(ca: authority.certificate)))
        let client = try stand.connect()
        let channel = try TestTLS.server(
            door.accept(),
            TLSServer(
                listenerTLS {
                    $0.clientCertificate = .required
                    $0.clientCA = authority.certificate
                }))
        guard case .failed = try channel.shakeHands() else { throw Missing("a refusal") }
        #expect(try client.receiveToEndOrReset() != .nothing)
        // In TLS 1.3 its word comes when we have agreed already.
        #expect("\(try stand.nextEnd().reason)" == "SD tls")
        #expect(
            stand.channels[0].errors.all.first?.cause == "tls: tlsv13 alert certificate required")
    }
}

extension TestEnd {
    /// How the stream ends, whatever comes before.
    func receiveToEndOrReset() throws -> TestSocket.Received {
        while true {
            switch receiveSome(65_536) {
            case .bytes: continue
            case .nothing:
                guard Wait.poll(number, POLLIN) != nil else { throw Missing("the end") }
            case let other: return other
            }
        }
    }
}
