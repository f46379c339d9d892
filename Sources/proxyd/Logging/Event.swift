internal import Shared

/// Something that happened, reported once: it becomes a line of the log and a row of `show events`, so that the
/// two cannot disagree.
struct Event: Equatable, Sendable {
    typealias Severity = EventSnapshot.Severity

    /// What it happened to.
    struct Subject: Equatable, Sendable {
        enum Kind: String, Sendable {
            case daemon, service, group, channel, listener, session, trigger, control, metrics, log
        }

        var kind: Kind
        /// Its path, or what else it is known by; empty for the daemon.
        var name = ""
        /// Of a thing of the topology, whose path another one may get later.
        var serial: UInt64?

        static let daemon = Subject(kind: .daemon)

        var text: String { name.isEmpty ? kind.rawValue : "\(kind.rawValue) \(name)" }
    }

    /// What happened, in a word.
    enum Kind: String, Sendable {
        case ready, ending, ended, reloaded
        /// Another process gets ready to take over; and has, or could not.
        case upgrading, upgraded
        /// A person or a program has switched it; `from` and `to` are states.
        case state
        /// Connects or probes fail; `returned` is the opposite.
        case failed, returned
        /// All channels of a service at once.
        case allFailed = "all-failed"
        /// A key of the configuration; which one is its cause.
        case set
        case created, removed, weight, maxc, address, balance, reset
        /// Another set of addresses behind a name, and a name that has none any more.
        case resolved, unresolved
        case electing, elected, vacant, discarded
        case trigger
        case cut, shed
        /// A live copy of traffic began or ended.
        case dump
        case opened, refusing
        case shortage
        /// All places of a service are taken; `returned` is the opposite.
        case full
        /// A client of the control socket or of the metrics' was turned away or cut off.
        case clientCut = "client-cut"
        case forbidden
        /// A client that `access` does not let in.
        case denied
        /// Lines of a log cannot be written, or were lost; `returned` is the end of the first.
        case unwritten, lost
        case reopened
        /// The process has not run for a while.
        case clock
        /// Traces of sessions were switched on or off.
        case debug
    }

    var severity: Severity
    var kind: Kind
    var subject: Subject
    var from: String?
    var to: String?
    var cause: String?
    /// Who did it; nil: the daemon itself.
    var actor: Actor?
    /// The line of the log.
    var line: String

    init(
        _ severity: Severity, _ kind: Kind, of subject: Subject, from: String? = nil,
        to: String? = nil, because cause: String? = nil, by actor: Actor? = nil, line: String
    ) {
        self.severity = severity
        self.kind = kind
        self.subject = subject
        self.from = from
        self.to = to
        self.cause = cause
        self.actor = actor
        self.line = line
    }

    /// What it has in common with others of which only some go into the log: what clients of ours can do
    /// again and again goes by its kind, everything else by its words.
    var deduplicationKey: String {
        switch kind {
        case .clientCut, .forbidden, .denied:
            "\(subject.kind.rawValue) \(kind.rawValue) \(cause ?? "")"
        default: line
        }
    }

    /// With no text longer than so many bytes.
    func bounded(to length: Int) -> Event {
        var event = self
        event.subject.name = event.subject.name.bounded(to: length)
        event.from = from?.bounded(to: length)
        event.to = to?.bounded(to: length)
        event.cause = cause?.bounded(to: length)
        event.line = line.bounded(to: length)
        return event
    }
}

/// Who did something over the control socket, as the kernel says (unix(7), SO_PEERCRED).
struct Actor: Hashable, Sendable {
    var uid: UInt32
    var pid: Int32
    var program: String
}

extension Actor: CustomStringConvertible {
    /// As the log and tables name one: `1000:proxytop[4711]`.
    var description: String { "\(uid):\(program)[\(pid)]" }
}

extension String {
    /// The longest beginning of so many bytes at most, by whole scalars.
    fileprivate func bounded(to length: Int) -> String {
        guard utf8.count > length else { return self }
        var end = utf8.index(startIndex, offsetBy: length)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
