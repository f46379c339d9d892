import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What every dialect does where the original asks nothing of the machine.
    @Suite("dialects start like their originals", .timeLimit(.minutes(5)))
    struct DialectStartTests {
        private let directory: TemporaryDirectory
        private let port: UInt16
        private let channel: LocalChannel

        init() throws {
            directory = try TemporaryDirectory()
            port = try Program.freePort()
            channel = try LocalChannel.letter("A")
        }

        private static let dialects = ["fproxy", "flopsy", "tcprelay", "sockproxy"]

        /// The words that have a dialect relay from our port to the channel.
        private func words(_ dialect: String, at host: String = "127.0.0.1") throws -> [String] {
            let bare = host.filter { $0 != "[" && $0 != "]" }
            switch dialect {
            case "fproxy": return ["-f", "\(host):\(port)", "--", "\(channel.endpoint)"]
            case "flopsy": return ["-b", "\(host):\(port)", "-H", "\(channel.endpoint)"]
            case "tcprelay":
                try directory.write(
                    """
                    id = spawnd { listen = { address = \(bare) port = \(port) } }
                    id = tcprelay {
                        remote = { address = 127.0.0.1 port = \(channel.endpoint.port) }
                    }
                    """, to: "f")
                return [directory("f")]
            default:
                try directory.write(
                    """
                    $SERVER["socket"] == "\(host):\(port)" {
                        sockproxy.server = ( "" =>
                            ( ( "host" => "127.0.0.1", "port" => \(channel.endpoint.port) ) ) )
                    }
                    """, to: "f")
                return ["-D", "-f", directory("f")]
            }
        }

        private func start(_ dialect: String, _ words: [String], control: String) throws -> Program
        {
            let program = try Program(
                [Daemon.binary, dialect] + words, in: directory,
                environment: ["PROXYD_CONTROL": control])
            try program.waitForPort(port)
            return program
        }

        @Test("the control socket's directory is made", arguments: dialects)
        func missingFolder(dialect: String) throws {
            let control = directory("new/control.sock")
            let program = try start(dialect, try words(dialect), control: control)
            #expect(try letter(at: .loopback(port: port)) == "A")
            let client = try ControlClient(path: control)
            guard case .ok = try client.ask("hello") else {
                Issue.record("the control socket does not answer")
                return
            }
            try program.stop(with: SIGINT)
        }

        @Test("a control socket that cannot be made is a warning", arguments: dialects)
        func noControl(dialect: String) throws {
            let control = directory("not/there/control.sock")
            let program = try start(dialect, try words(dialect), control: control)
            #expect(try letter(at: .loopback(port: port)) == "A")
            try program.waitForLine("there is no control socket: ")
            try program.stop(with: SIGINT)
        }

        @Test("so does the file that translate prints", arguments: dialects)
        func translation(dialect: String) throws {
            let control = directory("new/control.sock")
            let translated = try Program(
                [Daemon.binary, "translate", dialect] + (try words(dialect)), in: directory,
                environment: ["PROXYD_CONTROL": control])
            #expect(try translated.waitForEnd() == 0, "\(translated.report)")
            try directory.write(translated.output, to: "translated.yaml")
            let program = try Program(
                [Daemon.binary, "run", directory("translated.yaml")], in: directory)
            try program.waitForPort(port)
            #expect(try letter(at: .loopback(port: port)) == "A")
            #expect(FileManager.default.fileExists(atPath: control))
            try program.stop()
        }

        @Test(
            "every IPv6 address is every IPv4 address, too",
            arguments: [
                ("flopsy", "[::]"), ("flopsy", "[::0]"), ("tcprelay", "::"), ("tcprelay", "::0"),
            ])
        func bothFamilies(dialect: String, host: String) throws {
            let program = try start(
                dialect, try words(dialect, at: host), control: directory("control.sock"))
            #expect(try letter(at: .loopback(port: port)) == "A")
            #expect(try letter(at: .ip(.loopbackV6, port: port)) == "A")
            try program.stop(with: SIGINT)
        }

        @Test("fproxy -y: a client that ends early, or too late, gets the end of the stream")
        func earlyEnd() throws {
            let program = try start(
                "fproxy",
                ["-f", "-y6", "-t1", "127.0.0.1:\(port)", "--", "\(channel.endpoint)"],
                control: directory("control.sock"))
            for endsItself in [true, false] {
                let client = try Socket.connected(to: .loopback(port: port))
                try client.send("GET")
                if endsItself { client.shutDownWrites() }
                let (bytes, ending) = try client.receiveAll()
                #expect(bytes.isEmpty && ending == .endOfStream, "ends itself: \(endsItself)")
            }
            try program.stop(with: SIGINT)
        }
    }
}
