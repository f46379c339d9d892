import Foundation
import Shared
import Testing

extension EndToEnd {
    /// `run --daemon`.
    @Suite("in the background", .timeLimit(.minutes(5)))
    struct BackgroundTests {
        private let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory() }

        private func file(control: String? = nil, listen: String = "127.0.0.1:0") throws -> String {
            try directory.write(
                """
                control: { socket: "\(control ?? directory("control.sock"))" }
                services: [ { listen: ["\(listen)"], channels: ["127.0.0.1:9"] } ]
                """, to: "proxyd.yaml")
        }

        private func run(_ arguments: [String]) throws -> Program {
            try Program(
                [Daemon.binary, "run", "--daemon", "--drain", "0s"] + arguments, in: directory)
        }

        /// The process that the pid file names, which ends with the test at the latest.
        private func daemonNumber() throws -> pid_t {
            let text = directory.read("d.pid").trimmingCharacters(in: .newlines)
            let number = try #require(pid_t(text))
            Leftovers.add { kill(number, SIGKILL) }
            return number
        }

        private func waitForEnd() throws {
            try eventually("it has ended") {
                !FileManager.default.fileExists(atPath: directory("control.sock"))
                    && !FileManager.default.fileExists(atPath: directory("d.pid"))
            }
        }

        @Test("the caller goes on when everything is there, and not before")
        func goesOn() throws {
            // Paths are those of the caller, wherever the daemon works.
            _ = try file()
            let caller = try run(["--pid-file", "d.pid", "proxyd.yaml"])
            #expect(try caller.waitForEnd() == 0, "\(caller.report)")
            let number = try daemonNumber()
            #expect(number != caller.pid)
            let client = try ControlClient(path: directory("control.sock"))
            guard case .ok(let attributes, _) = try client.ask("hello") else {
                Issue.record("no hello")
                return
            }
            #expect(attributes["pid"] == "\(number)")
            let process = "/proc/\(number)"
            let stat = try String(contentsOfFile: process + "/stat", encoding: .utf8)
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            // State, parent, group, session, terminal (proc(5)): a session of its own that it does not lead.
            #expect(fields.count > 4 && fields[3] != "\(number)" && fields[4] == "0")
            #expect(fields[3] != "\(getsid(0))")
            func target(_ name: String) -> String? {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(process)/\(name)")
            }
            #expect(target("cwd") == "/")
            #expect(target("fd/0") == "/dev/null")
            #expect(target("fd/1") == "/dev/null")
            // Standard error is a file here, so it is the log.
            #expect(target("fd/2")?.hasPrefix(directory.path) == true)
            let status = try String(contentsOfFile: process + "/status", encoding: .utf8)
            #expect(status.contains("Umask:\t0022"))
            #expect(caller.errors.contains("in the background as process \(number)\n"))
            kill(number, SIGHUP)
            try caller.waitForLine("SIGHUP: reloaded")
            kill(number, SIGTERM)
            try waitForEnd()
            try caller.waitForLine("proxyd: ended\n")
        }

        @Test("what is wrong is the caller's to know, with the exit code")
        func failures() throws {
            let taken = try Socket.listening()
            let endpoint = try taken.endpoint
            for (control, code, words) in [
                (nil, 69, "cannot listen on \(endpoint): bind: "),
                ("here.sock", 78, "“here.sock” is ambiguous"),
            ] {
                let file = try file(control: control, listen: "\(endpoint)")
                let caller = try run(["--pid-file", directory("d.pid"), file])
                #expect(try caller.waitForEnd() == code)
                #expect(caller.errors.contains(words), "\(caller.errors)")
                #expect(!FileManager.default.fileExists(atPath: directory("d.pid")))
                #expect(!FileManager.default.fileExists(atPath: directory("control.sock")))
            }
            try directory.write("services: 7", to: "bad.yaml")
            let caller = try run([directory("bad.yaml")])
            #expect(try caller.waitForEnd() == 78)
        }

        @Test("a caller that reads to the end is let go, and a second daemon is refused")
        func pipes() throws {
            let file = try file()
            let words = "run --daemon --drain 0s --pid-file \(directory("d.pid")) \(file)"
            let said = try Program.run(
                ["/bin/bash", "-c", "'\(Daemon.binary)' \(words) 2>&1 | cat"], in: directory,
                within: .seconds(60))
            #expect(said.contains("further messages go nowhere"))
            let number = try daemonNumber()
            let second = try run(["--pid-file", directory("d.pid"), file])
            #expect(try second.waitForEnd() == 69)
            #expect(second.errors.contains("belongs to process \(number), which runs"))
            // Whoever is refused does not take away what is another's.
            #expect(directory.read("d.pid") == "\(number)\n")
            kill(number, SIGTERM)
            try waitForEnd()
        }
    }
}
