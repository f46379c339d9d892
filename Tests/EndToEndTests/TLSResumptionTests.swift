import Foundation
import Shared
import TestAuthority
import Testing

extension EndToEnd {
    /// How long a client that was verified once may come again without being verified.
    @Suite("TLS resumption", .tags(.realProgram), .enabled(if: Program.exist("openssl")))
    struct TLSResumptionTests {
        let authority: TestAuthority
        let directory: TemporaryDirectory
        private let server: TestAuthority.Issued

        init() throws {
            authority = try TestAuthority()
            directory = try TemporaryDirectory()
            server = try authority.server("server")
        }

        private static let versions = ["-tls1_2", "-tls1_3"]

        private func services(_ tls: String) throws -> (String, LocalChannel) {
            let channel = try LocalChannel.farewell("A")
            let listen =
                "[{ address: \"127.0.0.1:0\", tls: { certificate: \(server.both), client-ca: \(authority.certificate), client-certificate: required, \(tls) } }]"
            return ("- { listen: \(listen), channels: [\"\(channel.endpoint)\"] }", channel)
        }

        /// Comes with the session of the time before, and keeps the new one.
        private func come(
            _ port: UInt16, _ version: String, _ client: TestAuthority.Issued, again: Bool = true,
            _ options: [String] = []
        ) throws -> (output: String, status: Int) {
            let file = directory("session")
            let session = (again ? ["-sess_in", file] : []) + ["-sess_out", file]
            return try TLSPeerClient.run(
                port,
                [version, "-ign_eof", "-cert", client.certificate, "-key", client.key] + session
                    + options, in: directory)
        }

        @Test(
            "it ends with the client’s certificate, however often it was renewed",
            arguments: versions)
        func expiry(version: String) throws {
            let (services, channel) = try services("ticket-lifetime: 1h")
            try withDaemon(services) { daemon in
                let port = try daemon.port()
                let client = try authority.issue("client", seconds: 8)
                #expect(try come(port, version, client, again: false).output.contains("\nNew, TLS"))
                #expect(try come(port, version, client).output.contains("\nReused, TLS"))
                try eventually("the end of the certificate") {
                    let (output, status) = try come(port, version, client)
                    return status != 0 && output.contains("certificate expired")
                }
            }
            withExtendedLifetime(channel) {}
        }

        @Test("it ends when a list takes the certificate back", arguments: versions)
        func revocation(version: String) throws {
            let client = try authority.issue("client")
            let (services, channel) = try services("crl: \(try authority.revocations())")
            try withDaemon(services) { daemon in
                let port = try daemon.port()
                #expect(try come(port, version, client, again: false).output.contains("\nNew, TLS"))
                #expect(try come(port, version, client).output.contains("\nReused, TLS"))
                try authority.revoke(client)
                _ = try authority.revocations()
                _ = try daemon.ask("reload")
                let (output, status) = try come(port, version, client)
                #expect(status != 0 && output.contains("certificate revoked"), "\(output)")
            }
            withExtendedLifetime(channel) {}
        }

        @Test("without tickets there is nothing to resume: no session is kept by its number")
        func noTickets() throws {
            let client = try authority.issue("client")
            let (services, channel) = try services("ticket-lifetime: 1h")
            try withDaemon(services) { daemon in
                let (output, status) = try come(
                    daemon.port(), "-tls1_2", client, again: false, ["-no_ticket"])
                #expect(status == 0 && output.contains("\nNew, TLS"), "\(output)")
                #expect(output.contains("Session-ID: \n"), "\(output)")
                #expect(!FileManager.default.fileExists(atPath: directory("session")))
            }
            withExtendedLifetime(channel) {}
        }
    }
}
