import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Counters and detail on the control socket")
struct CounterCommandTests {
    private func daemon() throws -> FakeDaemon {
        let daemon = try FakeDaemon.make()
        let channels = daemon.topology.channels
        for _ in 0..<3 { channels[0].counters[0].addSession() }
        channels[1].counters[0].addSession()
        channels[0].counters[0].addBytes(10, from: .client)
        channels[0].counters[0].addBytes(70, from: .channel)
        channels[1].counters[0].addFailure()
        daemon.topology.listeners[0].counters[0].addSession()
        return daemon
    }

    @Test(
        "mrtg’s four lines are balance’s",
        arguments: [
            ("mrtg-bytes 0/0", ["70", "10", "UNKNOWN", "group 0 channel 0"]),
            ("mrtg-bytes mail/main/b", ["0", "0", "UNKNOWN", "group 0 channel 1"]),
            ("mrtg-conns 0/0", ["3", "UNKNOWN", "UNKNOWN", "group 0 channel 0"]),
            ("mrtg-conns spare/d", ["0", "UNKNOWN", "UNKNOWN", "group 1 channel 0"]),
            ("mrtg-conns mail", ["4", "UNKNOWN", "UNKNOWN", "mail"]),
        ])
    func mrtg(line: String, expected: [String]) throws {
        guard case .ok(_, let lines) = try daemon().reply(to: line) else { throw Missing("OK") }
        #expect(lines == expected)
    }

    @Test("tables count from a reset on; metrics and mrtg go on")
    func reset() throws {
        let daemon = try daemon()
        let metrics = try daemon.reply(to: "metrics").sample("proxyd_channel_sessions_total")
        let plan = try daemon.table("plan reset mail").table
        let (table, _) = try daemon.table("reset mail")
        #expect(plan.rows.map { $0[0] } == table.rows.map { $0[0] })
        #expect(table.rows.map { $0[0] } == ["mail/main/a", "mail/main/b", "mail/l"])
        #expect(table.rows.map { $0[2] } == ["3", "1", "1"])
        for row in ChannelSnapshot.all(in: try daemon.table("show channels").table) {
            #expect(row.total == 0 && row.failed == 0 && row.inBytes == 0 && row.outBytes == 0)
        }
        daemon.topology.channels[0].counters[0].addSession()
        let rows = ChannelSnapshot.all(in: try daemon.table("show channels").table)
        #expect(rows[0].total == 1)
        let groups = GroupSnapshot.all(in: try daemon.table("show groups").table)
        #expect(groups.map(\.total) == [1, 0])
        #expect(metrics == 3)
        #expect(try daemon.reply(to: "metrics").sample("proxyd_channel_sessions_total") == 4)
        #expect(daemon.events.last == 3)
        #expect(try daemon.table("reset mail/spare").table.rows.isEmpty)
    }

    @Test("a channel’s detail has what show channels has, its share and its last ten errors")
    func detail() throws {
        let daemon = try daemon()
        let channel = daemon.topology.channels[0]
        for number in 1...12 {
            channel.errors.record("refused", "n\(number)", errno: ECONNREFUSED, now: .now)
        }
        let (table, _) = try daemon.table("show channel 0/0")
        let values = Dictionary(uniqueKeysWithValues: table.rows.map { ($0[0], $0[1]) })
        for column in ChannelSnapshot.columns { #expect(values[column] != nil, "\(column)") }
        #expect(values["share"] == "0.75")
        #expect(values["share_expected"] == "0.3333")
        #expect(values["connect_timeout_ms"] == "5000")
        #expect(values["error_1"]?.hasSuffix("errno=ECONNREFUSED cause=refused: n12") == true)
        #expect(values["error_10"]?.hasSuffix("cause=refused: n3") == true)
        #expect(values["error_11"] == nil)
        channel.errors.record("dead peer", errno: ETIMEDOUT, now: .now)
        channel.timings[0].connect.record(nanoseconds: 200_000)
        let later = try daemon.table("show channel 0/0").table.rows
        #expect(later.contains(["causes", "refused=12 dead-peer=1"]))
        let histogram = try #require(later.first { $0[0] == "connect_histogram" })[1]
        #expect(histogram.hasPrefix("100=0 250=1 500=0 "))
        #expect(histogram.hasSuffix(" 5000000=0 more=0"))
    }

    @Test(
        "one channel is asked for, and not a group or nothing",
        arguments: [
            ("show channel", Reply.ErrorCode.usage), ("show channel a b", .usage),
            ("show channel nowhere", .notFound), ("show channel mail/main", .invalid),
            ("show channel mail", .invalid), ("show channel spare", .invalid),
            ("reset", .usage), ("reset x/y/z", .notFound), ("mrtg-bytes", .usage),
            ("mrtg-conns x/y/z", .notFound),
        ])
    func refused(line: String, code: Reply.ErrorCode) throws {
        #expect(try daemon().refusal(line).code == code)
    }

    @Test("a histogram counts each time in the first bucket that holds it")
    func histogram() {
        let histogram = TimeHistogram(.connect)
        for time in [0, 100_000, 100_001, 5_000_000_000, 5_000_000_001] as [UInt64] {
            histogram.record(nanoseconds: time)
        }
        var totals = TimeHistogram.Totals()
        histogram.add(to: &totals)
        #expect(totals.buckets == [2, 1] + Array(repeating: 0, count: 11) + [1, 1])
        #expect(totals.count == 5)
        #expect(totals.nanoseconds == 10_000_200_002)
        #expect(histogram.summary.count == 5)
    }

    @Test(
        "bounds rise, and are as many as there are buckets",
        arguments: [
            TimeHistogram.Bounds.connect, TimeHistogram.Bounds.firstByte,
            TimeHistogram.Bounds.session,
        ])
    func bounds(bounds: TimeHistogram.Bounds) {
        #expect(bounds.nanoseconds.count == TimeHistogram.boundCount)
        #expect(zip(bounds.nanoseconds, bounds.nanoseconds.dropFirst()).allSatisfy { $0 < $1 })
    }
}

extension Reply {
    /// The first sample of a name.
    fileprivate func sample(_ name: String) -> Int? {
        guard case .ok(_, let lines) = self else { return nil }
        let line = lines.first { $0.hasPrefix(name + "{") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }
}
