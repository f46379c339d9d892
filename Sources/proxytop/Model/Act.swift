internal import Shared

/// A change that an operator asks for: one command, or several in order.
struct Act: Equatable, Sendable {
    enum Verb: Equatable, Sendable {
        /// Takes new sessions again.
        case enable
        /// The same for channels that autodisable has switched off.
        case clear
        /// No new sessions; the present ones stay.
        case drain
        /// No new sessions, and the running ones are ended.
        case cut
        /// Switched off; running sessions go on. Only for what is empty.
        case off
        case weight(UInt64)
        /// nil: no limit.
        case maxc(UInt64?)
        /// Ends connections and switches nothing.
        case kill
        /// Counters begin at nothing.
        case reset
        /// What was typed, and what takes an earlier act back.
        case typed([[String]]), undo([[String]])
    }

    /// What it is done to, by identity.
    struct Target: Equatable, Sendable {
        var subject: Subject
        var path: String
        /// As the table names it: `0.2` or `G0`.
        var name: String
        var serials: Set<UInt64>
    }

    /// The ids of one `kill sessions`: a filter has at most 256 words.
    static let mostIDs = 100

    var verb: Verb
    var targets: [Target]
    /// The state of things that the operator saw; the daemon refuses when it has moved.
    var generation: UInt64
    /// Of a drain: whether the channels are switched off when they are empty.
    var endsOff = false
    /// And at this time at the latest, with what is left cut: seconds of the local clock since 1970.
    var endsAt: Int64?
    /// What the screen does it for by itself, in a word; nil: a person does it.
    var occasion: String?

    /// What is sent, in order, without the generation.
    var commands: [[String]] {
        switch verb {
        case .enable, .clear: targets.map { ["enable", $0.path] }
        case .drain: targets.map { ["drain", $0.path] }
        case .cut: targets.map { ["disable", $0.path, "cut"] }
        case .off: targets.map { ["disable", $0.path] }
        case .weight(let weight): targets.map { ["set", $0.path, "weight", String(weight)] }
        case .maxc(let maxc):
            targets.map { ["set", $0.path, "maxc", maxc.map { String($0) } ?? "default"] }
        case .reset: targets.map { ["reset", $0.path] }
        case .typed(let commands), .undo(let commands): commands
        case .kill: killing
        }
    }

    private var killing: [[String]] {
        var commands: [[String]] = []
        var ids: [UInt64] = []
        for target in targets {
            if case .session(let id) = target.subject {
                ids.append(id)
            } else {
                commands.append(["kill", "sessions", "where", "channel", "=", target.path])
            }
        }
        if ids.count == 1, let id = ids.first {
            return commands + [["kill", "session", String(id)]]
        }
        for start in stride(from: 0, to: ids.count, by: Self.mostIDs) {
            var words = ["kill", "sessions", "where"]
            for (index, id) in ids[start..<min(ids.count, start + Self.mostIDs)].enumerated() {
                words += (index > 0 ? ["or"] : []) + ["id=\(id)"]
            }
            commands.append(words)
        }
        return commands
    }

    /// Whether a command holds only while nothing has moved. Letting sessions in again is harmless, and a
    /// connection's id is never another's.
    private func isBound(_ words: [String]) -> Bool {
        if words.contains(where: { $0.hasPrefix("if-gen=") }) { return false }
        switch verb {
        case .enable: return false
        case .kill: return words.contains("channel")
        default: return true
        }
    }

    /// A command as it is sent, with the state of things that it is for.
    func request(_ words: [String], generation: UInt64) -> Request {
        Request(words: words + (isBound(words) ? ["if-gen=\(generation)"] : []))
    }

    var requests: [Request] { commands.map { request($0, generation: generation) } }

    /// The first command as a person would type it, and how many follow.
    var command: String { requests.first.map { $0.text + others } ?? "" }

    /// The same without the state of things that it is for.
    var brief: String { commands.first.map { Request(words: $0).text + others } ?? "" }

    private var others: String { commands.count > 1 ? " and \(commands.count - 1) more" : "" }

    /// What is meant, in a word or two.
    var name: String {
        switch verb {
        case .typed(let commands), .undo(let commands):
            let words = commands.first ?? []
            return words.count > 1 ? words[1] : words.first ?? ""
        default: return targets.count == 1 ? targets[0].name : "\(targets.count) marked"
        }
    }

    /// Whether a softer way leaves the connections alone.
    var cutsConnections: Bool { verb == .cut || verb == .kill }

    /// Whether the commands have to be planned as the one transaction they could be: two channels of a group
    /// are worth more than each alone.
    func isPlannedTogether(_ catalog: CommandCatalog) -> Bool {
        commands.count > 1 && catalog.has("begin")
            && commands.allSatisfy { words in
                ["enable", "drain", "disable", "set"].contains(words.first ?? "")
            }
    }

    /// What asks the daemon for the consequences. Together: what follows an open transaction, which is
    /// dropped at once.
    func plan(isTogether: Bool) -> [Request] {
        guard isTogether else { return commands.map { Request(words: ["plan"] + $0) } }
        return commands.map { Request(words: $0.last == "cut" ? $0.dropLast() : $0) }
            + [
                Request(words: ["plan", "commit"]),
                Request(words: ["abort"]),
            ]
    }
}

extension Request {
    /// The line without its end.
    var text: String { words.map(Self.quoted).joined(separator: " ") }
}

extension Act.Target {
    /// The thing that is meant; nil when it is not there any more.
    init?(
        _ subject: Subject, in snapshot: DaemonSnapshot, _ window: SessionWindow = SessionWindow()
    ) {
        self.subject = subject
        switch subject {
        case .channel(let serial):
            guard let channel = snapshot.channel(serial: serial) else { return nil }
            path = channel.path
            name = Place(channelPath: channel.path).shortName
            serials = [serial]
        case .group(let serial):
            guard let group = snapshot.group(serial: serial) else { return nil }
            path = group.snapshot.path
            name = group.title
            serials = Set(group.channels.map(\.serial))
        case .service(let service):
            guard let found = snapshot.services.first(where: { $0.name == service }) else {
                return nil
            }
            path = service
            name = service
            serials = Set(found.groups.flatMap { $0.channels.map(\.serial) })
        case .session(let id):
            path = String(id)
            name = window.session(id: id).map { "\(id) \($0.client)" } ?? String(id)
            serials = []
        case .quiet, .listener, .event: return nil
        }
    }
}
