/// One thing that happened: a row of `show events`.
package struct EventSnapshot: Snapshot {
    /// How much it matters, the least first.
    package enum Severity: String, Sendable, CaseIterable, Comparable {
        case debug, info, notice, warning, error

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    }

    /// Rises by one from event to event; 1 is the daemon's first.
    package var id: UInt64 = 0
    /// Since 1970.
    package var timeMilliseconds: UInt64 = 0
    /// Of the daemon's monotonic clock, as `now_ms`.
    package var monotonicMilliseconds: UInt64 = 0
    package var severity = Severity.info
    /// What it happened to, e.g. `channel mail/0/1`.
    package var subject = "?"
    /// What happened, in a word.
    package var kind = "?"
    package var from: String?
    package var to: String?
    package var cause: String?
    /// Who did it: `uid:program[pid]`; nil: the daemon itself.
    package var actor: String?
    /// The serial of the channel, group, listener or service.
    package var serial: UInt64?
    /// The name of the actor's user; nil when it has none, or it is not known yet.
    package var user: String?
    /// The line of the log.
    package var text = ""

    package static let fields: [Field<Self>] = [
        Field("id", \.id, isRequired: true),
        Field("time_ms", \.timeMilliseconds),
        Field("mono_ms", \.monotonicMilliseconds),
        Field("severity", \.severity),
        Field("subject", \.subject),
        Field("kind", \.kind, isRequired: true),
        Field("from", \.from),
        Field("to", \.to),
        Field("cause", \.cause),
        Field("actor", \.actor),
        Field("serial", \.serial),
        Field("user", \.user),
        Field("text", \.text),
    ]

    package init() {}

    package init(
        id: UInt64, timeMilliseconds: UInt64, monotonicMilliseconds: UInt64, severity: Severity,
        subject: String, kind: String, text: String
    ) {
        self.id = id
        self.timeMilliseconds = timeMilliseconds
        self.monotonicMilliseconds = monotonicMilliseconds
        self.severity = severity
        self.subject = subject
        self.kind = kind
        self.text = text
    }
}
