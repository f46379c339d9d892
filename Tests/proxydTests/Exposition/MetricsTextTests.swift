import Foundation
import Shared
import Testing

@testable import proxyd

@Suite("Metrics")
struct MetricsTextTests {
    private func lines(_ change: (FakeDaemon) -> Void = { _ in }) throws -> [String] {
        let daemon = try FakeDaemon.make()
        change(daemon)
        guard case .ok(_, let lines) = try daemon.reply(to: "metrics") else { throw Missing("OK") }
        return lines
    }

    /// A sample's name: what stands before labels and value.
    private func name(_ line: String) -> String { String(line.prefix { $0 != "{" && $0 != " " }) }

    @Test("everything keeps to the rules of the format, with much to tell and with little")
    func rules() throws {
        #expect(ExpositionRules.complaints(about: try lines()) == [])
        let full = try lines { daemon in
            daemon.reports[0].ends = [
                .done: 5, EndReason(who: .channel, when: .connect, cause: .refused): 2,
            ]
            daemon.reports[1].ends = [.done: 6]
            let channel = daemon.topology.channels[0]
            channel.probes.note("a \"word\"", nanoseconds: 1_500_000)
            for time in [0, 99_000, 100_000, 100_001, 7_000_000_000] as [UInt64] {
                channel.timings[0].connect.record(nanoseconds: time)
            }
            daemon.emit(Event(.info, .ready, of: .daemon, line: "x"))
        }
        #expect(ExpositionRules.complaints(about: full) == [])
        for sample in [
            #"proxyd_sessions_ended_total{code="--",cause="done"} 11"#,
            #"proxyd_sessions_ended_total{code="SC",cause="refused"} 2"#,
            #"proxyd_sessions_refused_total{cause="refused"} 2"#, "proxyd_events_total 1",
            Self.a("connect_seconds_bucket", #","le="0.0001""#) + " 3",
            Self.a("connect_seconds_bucket", #","le="0.00025""#) + " 4",
            Self.a("connect_seconds_bucket", #","le="5.0""#) + " 4",
            Self.a("connect_seconds_bucket", #","le="+Inf""#) + " 5",
            Self.a("connect_seconds_count") + " 5", Self.a("connect_seconds_sum") + " 7.000299001",
            Self.a("probes_total") + " 1", Self.a("probe_seconds") + " 0.0015",
        ] { #expect(full.contains(sample), "\(sample)") }
        #expect(full.contains { $0.hasPrefix(#"proxyd_info{version=""#) })
    }

    /// A series of the first channel.
    private static func a(_ name: String, _ more: String = "\"") -> String {
        let label = more.isEmpty || more == "\"" ? "" : String(more.dropFirst(2))
        return #"proxyd_channel_\#(name){channel="mail/main/a",address="127.0.0.1:10001""#
            + (label.isEmpty ? "" : "," + label) + "}"
    }

    @Test("a page that is longer than a reply may be breaks off, and is refused")
    func tooLong() {
        var text = MetricsText(mostBytes: 1000)
        let series = (0..<100).map { (MetricsText.Series([("channel", "c\($0)")]), UInt64($0)) }
        for _ in 0..<100 { text.add("x", .gauge, "X.", series) }
        #expect((1001..<6000).contains(text.body.bytes.count))
        #expect(text.body.bytes.count { $0 == 0x0A } == text.body.lineCount)
    }

    @Test("the checker of the rules finds what breaks them", arguments: ExpositionRules.broken)
    func checker(text: String) {
        let lines = text.split(separator: "\n").map(String.init)
        #expect(!ExpositionRules.complaints(about: lines).isEmpty, "\(text)")
    }

    @Test("there are samples of every channel, listener and worker")
    func all() throws {
        let samples = try lines()
        #expect(samples.count { name($0) == "proxyd_channel_usable" } == 4)
        #expect(samples.count { name($0) == "proxyd_listener_sessions_total" } == 1)
        #expect(samples.count { name($0) == "proxyd_worker_turns_total" } == 2)
        #expect(
            try lines { $0.topology.channels[0].turn(.off, by: "t", now: .now) }.contains(
                #"proxyd_channel_usable{channel="mail/main/a",address="127.0.0.1:10001"} 0"#))
    }

    @Test(
        "label values escape the backslash, the quote and the line feed",
        arguments: [
            ("plain", "plain"), (#"a"b"#, #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#),
            ("ü\t名", "ü\t名"), ("\\\"\n", #"\\\"\n"#), ("", ""), ("a\r\nb", "a\r\\nb"),
        ])
    func escaped(text: String, expected: String) {
        #expect(MetricsText.escaped(text) == expected)
    }
}
