import Shared
import Testing

@testable import proxyd

@Suite("Log settings")
struct LogReaderTests {
    private static let service = "services: [{listen: [\"127.0.0.1:1\"], channels: [a:1]}]"

    private static func parse(_ log: String) throws(ConfigurationErrors) -> LogConfiguration {
        try ConfigurationFile.parse("log: \(log)\n\(service)", name: "f").log
    }

    private static func access(
        _ place: LogTarget.Place, _ change: (inout AccessLogConfiguration) -> Void = { _ in }
    ) -> LogConfiguration {
        var access = AccessLogConfiguration(target: LogTarget(place))
        change(&access)
        return LogConfiguration(access: access)
    }

    @Test("without a word there is no access log, and errors go to standard error")
    func standard() throws {
        #expect(try Self.parse("{}") == LogConfiguration())
        #expect(LogConfiguration().error.target.place == .standardError)
    }

    static let good: [(String, LogConfiguration)] = [
        ("{access: /var/log/a.log}", access(.file("/var/log/a.log"))),
        ("{access: stdout, format: json}", access(.standardOutput) { $0.format = .json }),
        (
            "{access: {target: ./a, format: extended, events: [start, end], every: 1m}}",
            access(.file("./a")) {
                $0.format = .extended
                $0.tellsStart = true
                $0.every = .seconds(60)
            }
        ),
        (
            "{access: {target: syslog, ident: relay, facility: UUCP, severity: notice, socket: /s}}",
            access(.syslog) {
                $0.target.ident = "relay"
                $0.target.facility = .uucp
                $0.target.severity = .notice
                $0.target.socket = "/s"
            }
        ),
        (
            "{error: syslog}",
            LogConfiguration(error: ErrorLogConfiguration(target: LogTarget(.syslog)))
        ),
        (
            "{error: {level: debug}}",
            LogConfiguration(error: ErrorLogConfiguration(level: .debug))
        ),
        (
            "{access: journald, error: {target: /e/log, level: warning}}",
            LogConfiguration(
                access: AccessLogConfiguration(target: LogTarget(.journald)),
                error: ErrorLogConfiguration(
                    target: LogTarget(.file("/e/log")), level: .warning))
        ),
    ]

    @Test("what was meant, and written back it is the same", arguments: good.indices)
    func read(index: Int) throws {
        let (text, expected) = Self.good[index]
        #expect(try Self.parse(text) == expected)
        var configuration = try ConfigurationFile.parse(Self.service, name: "f")
        configuration.log = expected
        let written = ConfigurationText.yaml(configuration)
        #expect(try ConfigurationFile.parse(written, name: "f").log == expected, "\(written)")
    }

    @Test(
        "mistakes are told with their remedy",
        arguments: [
            (
                "{access: access.log}",
                "the log: invalid target “access.log”; "
                    + "write stdout, stderr, syslog, journald, or a path such as "
                    + "/var/log/proxyd/access.log"
            ),
            ("{acces: stdout}", "unknown key “acces” in “log”; did you mean “access”?"),
            (
                "{format: json}",
                "“format” stands beside “access: TARGET” only; "
                    + "add “access”, as in access: /var/log/proxyd/access.log"
            ),
            (
                "{access: {target: stdout}, format: json}",
                "“format” stands beside “access: TARGET” only; write it in “access”"
            ),
            (
                "{access: {format: json}}",
                "“access” has no target; add “target”, as in target: /var/log/proxyd/access.log"
            ),
            (
                "{access: {target: stdout, format: jsn}}",
                "“format” is “jsn”, which is unknown; did you mean “json”?"
            ),
            (
                "{access: {target: stdout, every: 1m}}",
                "“httpd” is a line per session, at its end; "
                    + "leave “events” and “every” out, or write format: extended"
            ),
            (
                "{access: {target: stdout, format: json, every: 10ms}}",
                "“every” is too short; write 1s or more"
            ),
            (
                "{access: {target: stdout, format: json, events: []}}",
                "“events” is empty; write [end], or remove “access”"
            ),
            (
                "{access: {target: stdout, ident: x}}",
                "“ident” is for syslog and journald, and the target is stdout; remove it"
            ),
            (
                "{error: {target: syslog, facility: nowhere}}",
                "“facility” is “nowhere”, which is unknown; write auth, authpriv, cron, daemon, ftp, "
                    + "kern, lpr, mail, news, syslog, user, uucp, local0, local1, local2, local3, "
                    + "local4, local5, local6 or local7"
            ),
            (
                "{error: {target: syslog, ident: \"a: b\"}}",
                "“ident” is “a: b”, which syslog cannot take as a name; "
                    + "write 1 to 48 letters and digits"
            ),
            (
                "{error: {level: warn}}",
                "“level” is “warn”, which is unknown; write debug, info, notice, warning or error"
            ),
        ])
    func diagnostics(text: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try Self.parse(text) }
        #expect(error?.errors.first?.description.contains(expected) == true, "\(error as Any)")
    }

    @Test("a log may be changed while the daemon runs")
    func live() throws {
        let running = try ConfigurationFile.parse(Self.service, name: "f")
        var target = running
        target.log.access = AccessLogConfiguration(target: LogTarget(.standardOutput))
        #expect(target.whatTakesARestart(from: running).isEmpty)
        let rows = ConfigurationDifference(from: running, to: target).rows
        #expect(rows.first?.field == "log.access.target")
        #expect(rows.first?.to == "stdout")
    }
}
