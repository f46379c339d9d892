import COpenSSL
import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// What a listener's TLS shows to whom, without a proxy between client and server.
@Suite("TLS server", .serialized, .timeLimit(.untilHung))
struct TLSServerTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func certificate(
        _ file: String, for names: [String] = [], key: TestAuthority.KeyKind = .ec
    ) throws -> CertificateConfiguration {
        let issued = try authority.issue(file, for: names, key: key)
        return CertificateConfiguration(certificate: issued.certificate, key: issued.key)
    }

    private func settings(
        _ certificates: [CertificateConfiguration],
        _ change: (inout TLSListenerConfiguration) -> Void = { _ in }
    ) -> TLSListenerConfiguration {
        var settings = TLSListenerConfiguration()
        settings.certificates = certificates
        change(&settings)
        return settings
    }

    /// Whom a client meets that asks for a name; nil: it is refused.
    private func shown(_ name: String?, by server: TLSServer) throws -> String? {
        let handshake = try TestHandshake(.trusting(name), server)
        return handshake.clientResult == .done ? handshake.shown : nil
    }

    // MARK: Names

    @Test("the certificate is chosen by the name that the client asks for")
    func names() throws {
        let server = try TLSServer(
            settings([
                certificate("first", for: ["a.example", "b.example"]),
                certificate("wild", for: ["*.wild.example", "exact.example"]),
                certificate("exact", for: ["one.wild.example"]),
                certificate("common.example"),
            ]))
        let expected: [(String?, String)] = [
            (nil, "first"), ("a.example", "first"), ("B.Example", "first"),
            ("x.wild.example", "wild"), ("X.WILD.example", "wild"), ("exact.example", "wild"),
            ("one.wild.example", "exact"),
            // One label, no more and no less (RFC 6125).
            ("wild.example", "first"), ("x.y.wild.example", "first"),
            // Of a certificate without names the common name.
            ("common.example", "common.example"),
            ("nobody.example", "first"), ("*.wild.example", "wild"),
        ]
        for (name, subject) in expected {
            #expect(try shown(name, by: server) == subject, "\(name ?? "no name")")
        }
    }

    @Test("a client that asks for nobody's name is refused where that is asked for")
    func refuses() throws {
        let server = try TLSServer(
            settings([certificate("a", for: ["a.example"])]) { $0.unknownName = .refuse })
        #expect(try shown("a.example", by: server) == "a")
        #expect(try shown(nil, by: server) == "a")
        let handshake = try TestHandshake(.trusting("b.example"), server)
        #expect(
            handshake.clientResult
                == .failed(TLSFailure(words: "tlsv1 unrecognized name")))
        #expect(handshake.serverResult != .done)
    }

    @Test("names that the configuration gives stand for those that the certificate says")
    func given() throws {
        var given = try certificate("given", for: ["said.example"])
        given.names = ["*.given.example"]
        let server = try TLSServer(
            settings([certificate("first", for: ["first.example"]), given]))
        #expect(try shown("x.given.example", by: server) == "given")
        #expect(try shown("said.example", by: server) == "first")
    }

    @Test(
        "of two kinds of keys for the same names a client gets the one that it knows, and its staple"
    )
    func kinds() throws {
        var ec = try certificate("ec", for: ["a.example"])
        var rsa = try certificate("rsa", for: ["a.example"], key: .rsa)
        ec.staple = try authority.staple(for: ec.certificate)
        rsa.staple = try authority.staple(for: rsa.certificate)
        let server = try TLSServer(
            settings([certificate("other", for: ["o.example"]), ec, rsa]))
        for (ciphers, subject) in [
            ("ECDHE-ECDSA-AES128-GCM-SHA256", "ec"), ("ECDHE-RSA-AES128-GCM-SHA256", "rsa"),
        ] {
            let client = try TLSClient.trusting("a.example") {
                $0.versions.most = .v12
                $0.ciphers.ciphers = ciphers
            }
            let handshake = try TestHandshake(client, server)
            try handshake.finish()
            #expect(handshake.shown == subject)
            #expect(handshake.server.tls.cipher == ciphers)
            #expect(handshake.server.tls.version == "TLSv1.2")
        }
        #expect(try shown("a.example", by: server) == "ec")
    }

    @Test("a second certificate of the same kind for the same names is a mistake")
    func twice() throws {
        let twice = try settings([
            certificate("a", for: ["a.example"]), certificate("b", for: ["a.example"]),
        ])
        #expect(throws: TLSError.self) { try TLSServer(twice) }
    }

    @Test("a client whose first guess at the exchange of keys is none of ours is asked again")
    func again() throws {
        let server = try TLSServer(
            settings([
                certificate("first", for: ["a.example"]), certificate("b", for: ["b.example"]),
            ]))
        for name in ["a.example", "b.example"] {
            let client = try TLSClient.trusting(name) { $0.ciphers.curves = "P-521:X25519" }
            let handshake = try TestHandshake(client, server)
            #expect(handshake.clientResult == .done)
            #expect(handshake.shown == (name == "a.example" ? "first" : "b"))
        }
    }

    // MARK: What is spoken within

    @Test("ALPN: our order counts, nothing in common is refused, silence is not")
    func alpn() throws {
        let server = try TLSServer(
            settings([certificate("a", for: ["a.example"])]) { $0.alpn = ["h2", "http/1.1"] })
        func chosen(_ offered: [String]) throws -> (TLSConnection.Handshake, [UInt8]?) {
            let client = try TLSClient.trusting { $0.alpn = .list(offered) }
            let handshake = try TestHandshake(client, server)
            #expect(handshake.client.tls.alpn == handshake.server.tls.alpn)
            return (handshake.clientResult, handshake.server.tls.alpn)
        }
        #expect(try chosen(["http/1.1", "h2"]).1 == Array("h2".utf8))
        #expect(try chosen(["x", "http/1.1"]).1 == Array("http/1.1".utf8))
        let silent = try chosen([])
        #expect(silent.0 == .done && silent.1 == nil)
        let other = try chosen(["smtp"])
        #expect(
            other.0 == .failed(TLSFailure(words: "tlsv1 alert no application protocol")))
        #expect(TLSContext.wire(["h2", "http/1.1"]) == [2, 104, 50, 8] + Array("http/1.1".utf8))
        #expect(TLSContext.wire([]) == [])
    }

    @Test("versions that are not spoken are refused", arguments: [false, true])
    func versions(newest: Bool) throws {
        let server = try TLSServer(
            settings([certificate("a")]) {
                if newest { $0.versions.least = .v13 } else { $0.versions.most = .v12 }
            })
        let old = try TestHandshake(.trusting { $0.versions.most = .v12 }, server)
        let new = try TestHandshake(.trusting { $0.versions.least = .v13 }, server)
        #expect((old.clientResult == .done) == !newest)
        #expect((new.clientResult == .done) == newest)
        if newest { #expect(new.server.tls.version == "TLSv1.3") }
    }

    // MARK: Coming again

    /// Whether a client that was there before is known again, in one version or the other.
    private func resumes(
        _ client: TLSClient, _ first: TLSServer, _ second: TLSServer
    ) throws -> Bool {
        try TestHandshake(client, first, resumes: true).finish()
        let again = try TestHandshake(client, second, resumes: true)
        try again.finish()
        #expect(again.client.tls.isResumed == again.server.tls.isResumed)
        return again.server.tls.isResumed
    }

    @Test(
        "a client that comes again needs no full handshake, over a change of certificates, too",
        arguments: TLSVersions.Version.allCases)
    func tickets(version: TLSVersions.Version) throws {
        let old = try TLSServer(
            settings([
                certificate("a", for: ["a.example"]), certificate("b", for: ["b.example"]),
            ]))
        let new = try TLSServer(
            settings([
                certificate("a", for: ["a.example"]), certificate("b", for: ["b.example"]),
            ]), after: old)
        let stranger = try TLSServer(settings([certificate("c", for: ["a.example"])]))
        func client(_ name: String = "a.example") throws -> TLSClient {
            try .trusting(name) { ($0.versions.least, $0.versions.most) = (version, version) }
        }
        #expect(try resumes(client(), old, old))
        #expect(try resumes(client(), old, new))
        #expect(try resumes(client("b.example"), old, new))
        #expect(try !resumes(client(), old, stranger))
        // As often as it likes.
        let often = try client()
        for round in 0..<4 {
            let handshake = try TestHandshake(often, old, resumes: true)
            try handshake.finish()
            #expect(handshake.server.tls.isResumed == (round > 0), "\(round)")
        }
        let without = try TLSServer(
            settings([certificate("a", for: ["a.example"])]) { $0.tickets = false })
        #expect(try !resumes(client(), without, without))
        let listener = settings([try certificate("a", for: ["a.example"])])
        let other = try TLSServer(listener, TLSFiles(of: listener), group: "other", after: old)
        #expect(try !resumes(client(), old, other))
    }

    @Test(
        "who was let in by other rules has to show again who he is",
        arguments: TLSVersions.Version.allCases)
    func rules(version: TLSVersions.Version) throws {
        let own = try certificate("a")
        let old = try TLSServer(settings([own]))
        let new = try TLSServer(
            settings([own]) {
                $0.clientCertificate = .optional
                $0.clientCA = authority.certificate
            }, after: old)
        let client = try TLSClient.trusting {
            ($0.versions.least, $0.versions.most) = (version, version)
        }
        #expect(try !resumes(client, old, new))
    }

    @Test("a ticket is good for one lifetime of its key at least, and for no more than two")
    func rotation() throws {
        let tickets = try TLSTickets(lifetime: .seconds(1))
        #expect(tickets.lifetime == 1)
        let server = try TLSServer(
            settings([certificate("a")]) { $0.ticketLifetime = .seconds(1) })
        let client = try TLSClient.trusting { $0.versions.most = .v12 }
        try TestHandshake(client, server, resumes: true).finish()
        var resumed = 0
        // The client asks with the same ticket until it is not understood any more.
        try Wait.until("the end of a ticket") {
            let again = try TestHandshake(client, server, resumes: true)
            try again.finish()
            if again.server.tls.isResumed { resumed += 1 }
            return !again.server.tls.isResumed
        }
        #expect(resumed > 0)
    }

    @Test(
        "a ticket that is renewed lives no longer than the first one",
        arguments: TLSVersions.Version.allCases)
    func renewal(version: TLSVersions.Version) throws {
        let server = try TLSServer(
            settings([certificate("a")]) { $0.ticketLifetime = .seconds(2) })
        let client = try TLSClient.trusting {
            ($0.versions.least, $0.versions.most) = (version, version)
        }
        try TestHandshake(client, server, resumes: true).finish()
        var resumed = 0
        try Wait.until("a full handshake") {
            let again = try TestHandshake(client, server, resumes: true)
            try again.finish()
            if again.server.tls.isResumed { resumed += 1 }
            return !again.server.tls.isResumed
        }
        #expect(resumed > 0)
    }

    // MARK: Who comes

    @Test("clients' certificates", arguments: TLSVersions.Version.allCases)
    func clients(version: TLSVersions.Version) throws {
        let stranger = try TestAuthority("Stranger")
        let below = try TestAuthority("Below", below: authority)
        let revoked = try authority.issue("revoked")
        try authority.revoke(revoked)
        let crl = try authority.revocations()
        let own = try certificate("server")
        func server(_ wish: ClientCertificate) throws -> TLSServer {
            try TLSServer(
                settings([own]) {
                    $0.clientCertificate = wish
                    if wish != .none {
                        ($0.clientCA, $0.revoked) = (authority.certificate, crl)
                    }
                })
        }
        func result(_ issued: TestAuthority.Issued?, _ wish: ClientCertificate) throws -> String {
            let client = try TLSClient.trusting {
                ($0.versions.least, $0.versions.most) = (version, version)
                $0.certificate = issued.map {
                    CertificateConfiguration(certificate: $0.certificate, key: $0.key)
                }
            }
            let handshake = try TestHandshake(client, server(wish))
            switch handshake.serverResult {
            case .done: return handshake.server.tls.subject?.whole ?? "nobody"
            case .failed(let failure):
                #expect(failure.isCertificate)
                return failure.words
            case let other: return "\(other)"
            }
        }
        let good = try authority.issue("good", subject: "/O=Org/OU=a,b/CN=good")
        #expect(try result(good, .none) == "nobody")
        #expect(try result(nil, .optional) == "nobody")
        #expect(try result(good, .optional) == "CN=good,OU=a\\,b,O=Org")
        #expect(try result(good, .required) == "CN=good,OU=a\\,b,O=Org")
        #expect(try result(nil, .required) == "peer did not return a certificate")
        let expired = try authority.issue("expired", isExpired: true)
        #expect(try result(expired, .optional) == "certificate has expired")
        #expect(try result(revoked, .required) == "certificate revoked")
        #expect(
            try result(stranger.issue("stranger"), .required)
                == "unable to get local issuer certificate")
        #expect(
            try result(stranger.issueSelfSigned("self", for: ["x"]), .required)
                == "self-signed certificate")
        // Its authority's own list is missing: nobody knows whether it is revoked.
        #expect(try result(below.issue("below"), .required) == "unable to get certificate CRL")
    }

    @Test(
        "handshakes have places, which all come back; without one a newcomer gets that of the slowest"
    )
    func places() throws {
        let server = try TLSServer(settings([certificate("a")]) { $0.maxHandshakes = 2 })
        let pairs = try (0..<3).map { _ in try TestSocket.pair(.unix) }
        func come(_ index: Int) throws -> (tls: TLSConnection, evicted: HandshakeTable.Holder?) {
            try server.connection(
                on: pairs[index].1.number, from: .local(1),
                for: HandshakeTable.Holder(worker: index, token: Token(.client)))
        }
        var one: TLSConnection? = try come(0).tls
        let two = try come(1)
        #expect(two.evicted == nil)
        #expect(server.handshakeCount == 2)
        let three = try come(2)
        #expect(three.evicted?.worker == 0)
        #expect(server.handshakeCount == 2)
        // Its place was not its own any more.
        withExtendedLifetime(one) {}
        one = nil
        #expect(server.handshakeCount == 2)
        withExtendedLifetime((two, three)) {}
    }

    @Test("a flood of changes of keys, which are free to send, does not keep a thread busy")
    func flood() throws {
        let server = try TLSServer(settings([certificate("a")]))
        let handshake = try TestHandshake(.trusting(), server, over: .tcp)
        try handshake.finish()
        func change(_ count: Int) {
            for _ in 0..<count {
                _ = unsafe SSL_key_update(handshake.client.tls.ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
                guard unsafe SSL_do_handshake(handshake.client.tls.ssl) == 1 else { return }
            }
        }
        change(1000)
        try handshake.client.send("hello")
        #expect(try handshake.server.receiveText(5) == "hello")
        change(20_000)
        #expect(handshake.server.receiveSome() == .failed(TLSConnection.isBroken))
        #expect(handshake.server.tls.problem == "too much comes without a byte in it")
    }
}
