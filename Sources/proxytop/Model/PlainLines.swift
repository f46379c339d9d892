internal import Shared

/// The screen as lines, one for each thing that changes: for screen readers, logs and terminals without a screen.
struct PlainLines: Sendable {
    private var isGreeted = false
    private var linkWord = ""
    private var problems: [Subject: (severity: Problem.Severity, text: String)] = [:]
    private var lastEvent: UInt64?

    /// What is new since the last time, each with the time in front.
    mutating func news(_ model: Model) -> [String] {
        var lines = link(model)
        if let snapshot = model.snapshot, model.connection.link.isLive {
            if !isGreeted, let hello = model.connection.hello {
                isGreeted = true
                let summary = Summary(model)
                lines.append(
                    "\(hello.host): proxyd \(hello.version), pid \(hello.pid), "
                        + "\(snapshot.channels.count) channels, \(summary.value("usable")) usable, "
                        + "\(summary.value("current")) connections")
            }
            lines += events(model)
            lines += changes(model)
        }
        let now = CalendarTime(seconds: model.now.wallSeconds + model.now.offsetSeconds).clock
        return lines.map { "\(now) \($0)" }
    }

    private mutating func link(_ model: Model) -> [String] {
        let word: String
        switch model.connection.link.phase {
        case .hello: return []
        case .live: word = "live"
        case .lost(_, let reason): word = "the link is lost: \(reason)"
        }
        defer { linkWord = word }
        guard word != linkWord else { return [] }
        if word == "live" { return linkWord.isEmpty ? [] : ["the link is back"] }
        return [word]
    }

    private mutating func events(_ model: Model) -> [String] {
        guard let last = model.data.log.last else { return [] }
        // What has happened before we came is the past; what is wrong now is listed as problems.
        guard let before = lastEvent else {
            lastEvent = last
            return []
        }
        // A daemon that was started anew counts anew.
        let fresh = model.data.log.events.filter { $0.id > (last < before ? 0 : before) }
        lastEvent = last
        return fresh.map { event in
            let who = event.actor == nil ? "" : ", by \(event.actorName)"
            return "\(event.severity.rawValue): \(event.text)\(who)"
        }
    }

    private mutating func changes(_ model: Model) -> [String] {
        var lines: [String] = []
        var present: [Subject: (severity: Problem.Severity, text: String)] = [:]
        for problem in model.problems where problem.severity != .note {
            present[problem.subject] = (problem.severity, problem.text)
            if problems[problem.subject]?.severity != problem.severity {
                lines.append("problem: \(problem.text)")
            }
        }
        for (subject, problem) in problems where present[subject] == nil {
            lines.append("solved: \(problem.text)")
        }
        problems = present
        return lines
    }
}
