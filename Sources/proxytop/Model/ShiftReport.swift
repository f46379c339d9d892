internal import Shared

/// A line of the operator's own.
struct Note: Equatable, Sendable {
    var at: Moment
    var text: String
}

/// A draft for the next shift: the present state, what happened, who did what, and the operator's notes.
struct ShiftReport {
    let text: String

    init(_ model: Model) {
        let hello = model.connection.hello
        let now = CalendarTime(seconds: model.shownNow.wallSeconds)
        var text = "# Handover: \(hello?.host ?? "?") \(now.iso)\n\n"
        text += "\(Summary(model).line)\n\n"
        if let hello {
            text +=
                "proxyd \(hello.version), pid \(hello.pid), up "
                + "\(hello.uptime(at: model.daemonNow))"
            text += hello.environment.isEmpty ? "\n\n" : ", \(hello.environment)\n\n"
        }
        text += "## Problems\n\n"
        let problems = model.problems
        text += problems.isEmpty ? "None.\n" : problems.map { "- \($0.text)\n" }.joined()
        text += "\n## Groups\n\n"
        for service in model.snapshot?.services ?? [] {
            for group in service.groups {
                let slots = Slots(group.channels)
                text +=
                    "- \(group.snapshot.path): \(group.snapshot.role.word), "
                    + "\(group.usable.count) of \(group.channels.count) usable, slots "
                    + "\(slots.description); if one more is lost: \(LossImpact.of(group, in: service).text)\n"
            }
        }
        text += "\n## Timeline (UTC)\n\n"
        var lines: [(UInt64, String)] = model.data.log.events.map { event in
            let who = event.actor == nil ? "" : " (\(event.actorName))"
            return (event.timeMilliseconds / 1000, event.text + who)
        }
        lines += model.actions.notes.map {
            (UInt64(max(0, $0.at.wallSeconds)), "**note: \($0.text)**")
        }
        let ordered = lines.enumerated().sorted {
            ($0.element.0, $0.offset) < ($1.element.0, $1.offset)
        }
        for (_, line) in ordered {
            let time = CalendarTime(seconds: Int64(min(line.0, Bounds.milliseconds)))
            text += "- \(time.iso) \(line.1)\n"
        }
        let sent = model.actions.undo.entries
        text += "\n## Commands of this screen\n\n"
        text += sent.isEmpty ? "None.\n" : sent.map { "- `\($0.command)`\n" }.joined()
        self.text = text
    }
}
