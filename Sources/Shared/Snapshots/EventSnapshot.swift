/// One thing that happened: a row of `show events`.
package struct EventSnapshot: Snapshot {
    /// How much it matters, the least first.
    package enum Severity: String, Sendable, CaseIterable, Comparable {
        case debug, info, notice, warning, error

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    }

    /// Rises by one from event to event; 1 is the daemon's first.
    package var id: UInt64
    /// Since 1970.
    package var timeMilliseconds: UInt64
    /// Of the daemon's monotonic clock, as `now_ms`.
    package var monotonicMilliseconds: UInt64
    package var severity: Severity
    /// What it happened to, e.g. `channel mail/0/1`.
    package var subject: String
    /// What happened, in a word.
    package var kind: String
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
    package var text: String

    package static let columns = [
        "id", "time_ms", "mono_ms", "severity", "subject", "kind", "from", "to", "cause", "actor",
        "serial", "user", "text",
    ]

    package var row: [String] {
        [
            String(id), String(timeMilliseconds), String(monotonicMilliseconds), severity.rawValue,
            subject, kind, from.cell, to.cell, cause.cell, actor.cell, serial.cell, user.cell, text,
        ]
    }

    package init?(_ fields: Fields) {
        guard let id = fields.number("id"), let kind = fields.text("kind") else { return nil }
        self.init(
            id: id, timeMilliseconds: fields.number("time_ms") ?? 0,
            monotonicMilliseconds: fields.number("mono_ms") ?? 0,
            severity: fields.text("severity").flatMap(Severity.init(rawValue:)) ?? .info,
            subject: fields.text("subject") ?? "?", kind: kind, text: fields.text("text") ?? "")
        from = fields.text("from")
        to = fields.text("to")
        cause = fields.text("cause")
        actor = fields.text("actor")
        serial = fields.number("serial")
        user = fields.text("user")
    }

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
