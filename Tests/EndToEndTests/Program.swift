import Foundation
import Shared
import Synchronization
import TestProcess
import Testing

/// A program that runs beside the test, its output in files of a private directory.
final class Program {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    let name: String
    let directory: TemporaryDirectory
    private let process: ChildProcess
    private let number: Int

    /// Starts it. `prefix` are words that run it, e.g. `prlimit --nofile=64`.
    init(
        _ words: [String], prefix: [String] = [], in directory: TemporaryDirectory,
        environment: [String: String] = [:], input: String? = nil
    ) throws {
        name = (words.first as NSString?)?.lastPathComponent ?? "?"
        self.directory = directory
        number = Self.count.add(1, ordering: .relaxed).newValue
        let all = prefix + [try Self.found(words[0])] + words.dropFirst()
        if let input { try directory.write(input, to: "input-\(number)") }
        process = try ChildProcess(
            [try Self.found(all[0])] + all.dropFirst(),
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            in: directory.path, input: input == nil ? "/dev/null" : directory("input-\(number)"),
            output: .file(directory("output-\(number)")),
            errors: .file(directory("errors-\(number)")))
        Leftovers.add { [process] in
            if process.isRunning { kill(process.pid, SIGKILL) }
        }
    }

    private static let count = Atomic(0)

    var pid: pid_t { process.pid }
    var isRunning: Bool { process.isRunning }
    var output: String { directory.read("output-\(number)") }

    /// What it said on standard error, once it has ended. One that runs may have said more than it has
    /// written yet: a log has a thread of its own. Wait for that with `waitForLine`.
    var errors: String {
        if isRunning {
            Issue.record("the errors of \(name) are read while it runs: use waitForLine")
        }
        return errorsSoFar
    }

    /// What has been written of it by now.
    var errorsSoFar: String { directory.read("errors-\(number)") }

    /// Until it has said this on standard error, so many times.
    func waitForLine(_ text: String, times: Int = 1) throws {
        do {
            try eventually("“\(text)” is said") {
                errorsSoFar.components(separatedBy: text).count > times
            }
        } catch is TooLate {
            throw TooLate(what: "“\(text)” is said\n\(report)")
        }
    }

    /// How it ended: the exit status, or the signal that killed it, negative.
    func waitForEnd(within duration: Duration = .seconds(60)) throws -> Int {
        let deadline = DispatchTime.now() + .nanoseconds(Int(duration / .nanoseconds(1)))
        guard let status = process.waitForEnd(until: deadline) else {
            throw TooLate(what: "the end of \(name)\n\(report)")
        }
        return status
    }

    @discardableResult
    func stop(with signal: CInt = SIGTERM, within duration: Duration = .seconds(60)) throws -> Int {
        kill(pid, signal)
        return try waitForEnd(within: duration)
    }

    /// Until somebody can connect there.
    func waitForPort(_ port: UInt16) throws {
        try eventually("\(name) listens") {
            guard isRunning else { throw Failed(description: report) }
            return (try? Socket.connected(to: .ip(.loopbackV4, port: port))) != nil
        }
    }

    /// What it said, for the message of a failed test.
    var report: String { "\(name) said:\n\(output.suffix(2000))\n\(errorsSoFar.suffix(2000))" }
}

// MARK: - Finding and running to the end

extension Program {
    /// Where Debian puts servers, which are not on everybody's path.
    private static var places: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let postgres = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: postgres)) ?? []
        return path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
            + versions.sorted().reversed().map { "\(postgres)/\($0)/bin" }
    }

    static func path(of name: String) -> String? {
        if name.hasPrefix("/") { return name }
        return places.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// For `.enabled(if:)`: `swift test` alone works without them, `scripts/test` installs them.
    static func exist(_ names: String...) -> Bool { names.allSatisfy { path(of: $0) != nil } }

    private static func found(_ name: String) throws -> String {
        guard let path = path(of: name) else {
            throw Failed(description: "\(name) is not installed; scripts/setup --test does it")
        }
        return path
    }

    /// Runs a program to its end and returns what it wrote; anything but success is an error.
    @discardableResult
    static func run(
        _ words: [String], prefix: [String] = [], in directory: TemporaryDirectory? = nil,
        environment: [String: String] = [:], input: String? = nil,
        within duration: Duration = .seconds(60)
    ) throws -> String {
        let program = try Program(
            words, prefix: prefix, in: directory ?? TemporaryDirectory(), environment: environment,
            input: input)
        let status = try program.waitForEnd(within: duration)
        guard status == 0 else {
            throw Failed(
                description:
                    "\(words.joined(separator: " ")) exited with \(status)\n\(program.report)")
        }
        return program.output
    }

    /// A port for programs that cannot bind 0 and tell. It stays bound until the test is over, so that the
    /// kernel gives it to nobody else; as nobody listens there, whoever sets SO_REUSEADDR may.
    static func freePort() throws -> UInt16 {
        let socket = try Socket.bound()
        Leftovers.add { socket.close() }
        return try socket.endpoint.port
    }
}
