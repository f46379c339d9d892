internal import Shared

// What the model makes of the answers of a round.
extension Model {
    mutating func welcome(_ attributes: [Reply.Attribute]) -> [Effect] {
        guard let greeting = HelloReply(attributes) else {
            return [.disconnect] + lost("the answer to hello names no protocol")
        }
        guard greeting.protocolVersion == HelloReply.spokenProtocol else {
            let text =
                "the daemon speaks protocol \(greeting.protocolVersion), "
                + "this proxytop \(HelloReply.spokenProtocol); use the one that came with it"
            return [.quit(.wrongProtocol, message: text)]
        }
        if self.greeting != nil, self.greeting?.epoch == greeting.epoch {
            tell("the link is back")
        }
        self.greeting = greeting
        link.phase = .live
        link.tries = 0
        link.ask(.describe, ["describe"], at: now.milliseconds)
        return [.send([Request(words: ["describe"])])] + poll()
    }

    mutating func complete(_ listeners: [ListenerSnapshot]) {
        guard !isFrozen, let channels = round.channels, let groups = round.groups else { return }
        let fresh = DaemonSnapshot(
            epoch: round.epoch, generation: round.generation,
            nowMilliseconds: round.nowMilliseconds, channels: channels, groups: groups,
            listeners: listeners)
        if history.add(fresh) { beginAnew() }
        picture = fresh
        pictureAt = now
        flaps = Flaps(log, now: fresh.nowMilliseconds)
        pulse.add(history.sum, refused: history.refused, now: fresh.nowMilliseconds)
        noteQuiet(fresh)
        dropOldNotice()
        absence.note(fresh, at: now)
        if !isHolding { channelOrder?.settle(fresh, history) }
        if choosesPage {
            choosesPage = false
            if problems.contains(where: { $0.severity != .note }) {
                page = .overview
            } else if let lastPage {
                page = lastPage
            }
        }
        settle()
        guard confirmation?.follow(fresh, window) == false else { return }
        confirmation = nil
        tell(
            "what you were about to switch is gone or has changed; nothing was sent", isError: true)
    }

    /// The daemon was started anew: what was counted, marked and done belongs to the one before.
    private mutating func beginAnew() {
        tell("daemon restarted \(uptimeText): counters and rates begin anew")
        quietSince = nil
        pulse = DaemonRates()
        aside = SidePanel()
        burden = DaemonLoad()
        log = EventLog()
        marks = marks.filter { if case .session = $0 { false } else { true } }
        undo = UndoList()
        errands.drop()
        search = nil
        window.forget()
    }

    mutating func take(events lines: [String], _ attributes: [Reply.Attribute]) {
        guard !isFrozen else { return }
        let events = Table(lines: lines).map(EventSnapshot.all) ?? []
        guard !events.isEmpty else { return }
        // Who stands at the top wants to see what comes; who has gone down stays where they are.
        let isAtTop = eventCursor.index == 0 && !isHolding
        log.take(events, last: attributes["last"].flatMap { UInt64($0) })
        if isAtTop { eventCursor.move(to: 0, in: eventList, height: arrangement.tableHeight) }
        settle()
    }

    mutating func take(
        sessions lines: [String], _ attributes: [Reply.Attribute], first: Int
    ) {
        guard !isFrozen || !window.isKnown else { return }
        func number(_ name: String) -> Int {
            Int(min(attributes[name].flatMap { UInt64($0) } ?? 0, Bounds.sessions))
        }
        let sessions = Table(lines: lines).map(SessionSnapshot.all) ?? []
        window.take(
            sessions, first: first, matched: number("matched"), total: number("total"),
            isHeld: isHolding)
        settle()
        // There are fewer than where we looked, or the cursor has been moved meanwhile.
        if !window.covers(sessionCursor.top, height: arrangement.tableHeight) { hurry() }
    }

    /// At the first look a channel may have been anything before its present state; later we know better.
    private mutating func noteQuiet(_ picture: DaemonSnapshot) {
        let isQuiet = Problem.all(in: picture, history, flaps).allSatisfy { $0.severity == .note }
        guard isQuiet else {
            quietSince = nil
            return
        }
        guard quietSince == nil else { return }
        let lasting = picture.channels.map(\.sinceMilliseconds).min() ?? 0
        quietSince = picture.nowMilliseconds - min(lasting, picture.nowMilliseconds)
    }

    private var uptimeText: String {
        guard let greeting else { return "" }
        return "\(greeting.uptime(at: greeting.nowMilliseconds)) ago"
    }
}
