internal import Shared

/// Something an operator should know, as a sentence.
struct Problem: Equatable, Sendable {
    /// Worst first.
    enum Severity: Int, Comparable, Sendable {
        case exhausted, refusing, down, auto, full, grace
        /// Worth a word and no problem.
        case note

        static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    var severity: Severity
    /// The state whose glyph and colour stand before the sentence.
    var state: ChannelState
    var text: String
    var ageMilliseconds: UInt64?
    /// What it is about.
    var subject: Subject

    /// Everything that is wrong, worst first, and among equals the one that lasts longest.
    static func all(
        in snapshot: DaemonSnapshot, _ history: History, _ flaps: Flaps = Flaps()
    ) -> [Problem] {
        let hasServices = snapshot.services.count > 1
        var problems = snapshot.listeners.compactMap(refusal)
        for service in snapshot.services {
            for group in service.groups {
                let prefix = hasServices ? service.name + "/" : ""
                if let problem = trouble(of: group, prefix, history) { problems.append(problem) }
                problems += group.channels.compactMap { channel in
                    trouble(of: channel, prefix, history, flaps.text(channel.serial))
                }
            }
        }
        return problems.sorted {
            ($0.severity, $1.ageMilliseconds ?? 0) < ($1.severity, $0.ageMilliseconds ?? 0)
        }
    }

    private static func refusal(_ listener: ListenerSnapshot) -> Problem? {
        guard listener.state == .refusing else { return nil }
        return Problem(
            severity: .refusing, state: .down,
            text: "listener \(listener.address) refuses: no channel is usable",
            subject: .listener(serial: listener.serial))
    }

    private static func trouble(
        of group: DaemonSnapshot.Group, _ prefix: String, _ history: History
    ) -> Problem? {
        let usable = group.usable
        let name = prefix + group.title
        let subject = Subject.group(serial: group.snapshot.serial)
        if usable.isEmpty {
            return Problem(
                severity: .exhausted, state: .down,
                text: "\(name) has no usable channel of \(group.channels.count)",
                subject: subject)
        }
        let age = usable.map(\.sinceMilliseconds).min()
        if Slots(usable).isFull {
            return Problem(
                severity: .full, state: .full, text: "\(name) full", ageMilliseconds: age,
                subject: subject)
        }
        guard let spilled = history.groups[group.snapshot.serial]?.rates.failed, spilled > 0 else {
            return nil
        }
        let rate = NumberText.perSecond(spilled)
        return Problem(
            severity: .full, state: .full,
            text: "\(name) takes \(rate)/s that found no room before it",
            subject: subject)
    }

    private static func trouble(
        of channel: ChannelSnapshot, _ prefix: String, _ history: History, _ flapping: String?
    ) -> Problem? {
        let severity: Severity
        switch channel.state {
        // Up, and not to be trusted.
        case .up, .full:
            guard flapping != nil else { return nil }
            severity = .grace
        case .down: severity = .down
        case .auto: severity = .auto
        case .grace: severity = .grace
        case .drain, .off, .check: severity = .note
        }
        let place = Place(channelPath: channel.path)
        let age = Age(milliseconds: channel.sinceMilliseconds)
        var text = "\(prefix)\(place.shortName) \(channel.state.rawValue) \(age)"
        if let why = channel.why, !why.isEmpty, severity != .note { text += " \(why)" }
        if let flapping, severity != .note { text += ", \(flapping) (D holds it off)" }
        if channel.state == .drain {
            let forecast = DrainForecast(channel, history.channels[channel.serial])
            text += ", " + (forecast?.text ?? "\(channel.current) conn left")
        }
        return Problem(
            severity: severity, state: channel.state, text: text,
            ageMilliseconds: channel.sinceMilliseconds,
            subject: .channel(serial: channel.serial))
    }
}
