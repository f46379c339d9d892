import Foundation
import Shared
import Testing

extension EndToEnd {
    /// A passphrase that stands in the configuration file: used, kept, and never shown.
    @Suite("secrets", .timeLimit(.minutes(5)), .enabled(if: Program.exist("openssl")))
    struct TLSSecretTests {
        private static let passphrase = "geheim: 12345"
        private let directory: TemporaryDirectory

        init() throws {
            directory = try TemporaryDirectory()
            try Program.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-days", "2", "-subj", "/CN=localhost", "-keyout",
                    directory("both.pem"), "-out", directory("certificate.pem"), "-passout",
                    "pass:\(Self.passphrase)",
                ], in: directory)
            try directory.write(
                directory.read("both.pem") + directory.read("certificate.pem"), to: "both.pem")
        }

        private func services(_ passphrase: String) -> String {
            """
            - name: s
              listen:
              - { address: "127.0.0.1:0", tls: { certificate: "\(directory("both.pem"))", passphrase: "\(passphrase)" } }
              channels: ["127.0.0.1:9"]
            """
        }

        @Test("people never see it; save and upgrade keep it")
        func kept() throws {
            let daemon = try Daemon(services(Self.passphrase), in: directory)
            let file = directory("proxyd.yaml")
            _ = unsafe chmod(file, 0o600)
            func shown() throws -> String {
                try ["show config", "diff", "show events", "set s grace 7s", "show events"]
                    .map { try daemon.ask($0).lines.joined(separator: "\n") }
                    .joined(separator: "\n")
            }
            let before = try shown()
            #expect(before.contains("passphrase: \"(hidden)\""))
            #expect(!before.contains(Self.passphrase))
            // The next process gets it from this one, and takes the file again.
            #expect(try daemon.ask("upgrade").attributes["sessions"] != nil)
            let pid = try #require(pid_t(try daemon.ask("hello").attributes["pid"] ?? ""))
            Leftovers.add { kill(pid, SIGKILL) }
            #expect(pid != daemon.program.pid)
            #expect(try !shown().contains(Self.passphrase))
            _ = try daemon.ask("save")
            #expect(directory.read("proxyd.yaml").contains("passphrase: \"\(Self.passphrase)\""))
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try daemon.ask("reload").lines.count <= 1, "what was saved is what runs")
            // Another one is a difference that is told, and neither is.
            try directory.write(
                directory.read("proxyd.yaml").replacingOccurrences(
                    of: Self.passphrase, with: "vertraulich"), to: "proxyd.yaml")
            let difference = try daemon.ask("diff").lines.joined(separator: "\n")
            #expect(difference.contains("tls.passphrase\t(hidden)\t(hidden), another one"))
            #expect(!difference.contains("vertraulich") && !difference.contains(Self.passphrase))
            kill(pid, SIGTERM)
            #expect(try daemon.program.waitForEnd() == 0)
            #expect(!daemon.program.errors.contains(Self.passphrase), "\(daemon.program.report)")
        }

        @Test("what “show config” prints is not a file that could be used")
        func hidden() throws {
            try directory.write("services:\n" + services("(hidden)"), to: "shown.yaml")
            let check = try Program(
                [Daemon.binary, "check", directory("shown.yaml")], in: directory)
            #expect(try check.waitForEnd() == 78)
            #expect(check.errors.contains("which stands for one that was not shown"))
        }
    }
}
