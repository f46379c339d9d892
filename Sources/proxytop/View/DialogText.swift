internal import Shared

/// What the preview of an act says, line by line.
struct DialogText {
    /// A line, and how early it goes when there is no room; 0 stays.
    struct Line {
        var spans: Spans
        var drop = 0

        init(_ text: String = "", _ style: Style = .plain, drop: Int = 0) {
            self.init(Spans(text, style), drop: drop)
        }

        init(_ spans: Spans, drop: Int = 0) {
            self.spans = spans
            self.drop = drop
        }
    }

    private let confirmation: Confirmation
    private let picture: Picture?
    private let width: Int
    private let comparison: Comparison

    init(_ confirmation: Confirmation, _ picture: Picture?, width: Int, _ glyphs: Glyphs) {
        self.confirmation = confirmation
        self.picture = picture
        self.width = width
        comparison = Comparison(width: width, glyphs: glyphs)
    }

    private var consequence: Consequence { confirmation.consequence }
    private var target: Act.Target { confirmation.act.target }

    var lines: [Line] {
        var lines = [Line(subject, drop: 5), Line(drop: 9)]
        lines.append(
            Line(comparison.line("IF YOU DO THIS", "now", "after", .heading), drop: 2))
        lines += groupLines
        let (stranded, cut) = (consequence.stranded, consequence.cut)
        lines.append(
            Line(
                comparison.line(
                    comparison.isNarrow ? "find no slot" : "  clients that find no slot", "0",
                    stranded > 0 ? "\(stranded) NOW" : "0", stranded > 0 ? .danger : .plain)))
        lines.append(
            Line(
                comparison.line(
                    comparison.isNarrow ? "cut at once" : "  connections cut at once", "-",
                    "\(cut)", cut > 0 ? .danger : .plain)))
        lines.append(Line(drop: 8))
        lines += remarks
        lines += command
        if let warning = confirmation.warning { lines.append(Line(warning, .slow)) }
        return lines + prompt
    }

    private var subject: String {
        guard case .channel(let serial) = target.subject,
            let channel = picture?.channel(serial: serial)
        else { return "\(target.path): \(target.serials.count) channels" }
        let limit = channel.maxc.map(String.init) ?? NumberText.notApplicable
        return "channel \(target.path)  \(channel.address)  \(channel.state.rawValue)  "
            + "\(channel.current)/\(limit) conn  weight \(channel.weight)"
    }

    private var groupLines: [Line] {
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

    private var remarks: [Line] {
        var lines: [Line] = []
        if !consequence.emptied.isEmpty {
            let names = consequence.emptied.joined(separator: ", ")
            lines.append(Line("\(names): last usable channel lost.", .danger, drop: 1))
        }
        if consequence.closesLastRoom {
            lines.append(Line("After this nobody new finds a slot.", .danger, drop: 1))
        }
        if confirmation.act.verb == .cut, consequence.cut > 0 {
            lines.append(Line("Softer: D = drain \(target.name) (cuts nobody).", drop: 6))
            let text = "NOT undoable: the \(consequence.cut) cut connections. Undoable: the state."
            lines.append(Line(text, drop: 5))
        }
        if !lines.isEmpty { lines.append(Line(drop: 7)) }
        return lines
    }

    /// The whole command, on as many lines as it takes: nobody should confirm what they cannot read.
    private var command: [Line] {
        let text = "Sends:  \(confirmation.act.command)"
        guard CellWidth.of(text) > width else { return [Line(text)] }
        var lines: [Line] = []
        var line = "Sends: "
        for word in confirmation.act.request.words.map(Request.quoted) {
            if CellWidth.of(line) + 1 + CellWidth.of(word) > width {
                lines.append(Line(line))
                line = " "
            }
            line += " " + word
        }
        return lines + [Line(line)]
    }

    private var prompt: [Line] {
        guard confirmation.needsTyping else {
            var spans = Spans("y", .strong)
            spans.add(" sends it, ")
            spans.add("Esc", .strong)
            spans.add(" cancels")
            return [Line(spans)]
        }
        var spans = Spans("Type ")
        for (index, answer) in confirmation.answers.prefix(comparison.isNarrow ? 1 : 2).enumerated()
        {
            if index > 0 { spans.add(" or ") }
            spans.add(answer, .strong)
        }
        spans.add(" and Enter, Esc cancels: ")
        let typed = Spans(confirmation.typed.isEmpty ? "___" : confirmation.typed + "_", .chosen)
        // What is typed needs a line of its own where it would run into the frame.
        guard spans.width + typed.width <= width else { return [Line(spans), Line(typed)] }
        spans.add(typed.pieces[0].text, .chosen)
        return [Line(spans)]
    }
}
