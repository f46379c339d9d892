internal import Shared

/// What is written about sessions and about the daemon itself, and where.
struct LogConfiguration: Equatable, Sendable {
    /// A line per session; nil: none.
    var access: AccessLogConfiguration?
    var error = ErrorLogConfiguration()
}

/// The lines about sessions.
struct AccessLogConfiguration: Equatable, Sendable {
    var target: LogTarget
    var format = AccessFormat.httpd
    /// A line when a channel has accepted.
    var tellsStart = false
    /// A line when it is over.
    var tellsEnd = true
    /// A line each time that a session has run for so long again; nil: none.
    var every: Duration?

    init(target: LogTarget) { self.target = target }
}

/// What a line about a session looks like.
enum AccessFormat: String, Equatable, Sendable, CaseIterable {
    /// Fproxy's: like a web server's, one per session.
    case httpd
    /// That, with everything else behind it as `name=value`.
    case extended
    /// An object per line.
    case json
}

/// The lines about the daemon.
struct ErrorLogConfiguration: Equatable, Sendable {
    var target = LogTarget(.standardError)
    /// What matters less is not written.
    var level = EventSnapshot.Severity.info
}

/// Where a log's lines go.
struct LogTarget: Equatable, Sendable {
    enum Place: Equatable, Sendable {
        case file(String)
        case standardOutput, standardError
        case syslog, journald
    }

    var place: Place
    /// Where syslog or journald listens, if not at the usual place.
    var socket: String?
    /// What syslog and journald call us. Tcprelay's `syslog ident`.
    var ident = "proxyd"
    var facility = SyslogFacility.daemon
    /// Of every line; nil: each line's own, `info` for sessions. Tcprelay's `syslog severity`.
    var severity: SyslogSeverity?

    init(_ place: Place) { self.place = place }

    var isFile: Bool { if case .file = place { true } else { false } }
    var isStandardStream: Bool { place == .standardOutput || place == .standardError }
    var isSyslogOrJournald: Bool { place == .syslog || place == .journald }

    /// As it is written.
    var word: String {
        switch place {
        case .file(let path): path
        case .standardOutput: "stdout"
        case .standardError: "stderr"
        case .syslog: "syslog"
        case .journald: "journald"
        }
    }
}

/// Kinds of programs, as syslog(3) tells them apart.
enum SyslogFacility: String, Equatable, Sendable, CaseIterable {
    case auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, syslog, user, uucp
    case local0, local1, local2, local3, local4, local5, local6, local7

    /// The number of syslog.h, before it is shifted.
    var number: Int {
        switch self {
        case .kern: 0
        case .user: 1
        case .mail: 2
        case .daemon: 3
        case .auth: 4
        case .syslog: 5
        case .lpr: 6
        case .news: 7
        case .uucp: 8
        case .cron: 9
        case .authpriv: 10
        case .ftp: 11
        case .local0: 16
        case .local1: 17
        case .local2: 18
        case .local3: 19
        case .local4: 20
        case .local5: 21
        case .local6: 22
        case .local7: 23
        }
    }
}

/// How much a line matters, as syslog(3) has it: the most first.
enum SyslogSeverity: String, Equatable, Sendable, CaseIterable {
    case emerg, alert, crit, err, warning, notice, info, debug

    var number: Int { Self.allCases.firstIndex(of: self) ?? 6 }

    init(_ severity: EventSnapshot.Severity) {
        switch severity {
        case .error: self = .err
        case .warning: self = .warning
        case .notice: self = .notice
        case .info: self = .info
        case .debug: self = .debug
        }
    }
}
