internal import Shared

/// What the room beside the channels shows about the thing under the cursor, besides what every round brings.
struct SidePanel: Equatable, Sendable {
    /// Channels whose past was asked for, so that their trends are full from the beginning.
    var recalled: Set<UInt64> = []
    /// The timeline of what is under the cursor, and when it was asked for.
    var why: Why?
    var askedAt: UInt64 = 0
    /// The channels that `sessions` are of.
    var channels: [String] = []
    var sessions: [SessionSnapshot] = []
    var matched = 0
    /// What may keep a drain from ending.
    struct Lingering: Equatable, Sendable {
        /// Of the channel that drains.
        let serial: UInt64
        /// Its connections that have been silent for a minute or more, and the one that has been longest.
        var count = 0
        var session: SessionSnapshot?
    }

    private(set) var lingering: Lingering?
    private var lingeringAskedAt: UInt64?
    /// Until when the daemon is left alone with them.
    private var restUntil: UInt64 = 0

    /// So many pasts in a round: a screen is full after a few, and the daemon does not notice.
    static let mostRecalled = 16
    static let whyMilliseconds: UInt64 = 10_000
    static let lingeringMilliseconds: UInt64 = 10_000
    /// Channels whose connections are shown together.
    static let mostChannels = 8
    static let order = SessionWindow.Order(field: .outRate, isDescending: true)

    /// Whether it is time to ask for the connections of these channels.
    func isDue(_ paths: [String], at now: UInt64) -> Bool { paths != channels || now >= restUntil }

    /// As for the whole list of connections.
    mutating func rest(after milliseconds: UInt64, at now: UInt64) {
        restUntil =
            now + min(SessionWindow.longestPause, milliseconds * SessionWindow.pausePerMillisecond)
    }

    /// The timeline of this has to be asked for, for the first time or again.
    func needsWhy(_ subject: Subject, at now: UInt64) -> Bool {
        why?.subject != subject || now >= askedAt + Self.whyMilliseconds
    }

    func needsLingering(of serial: UInt64, at now: UInt64) -> Bool {
        lingering?.serial != serial
            || lingeringAskedAt.map { now >= $0 + Self.lingeringMilliseconds } ?? true
    }

    mutating func askLingering(of serial: UInt64, at now: UInt64) {
        if lingering?.serial != serial { lingering = Lingering(serial: serial) }
        lingeringAskedAt = now
    }

    mutating func receive(
        lingering sessions: [SessionSnapshot], matched: UInt64?, of serial: UInt64
    ) {
        guard lingering?.serial == serial else { return }
        let count = Int(min(matched ?? 0, Bounds.sessions))
        lingering = Lingering(
            serial: serial, count: max(sessions.count, count), session: sessions.first)
    }

    mutating func receive(_ attributes: [Reply.Attribute], _ lines: [String], of paths: [String]) {
        channels = paths
        sessions = Table(lines: lines).map(SessionSnapshot.all) ?? []
        let number = attributes["matched"].flatMap { UInt64($0) } ?? 0
        matched = max(sessions.count, Int(min(number, Bounds.sessions)))
    }
}

extension Model {
    /// What is worth a timeline without being asked: what is not as it should be.
    var troubled: Subject? {
        guard let snapshot else { return nil }
        switch selection.cursor.subject {
        case .channel(let serial):
            guard let channel = snapshot.channel(serial: serial),
                ![.up, .off].contains(channel.state) || data.flaps.text(serial) != nil
            else { return nil }
        case .group(let serial):
            guard let group = snapshot.group(serial: serial),
                [.spill, .exhausted].contains(group.snapshot.role)
            else { return nil }
        default: return nil
        }
        return selection.cursor.subject
    }

    /// The channel under the cursor, then those that are marked.
    var sidePanelChannels: [ChannelSnapshot] {
        guard let snapshot else { return [] }
        var serials: [UInt64] = []
        if case .channel(let serial) = selection.cursor.subject { serials.append(serial) }
        for row in snapshot.channels where serials.count < SidePanel.mostChannels {
            if selection.marks.contains(.channel(serial: row.serial)), !serials.contains(row.serial)
            {
                serials.append(row.serial)
            }
        }
        return serials.compactMap { snapshot.channel(serial: $0) }
    }

    /// The channel whose drain is shown: the one under the cursor, else one that is marked.
    var draining: ChannelSnapshot? {
        let found =
            navigation.page == .detail ? detailChannel.map { [$0] } ?? [] : sidePanelChannels
        return found.first { $0.state == .drain && $0.current > 0 }
    }

    private var detailChannel: ChannelSnapshot? {
        guard case .channel(let serial) = data.detail?.subject else { return nil }
        return snapshot?.channel(serial: serial)
    }

    /// The connection that will keep a drain from ending.
    mutating func lingeringQuestion() -> [(Link.Question, Request)] {
        guard navigation.page == .channels || navigation.page == .detail,
            !preferences.countsAllFailures, let channel = draining,
            data.sidePanel.needsLingering(of: channel.serial, at: now.milliseconds)
        else { return [] }
        data.sidePanel.askLingering(of: channel.serial, at: now.milliseconds)
        let words = [
            "show", "sessions", "where", "channel", "=", channel.path, "and", "idle", ">", "60s",
            "sort", "-idle", "limit", "1",
        ]
        return [(.lingering(serial: channel.serial), Request(words: words))]
    }

    /// What a round asks besides for the room beside the channels. None of it is recorded.
    mutating func sidePanelQuestions() -> [(Link.Question, Request)] {
        guard navigation.page == .channels, !preferences.countsAllFailures, let snapshot else {
            return []
        }
        var questions: [(Link.Question, Request)] = []
        let lines = arrangement
        if connection.catalog.has("show history") {
            for serial in unrecalled(snapshot, height: lines.tableHeight) {
                guard let path = snapshot.channel(serial: serial)?.path else { continue }
                data.sidePanel.recalled.insert(serial)
                questions.append((.trend(serial: serial), Self.history(of: path)))
            }
        }
        guard lines.paneHeight > 0 || lines.sideColumn != nil else { return questions }
        if let subject = troubled, data.sidePanel.needsWhy(subject, at: now.milliseconds) {
            let why = Why(subject: subject, title: "")
            if data.sidePanel.why?.subject != subject { data.sidePanel.why = why }
            data.sidePanel.askedAt = now.milliseconds
            if connection.catalog.has("show history"), let request = why.request(snapshot) {
                questions.append((.sidePanelWhy(subject), request))
            } else {
                data.sidePanel.why?.samples = []
            }
        }
        if lines.sideColumn != nil, lines.paneHeight > 0 {
            let paths = sidePanelChannels.map(\.path)
            if paths.isEmpty {
                data.sidePanel.channels = []
            } else if data.sidePanel.isDue(paths, at: now.milliseconds) {
                var words = ["show", "sessions", "where"]
                for (index, path) in paths.enumerated() {
                    words += (index > 0 ? ["or"] : []) + ["channel", "=", path]
                }
                words += ["sort", SidePanel.order.word, "limit", String(lines.paneHeight)]
                questions.append((.nearby(paths), Request(words: words)))
            }
        }
        return questions
    }

    private static func history(of path: String) -> Request {
        Request(words: ["show", "history", path, "since", "15m", "step", "10s"])
    }

    /// Channels on the screen whose trend begins with what we saw ourselves.
    private func unrecalled(_ snapshot: DaemonSnapshot, height: Int) -> [UInt64] {
        guard snapshot.channels.contains(where: { !data.sidePanel.recalled.contains($0.serial) })
        else {
            return []
        }
        let rows = outline.rows
        let shown = rows.dropFirst(selection.cursor.top).prefix(max(1, height))
        let serials = shown.compactMap { row -> UInt64? in
            guard case .channel(let channel) = row,
                !data.sidePanel.recalled.contains(channel.serial)
            else {
                return nil
            }
            return channel.serial
        }
        return Array(serials.prefix(SidePanel.mostRecalled))
    }
}
