internal import Shared

/// Who else is at the control socket of this daemon, and what they are about to change.
struct Presence: Equatable, Sendable {
    private(set) var all: [PresenceSnapshot] = []
    /// The paths that we have told the daemon we are about to change.
    private(set) var announced: [String] = []
    private var askedAt: UInt64?

    /// People come and go slowly; while a preview is open it is looked at more often.
    static let pauseMilliseconds: UInt64 = 3000
    /// So many paths are announced.
    static let mostPaths = 16

    func isDue(at now: UInt64, isChanging: Bool) -> Bool {
        isChanging || askedAt.map { now >= $0 + Self.pauseMilliseconds } ?? true
    }

    mutating func ask(at now: UInt64) { askedAt = now }

    mutating func receive(_ rows: [PresenceSnapshot]) {
        all = Array(rows.prefix(Bounds.presences))
    }

    mutating func announce(_ paths: [String]) { announced = paths }

    /// A new connection knows nothing of what was announced on the last one.
    mutating func beginAnew() {
        announced = []
        askedAt = nil
    }

    /// `control 3 (2 rw)`, once there is another client.
    var count: String? {
        guard all.count > 1 else { return nil }
        let writers = all.count { $0.role != "viewer" }
        return "control \(all.count) (\(writers) rw)"
    }

    /// Others with a preview open on something that lies on, above or below one of these paths.
    func rivals(_ paths: [String]) -> [PresenceSnapshot] {
        all.filter { other in
            !other.isOwn
                && other.intends.contains { theirs in
                    paths.contains { ours in
                        ours == theirs || ours.hasPrefix(theirs + "/")
                            || theirs.hasPrefix(ours + "/")
                    }
                }
        }
    }

    /// `alice (proxytop) has a preview open on it, too`
    func warning(_ paths: [String]) -> String? {
        let others = rivals(paths)
        guard let first = others.first else { return nil }
        let more = others.count > 1 ? " and \(others.count - 1) more" : ""
        return
            "\(Self.name(first))\(more) is about to change \(first.intends.joined(separator: " "))"
    }

    static func name(_ presence: PresenceSnapshot) -> String {
        "\(presence.user ?? String(presence.uid)) (\(presence.program))"
    }
}

extension Model {
    /// What the open preview is about, as paths of the daemon.
    private var intended: [String] {
        guard let open = actions.confirmation else { return [] }
        let targets = open.act.targets.filter { !$0.serials.isEmpty }.map(\.path)
        guard targets.isEmpty else { return Array(targets.prefix(Presence.mostPaths)) }
        // Of a typed command the words that are something's path.
        let words = Set(open.act.commands.flatMap { $0.dropFirst() })
        let known =
            (snapshot?.channels.map(\.path) ?? []) + (snapshot?.groups.map(\.snapshot.path) ?? [])
            + (snapshot?.services.map(\.name) ?? [])
        return Array(known.filter(words.contains).prefix(Presence.mostPaths))
    }

    /// Tells the others what we are about to change, and asks who they are.
    mutating func presenceQuestions() -> [(Link.Question, Request)] {
        guard connection.catalog.has("show control"), !preferences.countsAllFailures else {
            return []
        }
        var questions: [(Link.Question, Request)] = []
        let paths =
            connection.hello?.maySwitch == true && connection.catalog.has("intend") ? intended : []
        if paths != data.presence.announced {
            data.presence.announce(paths)
            questions.append((.intend, Request(words: ["intend"] + paths)))
        }
        if data.presence.isDue(at: now.milliseconds, isChanging: actions.confirmation != nil) {
            data.presence.ask(at: now.milliseconds)
            questions.append((.presence, Request(words: ["show", "control"])))
        }
        return questions
    }
}
