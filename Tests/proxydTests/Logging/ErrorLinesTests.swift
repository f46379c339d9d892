import Shared
import Testing

@testable import proxyd

@Suite("Lines about the daemon")
struct ErrorLinesTests {
    private static func texts(_ buffer: LineBuffer) -> [String] {
        String(decoding: buffer.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("what matters less than the level is not written, a trace always is")
    func level() throws {
        var lines = ErrorLines(level: .warning)
        var buffer = LineBuffer(.named)
        for severity in EventSnapshot.Severity.allCases {
            lines.put(
                .line(severity.rawValue, severity, at: .at(1), deduplicationKey: nil), into: &buffer
            )
        }
        lines.put(
            .trace(
                TraceRecord(
                    id: 7, client: .local(5), at: .at(1),
                    event: .closed(.done, lived: 1_230_000, inBytes: 2, outBytes: 3))),
            into: &buffer)
        #expect(
            Self.texts(buffer) == [
                "proxyd: warning", "proxyd: error",
                "proxyd: session 7 127.0.0.1:5 closed: -- done after 1.2 ms, in 2 out 3 bytes",
            ])
    }

    @Test("the same line is told five times in ten seconds, then how often it was left out")
    func repeats() {
        var lines = ErrorLines(level: .info)
        var buffer = LineBuffer(.named)
        func say(_ text: String, at second: Int) {
            lines.put(
                .line(text, .warning, at: .at(second), deduplicationKey: text), into: &buffer)
        }
        for _ in 0..<8 { say("channel a failed: refused", at: 100) }
        say("channel b failed: refused", at: 101)
        #expect(buffer.lineCount == 6)
        #expect(lines.nextDeadline == .at(110))
        lines.putDue(now: .at(109), isLast: false, into: &buffer)
        #expect(buffer.lineCount == 6)
        lines.putDue(now: .at(110), isLast: false, into: &buffer)
        #expect(
            Self.texts(buffer).last
                == "proxyd: repeated 3 times more: channel a failed: refused")
        #expect(lines.nextDeadline == nil)
        say("channel a failed: refused", at: 111)
        #expect(buffer.lineCount == 8)
    }

    @Test("what was left out is told at the end at the latest")
    func last() {
        var lines = ErrorLines(level: .info)
        var buffer = LineBuffer(.named)
        for _ in 0..<7 {
            lines.put(.line("x", .info, at: .at(1), deduplicationKey: "k"), into: &buffer)
        }
        buffer.clear()
        lines.putDue(now: .at(2), isLast: true, into: &buffer)
        #expect(Self.texts(buffer) == ["proxyd: repeated 2 times more: x"])
    }

    @Test("many kinds of lines take no memory without end, and each is told")
    func kinds() {
        var guardian = RepeatGuard()
        for number in 0..<10_000 {
            let isTold = guardian.admits("line", deduplicationKey: String(number), at: .at(number))
            #expect(isTold)
        }
        let summaries = guardian.takeAllSummaries()
        #expect(summaries.isEmpty)
    }

    @Test("a thousand lines of debugging a second, and the rest is counted")
    func traces() {
        var lines = ErrorLines(level: .error)
        var buffer = LineBuffer(.named)
        func trace(at second: Int) {
            lines.put(
                .trace(
                    TraceRecord(id: 1, client: .local(5), at: .at(second), event: .ended(.client))),
                into: &buffer)
        }
        for _ in 0..<1234 { trace(at: 5) }
        #expect(buffer.lineCount == 1000)
        #expect(lines.nextDeadline == .at(6))
        buffer.clear()
        trace(at: 6)
        #expect(
            Self.texts(buffer) == [
                "proxyd: debug: 234 lines of a second were left out",
                "proxyd: session 1 127.0.0.1:5 client ended its writes: all delivered",
            ])
    }

    private static let identity = LogFraming.Identity(
        ident: "relay", facility: .uucp, severity: nil, pid: 7)

    @Test("a line is dressed for where it goes")
    func dresses() {
        func line(_ dress: LogFraming, _ severity: EventSnapshot.Severity = .warning) -> String {
            var buffer = LineBuffer(dress, clock: LogClock(offset: 0))
            buffer.begin(severity, at: .at(1_000_000_000))
            buffer.append(cleaning: "a\nb\u{1B}é\u{9B}")
            buffer.end()
            return String(decoding: buffer.bytes, as: UTF8.self)
        }
        #expect(line(.bare) == "a?b?é?\n")
        #expect(line(.named) == "proxyd: a?b?é?\n")
        #expect(line(.leveled) == "<4>a?b?é?\n")
        #expect(
            line(.timed).wholeMatch(
                of: #/\[0[89]/Sep/2001:\d\d:\d6:40 .....\] warning: a\?b\?é\?\n/#)
                != nil)
        #expect(
            line(.syslog(Self.identity)).wholeMatch(
                of: /<68>Sep  [89] \d\d:\d6:40 relay\[7\]: a\?b\?é\?/) != nil)
        #expect(
            line(.journal(Self.identity), .error) == """
                PRIORITY=3
                SYSLOG_FACILITY=8
                SYSLOG_IDENTIFIER=relay
                SYSLOG_PID=7
                MESSAGE=a?b?é?

                """)
        var fixed = Self.identity
        fixed.severity = .crit
        #expect(line(.syslog(fixed)).hasPrefix("<66>"))
    }

    @Test("a line has an end, however long its text")
    func longest() {
        var buffer = LineBuffer(.named)
        buffer.begin(.info, at: .at(1))
        buffer.append(String(repeating: "x", count: 10_000))
        buffer.end()
        #expect(buffer.bytes.count == LineBuffer.longestText + 9)
        #expect(buffer.bytes.count <= 4096)
    }
}
