import Foundation
import Shared
import TestAuthority
import Testing

extension EndToEnd {
    /// What those say of a listener with defaults who look for weaknesses.
    @Suite("TLS scanners", .tags(.realProgram), .timeLimit(.minutes(15)))
    struct TLSScannerTests {
        let authority: TestAuthority
        let directory: TemporaryDirectory

        init() throws {
            authority = try TestAuthority()
            directory = try TemporaryDirectory()
        }

        private func services() throws -> String {
            let rsa = try authority.server("rsa", key: .rsa)
            let ec = try authority.server("ec")
            let channel = try LocalChannel.echo()
            return """
                - listen: [{ address: "127.0.0.1:0", tls: { certificates: [\(rsa.both), \(ec.both)] } }]
                  channels: ["\(channel.endpoint)"]
                """
        }

        /// What comes from an authority that was made a moment ago, and says nothing of the listener.
        private static let ofAuthority: Set<String> = [
            // It has no address to ask for what is revoked.
            "cert_revocation", "cert_crlDistributionPoints", "cert_ocspURL",
            // No name of the certificate is in anybody's DNS.
            "DNS_CAArecord",
        ]

        @Test(
            "testssl.sh finds nothing of severity MEDIUM or worse",
            .enabled(if: Program.exist("testssl")))
        func testssl() throws {
            try withDaemon(services()) { daemon in
                let port = try daemon.port()
                // At the same time, as they mostly wait.
                let halves = try [["-p", "-s", "-f", "-P", "-S"], ["-U"]].enumerated().map {
                    index, checks in
                    (
                        try Program(
                            [
                                "testssl", "--warnings", "off", "--color", "0", "--nodns", "none",
                                "--ip", "127.0.0.1", "--add-ca", authority.certificate,
                                "--jsonfile", directory("found-\(index).json"),
                            ] + checks + ["localhost:\(port)"], in: directory),
                        directory("found-\(index).json")
                    )
                }
                for (program, file) in halves {
                    _ = try program.waitForEnd(within: .seconds(800))
                    let findings = try JSONDecoder().decode(
                        [Finding].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
                    #expect(findings.count > 10, "\(program.report)")
                    let bad = findings.filter {
                        ["MEDIUM", "HIGH", "CRITICAL", "FATAL"].contains($0.severity)
                            && !Self.ofAuthority.contains($0.check)
                    }
                    #expect(bad.isEmpty, "\(bad)")
                    if file.hasSuffix("0.json") {
                        #expect(
                            findings.contains {
                                $0.check == "cert_chain_of_trust" && $0.severity == "OK"
                            }, "\(program.report)")
                    }
                }
            }
        }

        private struct Finding: Decodable, CustomStringConvertible {
            var id: String
            var severity: String
            var finding: String

            /// Without the number of the certificate.
            var check: String { String(id.split(separator: " ")[0]) }
            var description: String { "\(severity) \(id): \(finding)" }
        }

        @Test(
            "sslscan sees what we say that is spoken, and nothing else",
            .enabled(if: Program.exist("sslscan")))
        func sslscan() throws {
            try withDaemon(services()) { daemon in
                let output = try Program.run(
                    ["sslscan", "--no-colour", "127.0.0.1:\(try daemon.port())"], in: directory)
                let lines = output.split(separator: "\n").map(String.init)
                for old in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"] {
                    #expect(
                        lines.contains { $0.hasPrefix(old) && $0.hasSuffix("disabled") },
                        "\(output)")
                }
                for spoken in ["TLSv1.2", "TLSv1.3"] {
                    #expect(lines.contains { $0.hasPrefix(spoken) && $0.hasSuffix(" enabled") })
                    #expect(lines.contains("\(spoken) not vulnerable to heartbleed"))
                }
                #expect(lines.contains("Server supports TLS Fallback SCSV"))
                #expect(lines.contains("Session renegotiation not supported"))
                let ciphers = lines.filter {
                    $0.hasPrefix("Accepted  ") || $0.hasPrefix("Preferred ")
                }
                #expect(ciphers.count == 9, "\(ciphers)")
                #expect(
                    ciphers.allSatisfy { line in
                        ["GCM", "CHACHA20"].contains { line.contains($0) }
                            && (line.contains("ECDHE") || line.contains("TLSv1.3"))
                    })
            }
        }
    }
}
