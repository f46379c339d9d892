import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What commands cost while there is traffic.
    ///
    /// `scripts/soak control` runs these for longer, with a release build, and sets the pace; then what the
    /// issue asks for has to be reached, too. A debug build is only asked to be right.
    @Suite("control under load")
    struct ControlLoadTests {
        /// How long changes are made; nil: briefly, by a build that need not be fast.
        private static let soakSeconds = ProcessInfo.processInfo
            .environment["PROXYD_TEST_CHANGES_SECONDS"].flatMap { Int($0) }

        /// Changes of every kind that can be made again and again: each round leaves all as it was.
        private static func round(_ channel: Endpoint) -> [String] {
            [
                "create mail/main \(channel) name=b weight=2", "set mail/main/b maxc 1000",
                "drain mail/main/b", "enable mail/main/b",
                "set mail/main balance hash failover=true",
                "set mail/main/a weight 3", "set mail/main balance default",
                "set mail/main/a weight default", "disable mail/main/b", "remove mail/main/b",
            ]
        }

        private static func withMail(
            channels: Int = 1, _ body: (Daemon, _ channel: Endpoint) throws -> Void
        ) throws {
            let channel = try LocalChannel.echo()
            let list = (0..<channels).map { index in
                "{ name: \(index == 0 ? "a" : "c\(index)"), address: \"\(channel.endpoint)\" }"
            }
            let services = """
                - name: mail
                  listen: ["127.0.0.1:0"]
                  groups: [ { name: main, channels: [ \(list.joined(separator: ", ")) ] } ]
                """
            try withDaemon(services) { try body($0, channel.endpoint) }
        }

        /// Makes changes at so many a second; as many as can be when there is no pace.
        private static func change(
            _ daemon: Daemon, _ channel: Endpoint, for duration: Duration, perSecond: Int?
        ) throws -> Int {
            let client = try ControlClient(path: daemon.controlPath)
            let lines = Self.round(channel)
            let start = ContinuousClock.now
            var count = 0
            while ContinuousClock.now - start < duration {
                try client.socket.send(lines.map { $0 + "\n" }.joined())
                for line in lines {
                    let reply = try client.nextReply()
                    guard case .ok(_, let table) = reply, table.count > 1 else {
                        throw UnexpectedReply(question: line, reply: reply)
                    }
                }
                count += lines.count
                guard let perSecond else { continue }
                let due = start + .nanoseconds(count * 1_000_000_000 / perSecond)
                // The pace of a program that is not to be faster than this.
                Thread.sleep(forTimeInterval: max(0, (due - .now) / .seconds(1)))
            }
            return count
        }

        @Test("a thousand changes a second under traffic: no session fails, and nothing is leaked")
        func changes() throws {
            try Self.withMail { daemon, channel in
                let seconds = Self.soakSeconds ?? 2
                let sockets = try daemon.socketCount()
                let traffic = try EchoTraffic(16, to: daemon.endpoint())
                // What is made once and kept is made by now.
                _ = try Self.change(
                    daemon, channel, for: .seconds(max(1, seconds / 5)), perSecond: nil)
                let before = try daemon.residentKibibytes()
                let count = try Self.change(
                    daemon, channel, for: .seconds(seconds),
                    perSecond: Self.soakSeconds == nil ? nil : 1000)
                let growth = try daemon.residentKibibytes() - before
                try traffic.goOn()
                try traffic.end()
                print(
                    "\(count) changes in \(seconds) s under \(traffic.sessionCount) sessions,",
                    "memory grew by \(growth) KiB")
                if Self.soakSeconds != nil { #expect(count >= 999 * seconds) }
                #expect(growth < 4096)
                try daemon.waitUntilNoSessions()
                #expect(Set(try daemon.endings().keys) == ["--"])
                #expect(try daemon.channels().map(\.path) == ["mail/main/a"])
                try eventually("the descriptors are given back") {
                    try daemon.socketCount() <= sockets
                }
            }
        }

        /// Reads and only counts: the daemon's time is wanted, and not what it takes to understand a reply.
        private static func takeLines(_ count: Int, from socket: Socket) throws {
            var left = count
            while left > 0 {
                let bytes = try socket.receive()
                guard !bytes.isEmpty else { throw TooLate(what: "\(left) of \(count) lines") }
                unsafe bytes.withUnsafeBytes { buffer in
                    guard var place = buffer.baseAddress else { return }
                    let end = unsafe place + buffer.count
                    while let found = unsafe memchr(place, 0x0A, end - place) {
                        left -= 1
                        unsafe place = UnsafeRawPointer(found) + 1
                    }
                }
            }
        }

        @Test("a thousand channels are shown while 64 clients have traffic")
        func manyChannels() throws {
            try Self.withMail(channels: 1000) { daemon, _ in
                let traffic = try EchoTraffic(64, to: daemon.endpoint())
                try traffic.goOn()
                let socket = try Socket.connected(to: .unix(path: daemon.controlPath))
                var times: [Duration] = []
                for _ in 0..<51 {
                    times.append(
                        try ContinuousClock().measure {
                            try socket.send("show channels\n")
                            try Self.takeLines(1002, from: socket)
                        })
                }
                try traffic.goOn()
                try traffic.end()
                times.sort()
                print("show channels of 1,000: median \(times[25]), longest \(times[50])")
                if Self.soakSeconds != nil { #expect(times[25] <= .milliseconds(5)) }
            }
        }

        @Test("twenty screens on a thousand channels")
        func watchers() throws {
            try Self.withMail(channels: 1000) { daemon, _ in
                let seconds = Self.soakSeconds ?? 2
                let watchers = try (0..<20).map { _ in
                    try ControlClient(path: daemon.controlPath)
                }
                for watcher in watchers { try watcher.socket.send("watch 1 show channels\n") }
                for watcher in watchers { _ = try watcher.nextReply() }
                let before = try daemon.cpuMilliseconds()
                let start = ContinuousClock.now
                for _ in 0..<seconds {
                    for watcher in watchers {
                        guard case .ok(_, let lines) = try watcher.nextReply() else { continue }
                        #expect(lines.count == 1001)
                    }
                }
                let spent = Double(try daemon.cpuMilliseconds() - before)
                let elapsed = (ContinuousClock.now - start) / .milliseconds(1)
                let percent = (spent / elapsed * 1000).rounded() / 10
                print("20 × watch 1 show channels of 1,000: \(percent) % of a core")
                if Self.soakSeconds != nil { #expect(percent <= 3) }
            }
        }
    }
}
