import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The container's entrypoint, with its paths moved into a directory of the test's.
    @Suite("container")
    struct ContainerTests {
        private struct Scene {
            let directory: TemporaryDirectory
            let entrypoint: String

            init() throws {
                directory = try TemporaryDirectory()
                for folder in ["run", "flopsy/triggers.d", "etc"] {
                    try FileManager.default.createDirectory(
                        atPath: directory(folder), withIntermediateDirectories: true)
                }
                var text = try String(
                    contentsOfFile: DocumentTests.root + "/packaging/container/entrypoint",
                    encoding: .utf8)
                for (path, own) in [
                    ("/etc/flopsy", "flopsy"), ("/run/proxyd", "run"), ("/etc/proxyd", "etc"),
                ] {
                    text = text.replacingOccurrences(of: path, with: directory(own))
                }
                entrypoint = try directory.write(text, to: "entrypoint")
            }

            func script(_ text: String, at name: String, mode: mode_t = 0o755) throws {
                try directory.write("#!/bin/sh\n\(text)\n", to: name)
                _ = unsafe chmod(directory(name), mode)
            }

            func start(_ environment: [String: String], _ arguments: String...) throws -> Program {
                let programs = (Daemon.binary as NSString).deletingLastPathComponent
                return try Program(
                    ["/bin/sh", entrypoint] + arguments, in: directory,
                    environment: environment.merging(["PATH": "\(programs):/usr/bin:/bin"]) { $1 })
            }

            /// Starts it, and waits until the daemon answers.
            func run(
                _ environment: [String: String], endsWith status: Int = -Int(SIGTERM),
                _ body: (Program, ControlClient) throws -> Void
            ) throws {
                let program = try start(environment)
                try eventually("the daemon answers") {
                    guard program.isRunning else {
                        throw Program.Failed(description: program.report)
                    }
                    return (try? ControlClient(path: directory("run/control.sock"))) != nil
                }
                do {
                    try body(program, ControlClient(path: directory("run/control.sock")))
                } catch {
                    Issue.record("\(program.report)")
                    throw error
                }
                // The daemon is the very process that the container has started.
                #expect(try program.stop(with: SIGTERM) == status, "\(program.report)")
            }
        }

        private static func greeting(at port: UInt16) throws -> String {
            let client = try Socket.connected(to: .ip(.loopbackV4, port: port))
            return String(decoding: try client.receive(atMost: 1), as: UTF8.self)
        }

        @Test("flopsy's variables and files: check, triggers in order, one primary")
        func flopsy() throws {
            let scene = try Scene()
            let (first, second) = (try LocalChannel.letter("A"), try LocalChannel.letter("B"))
            let log = scene.directory("log")
            try scene.script(
                "echo check $1 >>\(log); test $1 != \(first.endpoint)", at: "flopsy/check-host.sh")
            try scene.script("echo two $1 >>\(log)", at: "flopsy/triggers.d/10-b")
            try scene.script("echo one $1 >>\(log)", at: "flopsy/triggers.d/02-a")
            let port = try Program.freePort()
            let environment = [
                "PORT": "\(port)", "HOSTS": "\(first.endpoint),\(second.endpoint),",
                "MAX_BACKOFF": "2",
            ]
            try scene.run(environment) { program, _ in
                try eventually("the port is open") {
                    (try? Self.greeting(at: port)) == "B"
                }
                // The list is read no further than to the first host that will do.
                #expect(!program.errorsSoFar.contains("host ''"))
                let lines = scene.directory.read("log").split(separator: "\n").map(String.init)
                #expect(
                    lines == [
                        "check \(first.endpoint)", "check \(second.endpoint)",
                        "one \(second.endpoint)", "two \(second.endpoint)",
                    ])
            }
        }

        @Test("a check that is not executable is ignored, with flopsy's words")
        func notExecutable() throws {
            let scene = try Scene()
            let channel = try LocalChannel.letter("A")
            try scene.script("exit 1", at: "flopsy/check-host.sh", mode: 0o644)
            let port = try Program.freePort()
            try scene.run(["PORT": "\(port)", "HOSTS": "\(channel.endpoint)"]) { program, _ in
                try eventually("the port is open") { (try? Self.greeting(at: port)) == "A" }
                let path = scene.directory("flopsy/check-host.sh")
                #expect(program.output == "'\(path)' ignored because is not executable.\n")
            }
        }

        @Test("without variables it is the configuration file that counts")
        func file() throws {
            let scene = try Scene()
            try scene.directory.write(
                "services: [{ name: mine, listen: [\"127.0.0.1:0\"], channels: [\"127.0.0.1:1\"] }]",
                to: "etc/proxyd.yaml")
            try scene.run(["PORT": "", "HOSTS": ""], endsWith: 0) { _, control in
                guard case .ok(_, let lines) = try control.ask("show services") else {
                    throw Program.Failed(description: "show services was refused")
                }
                #expect(lines.last?.hasPrefix("mine\t") == true)
            }
        }

        @Test("arguments are proxyd's, or a program's")
        func arguments() throws {
            let scene = try Scene()
            let version = try scene.start(["PORT": "1"], "--version")
            #expect(try version.waitForEnd() == 0)
            #expect(version.output == Version.string + "\n")
            let other = try scene.start([:], "echo", "hello")
            #expect(try other.waitForEnd() == 0)
            #expect(other.output == "hello\n")
        }

        @Test(
            "what cannot be is refused with flopsy's status, and said",
            arguments: [
                (["PORT": "80"], "--hosts <HOSTS>"),
                (["HOSTS": "a:1"], "<--port <PORT>|--bind <BIND>>"),
                (["PORT": "http", "HOSTS": "a:1"], "Invalid value \"http\" for '--port <PORT>'"),
                (["PORT": "65536", "HOSTS": "a:1"], "Invalid value \"65536\" for '--port <PORT>'"),
                (["PORT": "80", "HOSTS": "db2"], "write it as db2:PORT"),
                (["PORT": "80", "HOSTS": "db2:0"], "no host names a port"),
                (["PORT": "80", "HOSTS": ":1"], "no host names a port"),
                (["PORT": "80", "HOSTS": "::1:5"], "no host names a port"),
                (["PORT": "80", "HOSTS": "a:1\"] x: ["], "no host names a port"),
                (["PORT": "80", "HOSTS": ","], "no host names a port"),
                (["PORT": "80", "HOSTS": "-x"], "no host names a port"),
                (
                    ["PORT": "80", "HOSTS": "a:1", "MAX_BACKOFF": "1m"],
                    "Invalid value \"1m\" for '--max-backoff <MAX_BACKOFF>'"
                ),
            ])
        func refused(environment: [String: String], message: String) throws {
            let program = try Scene().start(environment)
            #expect(try program.waitForEnd() == 2)
            #expect(program.errors.hasPrefix("error: "), "\(program.report)")
            #expect(program.errors.contains(message), "\(program.report)")
        }

        @Test("the Dockerfile takes what is there, and says how it is to be stopped and looked at")
        func dockerfile() throws {
            let root = DocumentTests.root
            let text = try String(contentsOfFile: root + "/Dockerfile", encoding: .utf8)
            let lines = text.components(separatedBy: "\n")
            for line in lines where line.hasPrefix("COPY ") && !line.contains("--from=") {
                for source in line.split(separator: " ").dropFirst().dropLast() {
                    #expect(FileManager.default.fileExists(atPath: "\(root)/\(source)"))
                }
            }
            #expect(lines.contains("STOPSIGNAL SIGTERM"))
            #expect(lines.contains("USER proxyd"))
            #expect(lines.contains("ENTRYPOINT [\"entrypoint\"]"))
            #expect(text.contains("HEALTHCHECK"))
        }
    }
}
