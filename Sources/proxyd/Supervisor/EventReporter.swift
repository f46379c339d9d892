internal import Shared

/// Where events go: the log, a dialect's own messages, and the ring that `events` reads.
final class EventReporter {
    let ring = EventRing()
    /// Another program's messages; nil: ours alone.
    let messages: (any DialectMessages)?

    init(messages: (any DialectMessages)?) { self.messages = messages }

    func emit(_ event: Event) {
        if messages?.replaces(event) != true {
            Log.line(event.line, event.severity, deduplicationKey: event.deduplicationKey)
        }
        if let messages {
            for line in messages.lines(about: event) { Log.verbatim(line, event.severity) }
        }
        ring.append(event, wallMilliseconds: WallClock.milliseconds, now: .now)
    }

    func emit(
        _ severity: Event.Severity, _ kind: Event.Kind, of subject: Event.Subject,
        from: String? = nil, to: String? = nil, because cause: String? = nil,
        by actor: Actor? = nil,
        _ line: String
    ) {
        emit(
            Event(
                severity, kind, of: subject, from: from, to: to, because: cause, by: actor,
                line: line))
    }
}
