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

    @Test("each family is one block: help, type, then its samples")
    func blocks() throws {
        var families: [String] = []
        var isTyped = false
        for line in try lines() {
            if line.hasPrefix("# HELP ") {
                let words = line.split(separator: " ", maxSplits: 3)
                #expect(words.count == 4)
                families.append(String(words[2]))
                isTyped = false
            } else if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ").map(String.init)
                #expect(words[2] == families.last)
                #expect(["counter", "gauge"].contains(words[3]))
                #expect((words[3] == "counter") == words[2].hasSuffix("_total"), "\(line)")
                isTyped = true
            } else {
                #expect(isTyped)
                #expect(name(line) == families.last)
            }
        }
        #expect(Set(families).count == families.count)
        #expect(families.allSatisfy { $0.hasPrefix("proxyd_") })
    }

    @Test("every sample is well-formed, and none comes twice")
    func samples() throws {
        let pattern =
            /[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [0-9]+/
        let samples = try lines { daemon in
            daemon.reports[0].ends = [
                .done: 5, EndReason(who: .channel, when: .connect, cause: .refused): 2,
            ]
            daemon.reports[1].ends = [.done: 6]
        }.filter { !$0.hasPrefix("#") }
        for sample in samples { #expect(sample.wholeMatch(of: pattern) != nil, "\(sample)") }
        let series = samples.map { $0.split(separator: " ").dropLast().joined(separator: " ") }
        #expect(Set(series).count == series.count)
        #expect(samples.contains(#"proxyd_sessions_ended_total{code="--",cause="done"} 11"#))
        #expect(samples.contains(#"proxyd_sessions_ended_total{code="SC",cause="refused"} 2"#))
        #expect(samples.contains { $0.hasPrefix(#"proxyd_info{version=""#) })
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
