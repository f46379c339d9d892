import Foundation
import Shared
import Synchronization
import Testing

extension EndToEnd {
    /// Upgrades under load: `scripts/soak upgrade` makes a hundred of them, with a release build, and then the
    /// pauses have to be as promised. A debug build is only asked to lose nothing.
    @Suite("upgrades under load", .timeLimit(.minutes(10)))
    struct UpgradeLoadTests {
        private static let wanted =
            ProcessInfo.processInfo.environment["PROXYD_TEST_UPGRADES"].flatMap { Int($0) }
        private static let isLong = wanted != nil
        /// Every other upgrade is to this program, such as the one of the last release, and the next one back.
        private static let other =
            ProcessInfo.processInfo.environment["PROXYD_TEST_OTHER_BINARY"]

        /// Streams both ways, one run after the other, until they are told to end; every byte is looked at.
        private final class Streams: Sendable {
            private let isOver = Atomic(false)
            private let bytes = Atomic(0)
            private let failure = Mutex<(any Error)?>(nil)
            private let group = DispatchGroup()

            var movedBytes: Int { bytes.load(ordering: .relaxed) }

            /// So many at once, and so many bytes each way.
            init(_ count: Int, of size: Int, through listener: Endpoint, to channel: Socket) {
                group.enter()
                let thread = Thread { [self] in
                    defer { group.leave() }
                    do {
                        repeat {
                            let plans = (0..<count).map {
                                // Not all at once: there are always some that begin and some that end.
                                Exchange.Plan(
                                    id: $0, up: size / 2 + size * $0 / count,
                                    down: size * 3 / 2 - size * $0 / count)
                            }
                            var run = TransferRun(plans: plans, channels: [channel])
                            try run.run(through: [listener], within: .seconds(500))
                            bytes.add(2 * count * size, ordering: .relaxed)
                        } while !isOver.load(ordering: .relaxed)
                    } catch {
                        failure.withLock { $0 = error }
                    }
                }
                thread.start()
            }

            func end() throws {
                isOver.store(true, ordering: .relaxed)
                group.wait()
                if let error = failure.withLock({ $0 }) { throw error }
            }
        }

        /// Clients that say a word and wait for its echo, again and again; how long the longest wait was.
        private final class Metronomes: Sendable {
            private let isOver = Atomic(false)
            private let longest: Mutex<[Duration]>
            private let failure = Mutex<(any Error)?>(nil)
            private let group = DispatchGroup()

            init(_ count: Int, to endpoint: Endpoint) {
                longest = Mutex(Array(repeating: .zero, count: count))
                for index in 0..<count {
                    group.enter()
                    Thread { [self] in
                        defer { group.leave() }
                        do {
                            let client = try Socket.connected(to: endpoint)
                            while !isOver.load(ordering: .relaxed) {
                                let began = ContinuousClock.now
                                try client.send("tick")
                                _ = try client.receive(exactly: 4)
                                let time = ContinuousClock.now - began
                                longest.withLock { $0[index] = max($0[index], time) }
                                Thread.sleep(forTimeInterval: 0.005)
                            }
                        } catch {
                            failure.withLock { $0 = error }
                        }
                    }.start()
                }
            }

            /// The longest waits since this was asked last.
            func take() -> [Duration] {
                longest.withLock { longest in
                    defer { longest = longest.map { _ in .zero } }
                    return longest
                }
            }

            func end() throws {
                isOver.store(true, ordering: .relaxed)
                group.wait()
                if let error = failure.withLock({ $0 }) { throw error }
            }
        }

        private static func install(_ program: String, at path: String) throws {
            try? FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: program)
        }

        private static func percentile(_ part: Double, of times: [Duration]) -> Duration {
            let sorted = times.sorted()
            return sorted.isEmpty
                ? .zero : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
        }

        @Test(
            "no request fails and no byte is lost or changed",
            .enabled(if: Program.exist("nginx", "wrk")), .tags(.realProgram))
        func underLoad() throws {
            let directory = try TemporaryDirectory()
            let binary = directory("proxyd")
            try Self.install(Daemon.binary, at: binary)
            let port = try WebLoad.startNginx(in: directory)
            let wanted = Self.wanted ?? 3
            let echo = try LocalChannel.echo()
            let streamChannel = try Socket.listening()
            try withDaemon(
                """
                - { name: web, listen: ["127.0.0.1:0"], channels: ["127.0.0.1:\(port)"] }
                - { name: streams, listen: ["127.0.0.1:0"], channels: ["\(try streamChannel.endpoint)"] }
                - { name: words, listen: ["127.0.0.1:0"], channels: ["\(echo.endpoint)"] }
                """, options: ["--pid-file", directory("d.pid")], binary: binary
            ) { daemon in
                let front = try daemon.port()
                let seconds = Self.isLong ? wanted + 10 : 8
                let loads = [
                    try WebLoad.wrk(16, seconds: seconds, "Connection: close", to: front),
                    try WebLoad.wrk(64, seconds: seconds, "X-Kept: yes", to: front),
                ]
                let streams = Streams(
                    Self.isLong ? 500 : 40, of: Self.isLong ? 8 << 20 : 2 << 20,
                    through: try daemon.endpoint(1), to: streamChannel)
                let metronomes = Metronomes(20, to: try daemon.endpoint(2))
                try eventually("there is traffic", within: .seconds(60)) {
                    try daemon.sessions().count >= 64 + 20 + (Self.isLong ? 400 : 20)
                }
                var pauses: [Duration] = []
                var waits: [Duration] = []
                var otherwise: [Duration] = []
                var moved = 0
                var processes: [pid_t] = []
                let start = ContinuousClock.now
                for round in 1...wanted {
                    _ = metronomes.take()
                    // As long without an upgrade as with one.
                    Thread.sleep(forTimeInterval: 0.2)
                    otherwise += metronomes.take()
                    if let other = Self.other {
                        try Self.install(round % 2 == 1 ? other : Daemon.binary, at: binary)
                    }
                    let (attributes, _) = try daemon.ask("upgrade 20s")
                    waits += metronomes.take()
                    let pause = try #require(attributes["pause_us"].flatMap { Int($0) })
                    pauses.append(.microseconds(pause))
                    processes += attributes["pid"].flatMap { pid_t($0) }.map { [$0] } ?? []
                    moved += attributes["sessions"].flatMap { Int($0) } ?? 0
                    let due = start + .seconds(Self.isLong ? round : round * 2)
                    Thread.sleep(forTimeInterval: max(0, (due - .now) / .seconds(1)))
                }
                try metronomes.end()
                try streams.end()
                var requests: [String] = []
                for load in loads {
                    #expect(try load.waitForEnd(within: .seconds(seconds + 60)) == 0)
                    #expect(!load.output.contains("Socket errors"), "\(load.output)")
                    #expect(!load.output.contains("Non-2xx"), "\(load.output)")
                    let line = load.output.split(separator: "\n").first {
                        $0.contains("requests in")
                    }
                    requests.append(line.map { $0.trimmingCharacters(in: .whitespaces) } ?? "?")
                }
                try daemon.waitUntilNoSessions()
                // Whoever has handed over a client that nobody had served yet keeps nothing of it, either.
                try eventually("the processes before this one have ended") {
                    processes.dropLast().allSatisfy { kill($0, 0) != 0 }
                }
                let endings = try daemon.endings()
                #expect(
                    endings.keys.allSatisfy { !$0.hasPrefix("S") && !$0.hasPrefix("P") },
                    "\(endings)")
                print(
                    """
                    \(wanted) upgrades under \(requests); \(moved) sessions moved, \(streams.movedBytes >> 20) MiB \
                    of streams right; sessions stood still for p50 \(Self.percentile(0.5, of: pauses)), p99 \
                    \(Self.percentile(0.99, of: pauses)), at most \(pauses.max() ?? .zero); longest answer around an upgrade \
                    p50 \(Self.percentile(0.5, of: waits)), p99 \(Self.percentile(0.99, of: waits)), and without one \
                    \(Self.percentile(0.5, of: otherwise)), \(Self.percentile(0.99, of: otherwise))
                    """)
                if Self.isLong {
                    #expect(Self.percentile(0.99, of: pauses) <= .milliseconds(50))
                }
            }
        }
    }
}
