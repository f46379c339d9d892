import Foundation
import Shared
import Testing

/// A running `proxyd` with its own directory and control socket.
final class Daemon {
    let directory: TemporaryDirectory
    let program: Program
    let controlPath: String

    /// The binary beside the tests, `.build/debug/proxyd`, or the one that the environment names: a
    /// release build, or one under a sanitizer.
    static let binary: String = {
        if let named = ProcessInfo.processInfo.environment["PROXYD_TEST_BINARY"] {
            return URL(fileURLWithPath: named).path
        }
        let tests =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (tests as NSString).deletingLastPathComponent + "/proxyd"
    }()

    /// Starts it with a file that holds `services` below a `control:` of its own.
    convenience init(
        _ services: String, options: [String] = [], workers: Int = 2, binary: String = binary,
        prefix: [String] = [], in directory: TemporaryDirectory? = nil
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        let file = try directory.write(
            """
            control: { socket: "\(directory("control.sock"))" }
            workers: \(workers)
            services:
            \(services)
            """, to: "proxyd.yaml")
        // A test that ends a daemon does not wait for the sessions that it has forgotten.
        let drain = options.contains("--drain") ? [] : ["--drain", "0s"]
        try self.init(
            arguments: ["run"] + drain + options + [file], binary: binary, prefix: prefix,
            in: directory)
    }

    init(
        arguments: [String], binary: String = binary, prefix: [String] = [],
        environment: [String: String] = [:], in directory: TemporaryDirectory
    ) throws {
        self.directory = directory
        controlPath = directory("control.sock")
        program = try Program(
            [binary] + arguments, prefix: prefix, in: directory, environment: environment)
        try waitUntilReady()
    }

    private func waitUntilReady() throws {
        try eventually("the control socket answers") {
            guard program.isRunning else {
                throw Program.Failed(description: "proxyd did not start\n\(program.report)")
            }
            // A file of a daemon before us may be there, with nobody behind it or not yet ours.
            guard let client = try? ControlClient(path: controlPath),
                case .ok(let attributes, _) = try? client.ask("hello")
            else { return false }
            return attributes["pid"] == String(program.pid)
        }
    }

    /// Ends it as an operator would; a daemon that does not end well fails the test.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let status = try program.stop(with: SIGTERM)
        #expect(status == 0, "\(program.report)", sourceLocation: sourceLocation)
    }
}

/// Runs `body` against a daemon with these services, and ends it afterwards.
func withDaemon(
    _ services: String, options: [String] = [], workers: Int = 2, binary: String = Daemon.binary,
    prefix: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (Daemon) throws -> Void
) throws {
    let daemon = try Daemon(
        services, options: options, workers: workers, binary: binary, prefix: prefix)
    do {
        try body(daemon)
    } catch {
        Issue.record(
            "proxyd said: \(daemon.program.errorsSoFar.suffix(2000))",
            sourceLocation: sourceLocation)
        throw error
    }
    try daemon.stop(sourceLocation: sourceLocation)
}

// MARK: - Asking

extension Daemon {
    /// One question over a connection of its own; `ERR` is an error.
    @discardableResult
    func ask(_ question: String) throws -> (attributes: [Reply.Attribute], lines: [String]) {
        let reply = try ControlClient(path: controlPath).ask(question)
        guard case .ok(let attributes, let lines) = reply else {
            throw UnexpectedReply(question: question, reply: reply)
        }
        return (attributes, lines)
    }

    func table<Row: Snapshot>(_ question: String, of _: Row.Type = Row.self) throws -> [Row] {
        let (attributes, lines) = try ask(question)
        guard let table = Table(lines: lines) else {
            throw UnexpectedReply(
                question: question, reply: .ok(attributes: attributes, lines: lines))
        }
        return Row.all(in: table)
    }

    func listeners() throws -> [ListenerSnapshot] { try table("show listeners") }
    func groups() throws -> [GroupSnapshot] { try table("show groups") }
    func channels() throws -> [ChannelSnapshot] { try table("show channels") }
    func sessions() throws -> [SessionSnapshot] { try table("show sessions") }

    /// Where the listener really listens, whatever port the file asked for.
    func endpoint(_ index: Int = 0) throws -> Endpoint {
        let listeners = try listeners()
        try #require(index < listeners.count)
        return try Endpoint(listeners[index].address)
    }

    func port(_ index: Int = 0) throws -> UInt16 { try endpoint(index).port }

    /// A client of the daemon's first listener.
    func client(_ index: Int = 0, buffers: CInt? = nil) throws -> Socket {
        try Socket.connected(to: endpoint(index), buffers: buffers)
    }

    func waitUntilNoSessions(within duration: Duration = Deadline.patience) throws {
        try eventually("no session is left", within: duration) { try sessions().isEmpty }
    }

    func waitForChannel(
        _ index: Int, _ isSo: (ChannelSnapshot) -> Bool
    ) throws {
        try eventually("channel \(index) is as expected") { isSo(try channels()[index]) }
    }

    /// Until a client's session is relaying. That its channel has accepted is the kernel's word; only then
    /// does the worker hear of it, and what happens before is a failed connect.
    func waitUntilRelaying(_ client: Socket) throws {
        let address = "\(try client.endpoint)"
        try eventually("the session of \(address) is relaying") {
            try sessions().contains { $0.client == address && $0.phase == .relay }
        }
    }

    /// Until it has said this in its log, so many times.
    func waitForLine(_ text: String, times: Int = 1) throws {
        try program.waitForLine(text, times: times)
    }
}

// MARK: - Counting

extension Daemon {
    /// The samples of one name in `metrics`, by their labels as written.
    func metric(_ name: String) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in try ask("metrics").lines where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count)
            guard rest.first == "{" || rest.first == " ", let space = rest.lastIndex(of: " ") else {
                continue
            }
            samples[String(rest[..<space])] = Double(rest[rest.index(after: space)...])
        }
        return samples
    }

    /// Sessions ended so far, by their two-letter code.
    func endings() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for (labels, count) in try metric("proxyd_sessions_ended_total") where count > 0 {
            guard let start = labels.range(of: "code=\""),
                let end = labels[start.upperBound...].firstIndex(of: "\"")
            else { continue }
            counts[String(labels[start.upperBound..<end]), default: 0] += Int(count)
        }
        return counts
    }

    /// Open descriptors.
    func descriptorCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.pid)/fd").count
    }

    /// Open sockets. Pipes are left out: some are kept for the next stream.
    func socketCount() throws -> Int {
        let descriptors = "/proc/\(program.pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: descriptors).count { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "\(descriptors)/\(name)")
            return target?.hasPrefix("socket:") == true
        }
    }

    /// Resident memory in KiB.
    func residentKibibytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
    }

    /// Time on a processor in ms, of all threads.
    func cpuMilliseconds() throws -> Int {
        let stat = try String(contentsOfFile: "/proc/\(program.pid)/stat", encoding: .utf8)
        // The program's name stands in parentheses and may hold spaces (proc(5)).
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            return 0
        }
        return (user + system) * 1000 / sysconf(CInt(_SC_CLK_TCK))
    }
}
