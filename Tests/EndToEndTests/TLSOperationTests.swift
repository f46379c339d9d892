import CLinux
import Foundation
import Shared
import TestAuthority
import Testing

extension EndToEnd {
    /// TLS as an operator meets it: mistakes at the start, certificates that are renewed, secrets that stay secret.
    @Suite("TLS in operation", .tags(.realProgram), .enabled(if: Program.exist("openssl")))
    struct TLSOperationTests {
        let authority: TestAuthority
        let directory: TemporaryDirectory
        static let secret = "open-sesame-4711"

        init() throws {
            authority = try TestAuthority()
            directory = try TemporaryDirectory()
        }

        private func services(_ tls: String, _ channel: Endpoint) -> String {
            """
            - name: s
              listen: [{ name: l, address: "127.0.0.1:0", tls: { \(tls) } }]
              groups: [{ name: g, channels: ["\(channel)"] }]
            """
        }

        private func file(_ tls: String, _ channel: Endpoint) throws -> String {
            try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                services:
                \(services(tls, channel))
                """, to: "proxyd.yaml")
        }

        @Test(
            "what is wrong with files is said by check and at the start, with exit status 78 and no secret"
        )
        func mistakes() throws {
            let channel = try LocalChannel.letter("A")
            let locked = try authority.issue("locked", passphrase: Self.secret)
            let other = try authority.issue("other")
            let none = authority("none.pem")
            let empty = try authority.write("", to: "empty.pem")
            let cases = [
                ("certificate: \(none)", "certificate \(none): there is no such file"),
                ("certificate: \(empty)", "certificate \(empty): the file is empty"),
                (
                    "certificate: \(locked.certificate), key: \(locked.key), passphrase: wrong-\(Self.secret)",
                    "key \(locked.key): the passphrase is wrong"
                ),
                (
                    "certificate: \(locked.certificate), key: \(locked.key)",
                    "key \(locked.key): it is encrypted; say the passphrase (passphrase-file, passphrase-env or passphrase)"
                ),
                (
                    "certificate: \(locked.certificate), key: \(other.key)",
                    "key \(other.key): it is not the key of the certificate \(locked.certificate)"
                ),
                (
                    "certificate: \(other.both), client-certificate: required, client-ca: \(other.key)",
                    "client-ca \(other.key): no certificate in it, or a broken one"
                ),
            ]
            for (tls, words) in cases {
                let path = try file(tls, channel.endpoint)
                for command in ["check", "run"] {
                    let program = try Program([Daemon.binary, command, path], in: directory)
                    #expect(try program.waitForEnd() == 78, "\(program.report)")
                    #expect(
                        program.errors.contains("listener s/l: \(words)"),
                        "\(command): \(program.report)")
                    #expect(!program.report.contains(Self.secret))
                }
            }
            let good = try file(
                "certificate: \(locked.certificate), key: \(locked.key), passphrase-env: PASSPHRASE",
                channel.endpoint)
            let program = try Program(
                [Daemon.binary, "check", good], in: directory,
                environment: ["PASSPHRASE": Self.secret])
            #expect(try program.waitForEnd() == 0, "\(program.report)")
            #expect(!program.report.contains(Self.secret))
        }

        @Test(
            "a reload takes a renewed certificate while sessions go on; a broken one changes nothing"
        )
        func reload() throws {
            let channel = try LocalChannel.echo()
            let certificate = try authority.server("server")
            try withDaemon(services("certificate: \(certificate.both)", channel.endpoint)) {
                daemon in
                let port = try daemon.port()
                func shown() throws -> String? {
                    try TLSPeerClient.shown(port, "x.example", in: directory)
                }
                let client = try TLSTalkingClient(port, in: directory)
                try client.say("before")
                try client.expect("before\n")
                #expect(try shown() == "server")
                #expect(try daemon.ask("reload").attributes["certificates"] == "-")
                _ = try authority.issue(
                    "server", for: ["127.0.0.1"], subject: "/CN=renewed")
                let reply = try daemon.ask("reload")
                #expect(reply.attributes["certificates"] == "s/l")
                #expect(try shown() == "renewed")
                try client.say("after")
                try client.expect("after\n")
                // The key of another one, as when only one of two files was copied.
                let whole = try authority.read("server.both")
                try authority.write(
                    authority.read("server.pem") + authority.read("ca.key"), to: "server.both")
                let words =
                    "listener s/l: key \(certificate.both): it is not the key of the certificate \(certificate.both)"
                guard
                    case .error(_, let message) = try ControlClient(path: daemon.controlPath)
                        .ask("reload")
                else {
                    Issue.record("it was taken")
                    return
                }
                #expect(message == words)
                kill(daemon.program.pid, SIGHUP)
                try daemon.waitForLine(words)
                #expect(try shown() == "renewed")
                try client.say("still")
                try client.expect("still\n")
                try authority.write(whole, to: "server.both")
                #expect(try daemon.ask("reload").attributes["certificates"] == "-")
                try client.end()
                _ = try client.program.waitForEnd()
            }
        }

        @Test("an upgrade leaves TLS sessions with the old process until they end")
        func upgrade() throws {
            let channel = try LocalChannel.echo()
            let certificate = try authority.server("server")
            let binary = directory("proxyd")
            try FileManager.default.createSymbolicLink(
                atPath: binary, withDestinationPath: Daemon.binary)
            let daemon = try Daemon(
                arguments: [
                    "run", "--drain", "0s",
                    file("certificate: \(certificate.both)", channel.endpoint),
                ], binary: binary, in: directory)
            let port = try daemon.port()
            let client = try TLSTalkingClient(port, in: directory)
            try client.say("before")
            try client.expect("before\n")
            let old = try daemon.ask("hello").attributes["pid"]
            let reply = try daemon.ask("upgrade 20s").attributes
            #expect(reply["left"] == "1" && reply["sessions"] == "0", "\(reply)")
            #expect(try daemon.ask("hello").attributes["pid"] != old)
            try client.say("after")
            try client.expect("after\n")
            let next = try TLSTalkingClient(port, in: directory)
            try next.say("newcomer")
            try next.expect("newcomer\n")
            #expect(try daemon.sessions().count == 1)
            for client in [client, next] {
                try client.end()
                #expect(try client.program.waitForEnd() == 0)
            }
            try daemon.waitUntilNoSessions()
            try daemon.stop()
        }

        @Test(
            "who was started first learns how the daemon ends, however long a session has kept it")
        func upgradeTwice() throws {
            let channel = try LocalChannel.echo()
            let certificate = try authority.server("server")
            let daemon = try Daemon(services("certificate: \(certificate.both)", channel.endpoint))
            let client = try TLSTalkingClient(daemon.port(), in: directory)
            try client.say("before")
            try client.expect("before\n")
            #expect(try daemon.ask("upgrade 60s").attributes["left"] == "1")
            // The second one goes, and leaves the third one to the first.
            let third = try #require(try daemon.ask("upgrade 60s").attributes["pid"])
            try daemon.waitForLine("ended: process \(third) is the daemon")
            try client.say("after")
            try client.expect("after\n")
            try client.end()
            #expect(try client.program.waitForEnd() == 0)
            try daemon.stop()
        }

        @Test("a dump has what is said inside TLS")
        func dump() throws {
            let channel = try LocalChannel.echo()
            let certificate = try authority.server("server")
            try withDaemon(services("certificate: \(certificate.both)", channel.endpoint)) {
                daemon in
                let client = try TLSTalkingClient(daemon.port(), in: directory)
                try client.say("before")
                try client.expect("before\n")
                let id = try #require(try daemon.sessions().first?.id)
                let dump = try Program(
                    [
                        Daemon.binary, "ctl", "--socket", daemon.controlPath, "dump", "\(id)",
                        "text",
                    ], in: TemporaryDirectory())
                try daemon.waitForLine(" begins: by ")
                try client.say("inside")
                try client.expect("inside\n")
                try client.end()
                #expect(try client.program.waitForEnd() == 0)
                #expect(try dump.waitForEnd() == 0)
                #expect(dump.output.contains("-> 7\ninside\\0A\n\n-< 7\ninside\\0A\n\n"))
                #expect(!dump.output.contains("before"))
                #expect(dump.errors.contains("14 bytes shown, 0 not shown"))
            }
        }

        @Test("passphrase and key are nowhere to be read, and no core file would have them")
        func secrets() throws {
            let channel = try LocalChannel.farewell("A")
            let locked = try authority.issue(
                "locked", for: ["127.0.0.1"], passphrase: Self.secret)
            let tls =
                "certificate: \(locked.certificate), key: \(locked.key), passphrase: \(Self.secret)"
            let daemon = try LoggedDaemon(
                services(tls, channel.endpoint),
                log: "{ access: { target: LOG/access.log, format: json } }",
                in: directory)
            let ours = daemon.daemon
            let port = try ours.port()
            let (output, _) = try TLSPeerClient.run(port, ["-quiet"], in: directory)
            #expect(output.contains("A"))
            _ = try? TLSPeerClient.run(port, ["-tls1"], in: directory)
            var told = ""
            for question in [
                "show config", "diff", "show listeners", "show channels", "show events", "reload",
                "metrics", "describe", "show sessions", "show limits",
            ] {
                told += try ours.ask(question).lines.joined(separator: "\n")
            }
            // Another one, so that something is to be told of it.
            let text = directory.read("proxyd.yaml")
                .replacingOccurrences(of: Self.secret, with: "wrong-\(Self.secret)")
            try directory.write(text, to: "proxyd.yaml")
            told += try ours.ask("diff").lines.joined(separator: "\n")
            guard
                case .error(_, let message) = try ControlClient(path: ours.controlPath).ask(
                    "reload")
            else {
                Issue.record("a wrong passphrase was taken")
                return
            }
            told += message
            #expect(told.contains("(hidden)"))
            kill(ours.program.pid, SIGUSR1)
            try ours.waitForLine("listener s/l")
            told += ours.program.errorsSoFar + ours.program.output + directory.read("access.log")
            #expect(!told.contains(Self.secret))
            let key = try authority.read("locked.key").split(separator: "\n")
            #expect(!key.dropFirst().dropLast().contains { told.contains($0) })
            // PR_SET_DUMPABLE: what is below /proc belongs to root, whoever runs it, and limits say
            // so for a core file.
            let status = try String(
                contentsOfFile: "/proc/\(ours.program.pid)/status", encoding: .utf8)
            #expect(status.contains("CoreDumping:\t0"))
            try ours.stop()
        }

        @Test(
            "whoever runs it cannot look into it",
            .enabled(if: geteuid() == 0, "takes another user"))
        func dumpable() throws {
            let channel = try LocalChannel.letter("A")
            let certificate = try authority.server("server")
            #expect(unsafe chown(directory.path, 65534, 65534) == 0)
            _ = unsafe chmod(authority.folder, 0o755)
            _ = unsafe chmod(certificate.both, 0o644)
            let daemon = try Daemon(
                services("certificate: \(certificate.both)", channel.endpoint),
                prefix: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
                in: directory)
            var owner = stat()
            #expect(unsafe stat("/proc/\(daemon.program.pid)/environ", &owner) == 0)
            // The files of a process that may be dumped are its user's own (proc(5)).
            #expect(owner.st_uid == 0)
            try daemon.stop()
        }
    }
}
