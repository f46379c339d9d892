internal import Shared

/// What is put around a line for where it goes.
enum LogFraming: Equatable, Sendable {
    /// Nothing: a line about a session brings its own time.
    case bare
    /// `proxyd: text`, for a person at a terminal.
    case called(String)
    /// `<4>text`: journald reads the level from the beginning (sd-daemon(3)).
    case leveled
    /// `[24/Nov/2026:17:08:57 +0100] warning: text`.
    case timed
    /// A datagram as syslog(3) sends it.
    case syslog(Identity)
    /// A datagram of journald's own protocol: `NAME=value` lines.
    case journal(Identity)

    struct Identity: Equatable, Sendable {
        var ident: String
        var facility: SyslogFacility
        /// Of every line; nil: the line's own.
        var severity: SyslogSeverity?
        var pid: Int32
    }

    static let named = LogFraming.called("proxyd")

    var isNamed: Bool { if case .called = self { true } else { false } }

    /// Each line is a message of its own.
    var isDatagram: Bool {
        switch self {
        case .syslog, .journal: true
        case .bare, .called, .leveled, .timed: false
        }
    }

    /// Everything in front of the text.
    func begin(
        _ severity: EventSnapshot.Severity, at instant: Instant, clock: inout LogClock,
        into bytes: inout [UInt8]
    ) {
        switch self {
        case .bare: break
        case .called(let name):
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: ": ".utf8)
        case .leveled:
            bytes.append(UInt8(ascii: "<"))
            bytes.append(digits: UInt64(SyslogSeverity(severity).number))
            bytes.append(UInt8(ascii: ">"))
        case .timed:
            clock.appendBracketed(instant, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: severity.rawValue.utf8)
            bytes.append(contentsOf: ": ".utf8)
        case .syslog(let identity):
            bytes.append(UInt8(ascii: "<"))
            bytes.append(
                digits: UInt64(identity.facility.number * 8 + identity.number(of: severity)))
            bytes.append(UInt8(ascii: ">"))
            clock.appendSyslog(instant, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: identity.ident.utf8)
            bytes.append(UInt8(ascii: "["))
            bytes.append(digits: UInt64(identity.pid))
            bytes.append(contentsOf: "]: ".utf8)
        case .journal(let identity):
            bytes.append(contentsOf: "PRIORITY=".utf8)
            bytes.append(digits: UInt64(identity.number(of: severity)))
            bytes.append(contentsOf: "\nSYSLOG_FACILITY=".utf8)
            bytes.append(digits: UInt64(identity.facility.number))
            bytes.append(contentsOf: "\nSYSLOG_IDENTIFIER=".utf8)
            bytes.append(contentsOf: identity.ident.utf8)
            bytes.append(contentsOf: "\nSYSLOG_PID=".utf8)
            bytes.append(digits: UInt64(identity.pid))
            bytes.append(contentsOf: "\nMESSAGE=".utf8)
        }
    }
}

extension LogFraming.Identity {
    func number(of severity: EventSnapshot.Severity) -> Int {
        (self.severity ?? SyslogSeverity(severity)).number
    }
}
