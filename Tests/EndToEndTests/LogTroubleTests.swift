import CLinux
import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Logs that cannot be written cost lines, which are counted and said, and nobody's time.
    @Suite("log trouble")
    struct LogTroubleTests {
        private func service(_ channel: Endpoint) -> String {
            "- { name: web, listen: [\"127.0.0.1:0\"], channels: [\"\(channel)\"] }"
        }

        private func visit(_ daemon: Daemon, _ count: Int = 1) throws {
            let endpoint = try daemon.endpoint()
            for _ in 0..<count {
                let client = try Socket.connected(to: endpoint)
                try client.send("x")
                _ = try client.receive(exactly: 1)
                client.shutDownWrites()
                _ = try client.receiveAll()
            }
        }

        /// `used` of a row of `show limits`.
        private func limit(_ name: String, of daemon: Daemon) throws -> Int {
            for line in try daemon.ask("show limits").lines {
                let cells = line.split(separator: "\t")
                if cells.first == name[...] { return Int(cells[1]) ?? -1 }
            }
            return -1
        }

        /// Whether tests may mount in a namespace of their own.
        static let canMount: Bool = {
            guard Program.exist("unshare", "mount") else { return false }
            return (try? Program.run(["unshare", "-Urm", "true"])) != nil
        }()

        @Test(
            "a disk that is full, and has room again: sessions go on, lines wait, and it is said",
            .enabled(if: canMount))
        func full() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            try FileManager.default.createDirectory(
                atPath: directory("disk"), withIntermediateDirectories: false)
            let script =
                "mount -t tmpfs -o size=64k none \(directory("disk"))"
                + " && dd if=/dev/zero of=\(directory("disk/filler")) bs=1k count=60 2>/dev/null"
                + "; exec \"$@\""
            let logged = try LoggedDaemon(
                service(channel.endpoint),
                log: "{ access: LOG/disk/access.log, format: extended }",
                prefix: ["unshare", "-Urm", "sh", "-c", script, "sh"], in: directory)
            let daemon = logged.daemon
            // As the daemon sees it: the mount is nobody else's.
            let disk = "/proc/\(daemon.program.pid)/root\(directory("disk"))"
            try visit(daemon, 40)
            try daemon.waitForLine(
                "access log \(directory("disk/access.log")) cannot be written: "
                    + "write: No space left on device")
            try visit(daemon, 40)
            #expect(try limit("access_log_lines", of: daemon) >= 40)
            try FileManager.default.removeItem(atPath: disk + "/filler")
            try daemon.waitForLine("access.log is written again")
            try eventually("all lines are there") { try limit("access_log_lines", of: daemon) == 0 }
            let text = try String(contentsOfFile: disk + "/access.log", encoding: .utf8)
            let lines = text.split(separator: "\n").map { LoggedDaemon.fields(String($0)) }
            #expect(lines.count == 80)
            #expect(Set(lines.compactMap { $0["session"] }).count == 80)
            #expect(lines.allSatisfy { $0["generation"] == "1" })
            #expect(try limit("access_log_lost", of: daemon) == 0)
            #expect(try daemon.metric("proxyd_log_lines_total")["{log=\"access\"}"] == 80)
            try daemon.stop()
        }

        @Test("a standard output that nobody reads holds up neither sessions nor the end")
        func unread() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            #expect(unsafe mkfifo(directory("fifo"), 0o600) == 0)
            let reader = try Socket(
                adopting: unsafe open(directory("fifo"), O_RDWR | O_NONBLOCK | O_CLOEXEC))
            // Full before the daemon says its first word.
            let filler = [UInt8](repeating: 0x78, count: 65_536)
            #expect(unsafe write(reader.number, filler, filler.count) == filler.count)
            let logged = try LoggedDaemon(
                service(channel.endpoint), log: "{ access: stdout }",
                prefix: [
                    "sh", "-c", "exec \"$@\" >\(directory("fifo"))", "sh",
                ], in: directory)
            let daemon = logged.daemon
            try visit(daemon, 50)
            #expect(try limit("access_log_lines", of: daemon) == 50)
            let began = ContinuousClock.now
            let status = try daemon.program.stop(with: SIGTERM)
            #expect(status == 0)
            #expect(ContinuousClock.now - began < .seconds(20))
            #expect(
                daemon.program.errors.contains(
                    "access log lost 50 lines: they could not be written in time"))
        }

        /// A socket that receives datagrams, as syslog's and journald's do.
        private func datagrams(_ path: String) throws -> Socket {
            let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            let receiver = try Socket(adopting: socket(AF_UNIX, type, 0))
            try unsafe Address(.unix(path: path)).withPointer { pointer, size in
                let address = unsafe __CONST_SOCKADDR_ARG(__sockaddr__: pointer)
                guard unsafe bind(receiver.number, address, size) == 0 else {
                    throw SocketError(errno, "bind")
                }
            }
            return receiver
        }

        private func next(_ receiver: Socket) throws -> String {
            String(decoding: try receiver.receive(), as: UTF8.self)
        }

        @Test("syslog gets errors with ident, facility and level; journald gets sessions")
        func received() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let syslog = try datagrams(directory("syslog"))
            let journal = try datagrams(directory("journal"))
            let logged = try LoggedDaemon(
                service(channel.endpoint),
                log: """
                    { access: { target: journald, socket: LOG/journal, severity: notice }, \
                    error: { target: syslog, socket: LOG/syslog, ident: relay, facility: UUCP } }
                    """, in: directory)
            let daemon = logged.daemon
            let pid = daemon.program.pid
            let ready = try next(syslog)
            // uucp is 8, info 6: 8 * 8 + 6.
            #expect(ready.hasPrefix("<70>"), "\(ready)")
            #expect(ready.contains(" relay[\(pid)]: ready: listening on "), "\(ready)")
            #expect(ready.wholeMatch(of: #/<70>\w{3} [ \d]\d \d\d:\d\d:\d\d relay.*/#) != nil)
            try daemon.ask("drain web")
            let drained = try next(syslog)
            #expect(drained.hasPrefix("<69>"), "\(drained)")
            try daemon.ask("enable web")
            try visit(daemon)
            let line = try next(journal)
            let fields = line.split(separator: "\n").map(String.init)
            #expect(
                fields.dropLast() == [
                    "PRIORITY=5", "SYSLOG_FACILITY=3", "SYSLOG_IDENTIFIER=proxyd",
                    "SYSLOG_PID=\(pid)",
                ])
            #expect(fields.last?.hasPrefix("MESSAGE=127.0.0.1 - - [") == true)
            #expect(fields.last?.hasSuffix("\"GET 127.0.0.1\" 200 1 0 1 0") == true)
            try daemon.stop()
        }

        @Test("a syslog that does not answer at the start is told of, and gets its lines later")
        func late() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let logged = try LoggedDaemon(
                service(channel.endpoint),
                log: "{ access: { target: syslog, socket: LOG/syslog } }", in: directory)
            let daemon = logged.daemon
            try daemon.waitForLine(
                "access log: syslog does not answer: \(directory("syslog")): ")
            try visit(daemon)
            try daemon.waitForLine("access log syslog cannot be written: ")
            let syslog = try datagrams(directory("syslog"))
            #expect(try next(syslog).hasSuffix("\"GET 127.0.0.1\" 200 1 0 1 0"))
            try daemon.stop()
        }

        @Test("under systemd every line says how much it matters")
        func journalStream() throws {
            let directory = try TemporaryDirectory()
            // The stream is ours to choose: the file that standard error is.
            let script = "export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec \"$@\""
            let logged = try LoggedDaemon(
                service(.ip(.loopbackV4, port: 1)), log: "{}", prefix: ["sh", "-c", script, "sh"],
                in: directory)
            try logged.daemon.ask("drain web")
            try logged.daemon.stop()
            let lines = logged.daemon.program.errors.split(separator: "\n")
            #expect(lines.first?.hasPrefix("<6>ready: ") == true)
            #expect(lines.contains { $0.hasPrefix("<5>channel web/0/0 ") })
        }
    }
}
