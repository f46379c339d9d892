import Glibc
import Shared
import TestAuthority
import Testing

@testable import proxyd

/// Whom we believe, without a proxy between client and server.
@Suite("TLS client", .serialized, .timeLimit(.untilHung))
struct TLSClientTests {
    let authority: TestAuthority

    init() throws { authority = try TestAuthority() }

    private func server(_ issued: TestAuthority.Issued) throws -> TLSServer {
        try TLSServer(
            TLSListenerConfiguration(certificates: [
                CertificateConfiguration(certificate: issued.certificate, key: issued.key)
            ]))
    }

    /// `done`, or why not.
    private func words(
        _ host: String?, _ server: TLSServer,
        _ change: (inout TLSChannelConfiguration) -> Void = { _ in }
    ) throws -> String {
        var settings = TLSChannelConfiguration(ca: authority.certificate)
        change(&settings)
        let handshake = try TestHandshake(TLSClient(settings, host: host), server)
        switch handshake.clientResult {
        case .done: return "done"
        case .failed(let failure):
            #expect(failure.isCertificate)
            return failure.words
        case let other: return "\(other)"
        }
    }

    @Test(
        "a certificate has to be for the name or the address of the channel, or for the one given")
    func names() throws {
        let server = try server(
            authority.issue(
                "server",
                for: ["a.example", "*.w.example", "b*.part.example", "127.0.0.1", "fd00::1"],
                subject: "/CN=common.example"))
        let expected: [(String, String)] = [
            ("a.example", "done"), ("A.EXAMPLE", "done"), ("x.w.example", "done"),
            ("127.0.0.1", "done"), ("fd00::1", "done"), ("fd00:0:0::1", "done"),
            ("b.example", "hostname mismatch"), ("w.example", "hostname mismatch"),
            ("x.y.w.example", "hostname mismatch"), ("bx.part.example", "hostname mismatch"),
            // It says its names, so the common name is none of them.
            ("common.example", "hostname mismatch"),
            ("127.0.0.2", "IP address mismatch"), ("fd00::2", "IP address mismatch"),
        ]
        for (host, result) in expected { #expect(try words(host, server) == result, "\(host)") }
        #expect(try words("10.0.0.1", server) { $0.name = "a.example" } == "done")
        #expect(try words("a.example", server) { $0.name = "10.0.0.1" } == "IP address mismatch")
        #expect(try words(nil, server) { $0.name = "a.example" } == "done")
        #expect(try words("nobody.example", server) { $0.verifies = false } == "done")
    }

    @Test(
        "the name that is asked for is the one that the certificate has to be for, unless told otherwise"
    )
    func serverNames() throws {
        let server = try server(authority.issue("server"))
        func asked(
            _ host: String?, _ change: (inout TLSChannelConfiguration) -> Void
        ) throws -> String? {
            var settings = TLSChannelConfiguration()
            settings.verifies = false
            change(&settings)
            let handshake = try TestHandshake(TLSClient(settings, host: host), server)
            return handshake.server.tls.serverName
        }
        #expect(try asked("a.example") { _ in } == "a.example")
        #expect(try asked("a.example") { $0.name = "b.example" } == "b.example")
        #expect(try asked("10.0.0.1") { _ in } == nil)
        #expect(try asked("10.0.0.1") { $0.name = "b.example" } == "b.example")
        #expect(try asked("a.example") { $0.serverName = .none } == nil)
        #expect(try asked("a.example") { $0.serverName = .name("c.example") } == "c.example")
        #expect(try asked("a.example") { $0.serverName = .client } == nil)
        #expect(try asked(nil) { _ in } == nil)
    }

    @Test("those between a certificate and its authority come along, or are missing")
    func between() throws {
        let below = try TestAuthority("Below", below: authority)
        let issued = try below.issue("server", for: ["a.example"])
        #expect(try words("a.example", server(issued)) == "done")
        let alone = try below.write(below.read("server.leaf"), to: "alone.pem")
        let bare = try TLSServer(
            TLSListenerConfiguration(certificates: [
                CertificateConfiguration(certificate: alone, key: issued.key)
            ]))
        #expect(try words("a.example", bare) == "unable to get local issuer certificate")
        // One of a list of authorities is enough.
        let both = try below.write(
            below.read("ca.pem") + TestAuthority("Other").read("ca.pem")
                + authority.read("ca.pem"), to: "both.pem")
        #expect(try words("a.example", bare) { $0.ca = both } == "done")
        // With lists of the revoked there has to be one of each authority.
        try below.revoke(issued)
        let lists = try below.write(
            authority.read(path: authority.revocations())
                + below.read(path: below.revocations()), to: "lists.pem")
        #expect(
            try words("a.example", server(issued)) { $0.revoked = lists } == "certificate revoked")
        #expect(
            try words("a.example", server(issued)) { $0.revoked = authority("crl.pem") }
                == "unable to get certificate CRL")
        let other = try below.issue("other", for: ["a.example"])
        #expect(try words("a.example", server(other)) { $0.revoked = lists } == "done")
    }

    @Test(
        "a server that was verified once is verified again when its certificate has ended",
        arguments: TLSVersions.Version.allCases)
    func resumption(version: TLSVersions.Version) throws {
        let server = try server(authority.issue("server", for: ["a.example"], seconds: 4))
        var settings = TLSChannelConfiguration(ca: authority.certificate)
        (settings.versions.least, settings.versions.most) = (version, version)
        let client = try TLSClient(settings, host: "a.example")
        try TestHandshake(client, server, resumes: true).finish()
        var resumed = 0
        try Wait.until("the end of the certificate") {
            let again = try TestHandshake(client, server, resumes: true)
            guard again.clientResult == .done else {
                guard case .failed(let failure) = again.clientResult else { return false }
                #expect(failure.words == "certificate has expired")
                return true
            }
            try again.finish()
            if again.client.tls.isResumed { resumed += 1 }
            return false
        }
        #expect(resumed > 0)
    }
}
