internal import Shared

/// What the preview of an act says, line by line.
struct DialogText {
    /// A line, and how early it goes when there is no room; 0 stays.
    struct Line {
        var spans: StyledText
        var drop = 0

        init(_ text: String = "", _ style: Style = .plain, drop: Int = 0) {
            self.init(StyledText(text, style), drop: drop)
        }

        init(_ spans: StyledText, drop: Int = 0) {
            self.spans = spans
            self.drop = drop
        }
    }

    private let confirmation: Confirmation
    private let snapshot: DaemonSnapshot?
    private let width: Int
    private let rival: String?
    private let now: Moment
    private let slowness: Age?
    private let comparison: Comparison

    /// `rival`: who else is about to change the same. `slowness`: of the daemon's last answer, when it was slow.
    init(
        _ confirmation: Confirmation, _ snapshot: DaemonSnapshot?, width: Int, _ glyphs: Glyphs,
        now: Moment, rival: String? = nil, slowness: Age? = nil
    ) {
        self.now = now
        self.slowness = slowness
        self.rival = rival
        self.confirmation = confirmation
        self.snapshot = snapshot
        self.width = width
        comparison = Comparison(width: width, glyphs: glyphs)
    }

    private var act: Act { confirmation.act }

    var lines: [Line] { body + prompt }

    /// Everything but how to answer.
    var body: [Line] {
        var lines = subjects.map { Line($0, drop: 5) } + [Line(drop: 9)]
        if let consequence = confirmation.consequence {
            lines += table(consequence)
        } else if confirmation.isBlind {
            lines.append(Line("This daemon cannot say what would happen.", .danger))
        } else {
            lines.append(Line("asking the daemon what would happen …", .faint))
        }
        lines.append(Line(drop: 8))
        if let consequence = confirmation.consequence { lines += remarks(consequence) }
        if act.verb == .drain { lines += ending + [Line(drop: 7)] }
        lines += command
        if let rival { lines.append(Line(rival + ".", .danger, drop: 1)) }
        if let slowness, confirmation.isReady, confirmation.needsTyping {
            lines.append(Line("The daemon answers after \(slowness).", .slow, drop: 1))
        }
        if let warning = confirmation.warning { lines.append(Line(warning, .slow)) }
        return lines
    }

    private func table(_ consequence: Consequence) -> [Line] {
        var lines = [Line(comparison.line("IF YOU DO THIS", "now", "after", .heading), drop: 2)]
        lines += groupLines(consequence) + factLines(consequence)
        let (stranded, cut) = (consequence.stranded, consequence.cut)
        if !consequence.groups.isEmpty {
            lines.append(
                Line(
                    comparison.line(
                        comparison.isNarrow ? "find no slot" : "  clients that find no slot", "0",
                        stranded > 0 ? "\(stranded) NOW" : "0", stranded > 0 ? .danger : .plain)))
        }
        lines.append(
            Line(
                comparison.line(
                    comparison.isNarrow ? "cut at once" : "  connections cut at once", "-",
                    "\(cut)", cut > 0 ? .danger : .plain)))
        return lines
    }

    /// What the daemon says besides: weights, limits, clients that move, who takes sessions.
    private func factLines(_ consequence: Consequence) -> [Line] {
        let most = 6
        let indent = comparison.isNarrow ? "" : "  "
        var lines = consequence.facts.prefix(most).map { row in
            let name =
                switch row.fact {
                case "clients_moved_percent": "\(row.path) clients moved, %"
                case "takes_sessions": "\(row.path) takes sessions"
                default: "\(row.path) \(row.fact)"
                }
            return Line(comparison.line(indent + name, row.before, row.after), drop: 1)
        }
        let rest = consequence.facts.count - lines.count
        if rest > 0 { lines.append(Line("\(indent)and \(rest) changes more", drop: 1)) }
        return lines
    }

    /// What it is done to, one by one as far as there is room.
    private var subjects: [String] {
        let most = 3
        let names = act.targets.prefix(most).map(sentence)
        let rest = act.targets.count - names.count
        return names + (rest > 0 ? ["and \(rest) more"] : [])
    }

    private func sentence(_ target: Act.Target) -> String {
        switch target.subject {
        case .channel(let serial):
            guard let channel = snapshot?.channel(serial: serial) else { return target.path }
            let limit = channel.maxc.map(String.init) ?? NumberText.notApplicable
            return "channel \(target.path)  \(channel.address)  \(channel.state.rawValue)  "
                + "\(channel.current)/\(limit) conn  weight \(channel.weight)"
        case .session: return "connection \(target.name)"
        default: return "\(target.path): \(target.serials.count) channels"
        }
    }

    private func groupLines(_ consequence: Consequence) -> [Line] {
        var lines: [Line] = []
        let indent = comparison.isNarrow ? "" : "  "
        for group in consequence.groups where group.isTouched {
            let isEmptied = group.usableAfter == 0 && group.usableNow > 0
            let name =
                comparison.isNarrow ? "\(group.title) usable" : "\(group.title) usable channels"
            lines.append(
                Line(
                    comparison.line(
                        indent + name, "\(group.usableNow)/\(group.channels)",
                        "\(group.usableAfter)/\(group.channels)", isEmptied ? .danger : .plain),
                    drop: 1))
        }
        for group in consequence.groups {
            lines.append(
                Line(
                    comparison.line(
                        "\(indent)slots \(group.title)",
                        comparison.slots(group.now, usable: group.usableNow),
                        comparison.slots(group.after, usable: group.usableAfter),
                        group.after.isFull ? Style(.full) : .plain),
                    drop: group.isTouched ? 3 : 4))
        }
        return lines
    }

    private func remarks(_ consequence: Consequence) -> [Line] {
        var lines: [Line] = []
        if !consequence.emptied.isEmpty {
            let names = consequence.emptied.joined(separator: ", ")
            lines.append(Line("\(names): last usable channel lost.", .danger, drop: 1))
        }
        if consequence.closesLastRoom {
            lines.append(Line("After this no new client finds a slot.", .danger, drop: 1))
        }
        for text in consequence.overflows {
            lines += Cutting.wrapped(text, width: width).map { Line($0, Style(.full), drop: 2) }
        }
        if act.verb == .cut, consequence.cut > 0 {
            lines.append(Line("Softer: D = drain \(act.name) (cuts none).", drop: 6))
        }
        if consequence.cut > 0 {
            let text = "NOT undoable: the \(consequence.cut) cut connections."
            lines.append(Line(text + (act.verb == .cut ? " Undoable: the state." : ""), drop: 5))
        }
        if act.verb == .reset { lines.append(Line("NOT undoable: the counters.", drop: 5)) }
        if act.verb == .kill {
            lines.append(Line(afterCut, drop: 6))
        }
        if !lines.isEmpty { lines.append(Line(drop: 7)) }
        return lines
    }

    /// Where those go that are cut.
    private var afterCut: String {
        let serials = act.targets.flatMap(\.serials)
        let channels = serials.compactMap { snapshot?.channel(serial: $0) }
        // Of a connection that was named itself the channel is not known here.
        guard !channels.isEmpty else { return "Clients that were cut may come back at once." }
        return channels.contains { $0.state.isUsable }
            ? "The channel goes on: clients that were cut may come back at once."
            : "It gets no new sessions: clients that come back go elsewhere."
    }

    /// What becomes of it when the last session has gone, or when a time has come.
    private var ending: [Line] {
        guard act.endsOff else {
            var offer = StyledText("Tab", .strong)
            offer.add(" switches it off when it is empty, or at a time at the latest.")
            return [Line(offer, drop: 6)]
        }
        let promise = "When it is empty it is switched off, if this screen still runs."
        return wrapped(promise, .slow, drop: 2) + time
    }

    /// On as many lines as it takes.
    private func wrapped(_ text: String, _ style: Style, drop: Int = 0) -> [Line] {
        Cutting.wrapped(text, width: width).map { Line($0, style, drop: drop) }
    }

    private var time: [Line] {
        let clock = confirmation.clock
        var lines: [Line] = []
        var spans = StyledText()
        if let time = clock.time {
            let local = now.wallSeconds + now.offsetSeconds
            let isToday = time.next(after: now) / 86_400 == local / 86_400
            let day = isToday ? "today" : "tomorrow"
            lines += wrapped(
                "At \(time.text) \(day) it is switched off even if it is not empty:", .danger)
            lines += wrapped("what is left then is CUT (\(running) now).", .danger)
            if confirmation.takesTime { spans.add("Backspace takes the time back. ") }
        } else if clock.isComplete {
            lines.append(Line("\(clock.text) is not a time of day: 00:00 to 23:59.", .danger))
            spans.add("Backspace takes it back. ")
        } else if confirmation.takesTime {
            spans.add("Digits", .strong)
            spans.add(": and at ")
            spans.add(clock.shown, .chosen)
            spans.add(" at the latest. ")
        }
        spans.add("Tab", .strong)
        spans.add(
            confirmation.takesTime && confirmation.needsTyping ? ": on to the answer" : ": not off")
        return lines + [Line(spans, drop: clock.isEmpty ? 5 : 1)]
    }

    /// Sessions of everything that is drained.
    private var running: UInt64 {
        act.targets.flatMap(\.serials).compactMap { snapshot?.channel(serial: $0)?.current }
            .reduce(0, +)
    }

    /// The whole command, on as many lines as it takes: what cannot be read must not be confirmed.
    private var command: [Line] {
        let requests = act.requests
        let most = 3
        var lines = requests.prefix(most).enumerated().flatMap { index, request in
            wrapped(request, head: index == 0 ? "Sends:  " : "  then  ", drop: index == 0 ? 0 : 3)
        }
        if requests.count > most {
            lines.append(Line("  and \(requests.count - most) commands more", drop: 3))
        }
        return lines
    }

    private func wrapped(_ request: Request, head: String, drop: Int) -> [Line] {
        let text = head + request.text
        guard CellWidth.of(text) > width else { return [Line(text, drop: drop)] }
        var lines: [Line] = []
        var line = String(head.dropLast())
        for word in request.words.map(Request.quoted) {
            if CellWidth.of(line) + 1 + CellWidth.of(word) > width {
                lines.append(Line(line, drop: drop))
                line = " "
            }
            line += " " + word
        }
        return lines + [Line(line, drop: drop)]
    }

    private var prompt: [Line] {
        guard confirmation.isReady else { return [Line("Esc cancels")] }
        if confirmation.needsTyping, confirmation.takesTime {
            return [Line("Tab goes on to the answer, Esc cancels")]
        }
        guard confirmation.needsTyping else {
            var spans = StyledText("y", .strong)
            spans.add(" sends it, ")
            spans.add("Esc", .strong)
            spans.add(" cancels")
            return [Line(spans)]
        }
        var spans = StyledText("Type ")
        for (index, answer) in confirmation.answers.prefix(comparison.isNarrow ? 1 : 2).enumerated()
        {
            if index > 0 { spans.add(" or ") }
            spans.add(answer, .strong)
        }
        spans.add(" and Enter, Esc cancels: ")
        let typed = StyledText(
            confirmation.typed.isEmpty ? "___" : confirmation.typed + "_", .chosen)
        // What is typed needs a line of its own where it would run into the frame.
        guard spans.width + typed.width <= width else { return [Line(spans), Line(typed)] }
        spans.add(typed.pieces[0].text, .chosen)
        return [Line(spans)]
    }
}
