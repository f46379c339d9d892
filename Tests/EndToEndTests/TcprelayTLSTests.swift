import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Those scenarios of tcprelay's reference in which clients speak TLS, and the same of lighttpd.
    @Suite("other programs' TLS", .timeLimit(.minutes(5)), .enabled(if: Program.exist("openssl")))
    struct TcprelayTLSTests {
        private let directory: TemporaryDirectory
        private static let passphrase = "geheim 12345"

        init() throws {
            directory = try TemporaryDirectory()
            try Program.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", directory("key.pem"), "-out",
                    directory("certificate.pem"), "-passout", "pass:\(Self.passphrase)",
                ], in: directory)
        }

        /// A key in the clear, behind its certificate.
        private func joined() throws -> String {
            let key = try Program.run(
                [
                    "openssl", "pkey", "-in", directory("key.pem"), "-passin",
                    "pass:\(Self.passphrase)",
                ], in: directory)
            return try directory.write(directory.read("certificate.pem") + key, to: "both.pem")
        }

        private func tcprelay(_ relay: String, _ spawnd: String) throws -> RelayDialect {
            try directory.write(
                "id = spawnd { \(spawnd) }\nid = tcprelay { \(relay) }\n", to: "tcprelay.cfg")
            return RelayDialect(["tcprelay", directory("tcprelay.cfg")], in: directory)
        }

        private func remote(_ channel: LocalChannel) -> String {
            "remote = { address = 127.0.0.1 port = \(channel.endpoint.port) }"
        }

        /// What comes of a client that speaks TLS and verifies: the first byte, and who was shown.
        private func secureLetter(_ port: UInt16) throws -> String {
            let client = try Program(
                [
                    "openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-quiet",
                    "-verify_return_error", "-CAfile", directory("certificate.pem"),
                    "-servername", "localhost", "-verify_hostname", "localhost",
                ], in: directory)
            try eventually("something comes through TLS, or an end") {
                !client.output.isEmpty || !client.isRunning
            }
            let output = client.output
            if client.isRunning { try client.stop(with: SIGKILL) }
            return output.isEmpty ? client.report : output
        }

        @Test("tcprelay 20: the key is in the certificate's file")
        func oneFile() throws {
            let channel = try LocalChannel.letter("A")
            let dialect = try tcprelay(
                "tls cert-file = \(try joined()) " + remote(channel),
                "listen = { address = 127.0.0.1 port = 0 tls = yes }")
            try dialect.run { daemon throws in
                #expect(try secureLetter(try daemon.port()) == "A")
            }
        }

        @Test("tcprelay 2: of three listeners one has TLS, and plain ones stay plain")
        func sample() throws {
            let channel = try LocalChannel.letter("A")
            let dialect = try tcprelay(
                """
                retire = 1000 \(remote(channel))
                ssl cert = \(directory("certificate.pem")) ssl key-file = \(directory("key.pem"))
                ssl passphrase = "\(Self.passphrase)"
                """,
                """
                listen = { address = 127.0.0.1 port = 0 } listen = { ::1 port = 0 }
                listen = { address = 127.0.0.1 port = 0 tls }
                """)
            try dialect.run { daemon throws in
                #expect(try daemon.letter(listener: 0) == "A")
                #expect(try daemon.letter(listener: 1) == "A")
                #expect(try secureLetter(try daemon.port(2)) == "A")
                // Who does not speak TLS there gets nothing that is the channel's.
                let client = try daemon.client(2)
                try client.send("not TLS\r\n")
                client.shutDownWrites()
                #expect(try !client.receiveAll().bytes.contains(UInt8(ascii: "A")))
                client.close()
                let lines = try daemon.ask("show config").lines
                #expect(lines.contains { $0.contains("passphrase: \"(hidden)\"") })
                #expect(!lines.joined().contains(Self.passphrase))
                #expect(!daemon.program.errorsSoFar.contains(Self.passphrase))
            }
        }

        @Test("a passphrase that is wrong is told, and not repeated")
        func wrongPassphrase() throws {
            let channel = try LocalChannel.letter("A")
            let dialect = try tcprelay(
                """
                \(remote(channel)) tls certfile = \(directory("certificate.pem"))
                tls keyfile = \(directory("key.pem")) tls passphrase = vertraulich
                """, "listen = { address = 127.0.0.1 port = 0 tls = yes }")
            let (status, program) = try dialect.end()
            #expect(status == 78)
            #expect(program.errors.contains("the passphrase is wrong"), "\(program.report)")
            #expect(!program.report.contains("vertraulich"))
        }

        @Test("lighttpd: ssl.engine of a socket")
        func lighttpd() throws {
            let channel = try LocalChannel.letter("B")
            let ports = try [Program.freePort(), Program.freePort()]
            try directory.write(
                """
                server.modules = ( "mod_sockproxy", "mod_openssl" )
                sockproxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => \(channel.endpoint.port) ) ) )
                server.bind = "127.0.0.1"
                server.port = \(ports[0])
                $SERVER["socket"] == "127.0.0.1:\(ports[1])" {
                  ssl.engine = "enable"
                  ssl.pemfile = "\(try joined())"
                }

                """, to: "lighttpd.conf")
            let dialect = RelayDialect(
                ["sockproxy", "-D", "-f", directory("lighttpd.conf")], in: directory)
            try dialect.run { daemon throws in
                #expect(try daemon.letter() == "B")
                #expect(try secureLetter(ports[1]) == "B")
            }
        }
    }
}
