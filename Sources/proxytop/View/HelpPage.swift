internal import Shared

/// What can be pressed, written from the table of bindings.
enum HelpPage {
    /// A line, and what Enter does on it.
    struct Entry {
        var spans: StyledText
        var binding: Binding?
    }

    static func lines(_ model: Model, _ glyphs: Glyphs) -> [StyledText] {
        entries(model, glyphs).map(\.spans)
    }

    static func entries(_ model: Model, _ glyphs: Glyphs) -> [Entry] {
        var lines: [Entry] = []
        func add(_ spans: StyledText, _ binding: Binding? = nil) {
            lines.append(Entry(spans: spans, binding: binding))
        }
        for section in Binding.Section.allCases {
            add(StyledText(section.rawValue, .heading))
            if section == .act, let obstacle = model.obstacle {
                add(StyledText("  not now: \(obstacle)", .slow))
            }
            for binding in model.preferences.keys.bindings where binding.section == section {
                add(line(binding, on: model.navigation.page), binding)
            }
            add(StyledText())
        }
        add(StyledText("States", .heading))
        for (state, meaning) in meanings {
            let face = StateBadge(state, glyphs)
            var line = StyledText("  ")
            line.add(face.text(width: 6), face.style)
            line.add(String(repeating: " ", count: max(1, 12 - CellWidth.of(face.text(width: 6)))))
            line.add(meaning)
            add(line)
        }
        add(StyledText())
        for text in notes { add(StyledText(text)) }
        return lines
    }

    /// Keys that belong to other views are dim, and say to which.
    private static func line(_ binding: Binding, on page: Page) -> StyledText {
        let names = binding.keys.map(\.name).joined(separator: " ")
        let isHere = binding.pages.contains(page)
        var line = StyledText("  ")
        line.add(names, isHere ? .strong : .faint)
        line.add(String(repeating: " ", count: max(1, 12 - CellWidth.of(names))))
        line.add(binding.help, isHere ? .plain : .faint)
        if binding.pages.count < Page.allCases.count {
            let views = binding.pages.map(\.rawValue).sorted().map(String.init)
            line.add("  [\(views.joined(separator: " "))]", .faint)
        }
        return line
    }

    private static let meanings: [(ChannelState, String)] = [
        (.up, "usable, with room left"), (.full, "usable, but at its limit"),
        (.drain, "no new sessions, running ones finish"),
        (.grace, "failed, returns by itself"), (.down, "a probe says that it fails"),
        (.auto, "switched off by autodisable, waits for a person"),
        (.off, "switched off by a person"), (.check, "a check or a trigger is running"),
    ]

    private static let notes = [
        "Enter does what stands on the line; / looks for words here, n goes on.",
        "Numbers in brackets: the views in which the key does something.",
        "Filters: words (10.0.1 !up), or FIELD OP VALUE joined by and, or, not, ( ); OP: = != ~ < <= > >=",
        "  channels: state=down  current>100  in 3: idle>30m and client~10.0.0.0/8",
        "Command line: Tab completes, Up recalls, % is the thing under the cursor, %m what is marked.",
        "Rates are averages over 10 s. “-” does not apply, “?” is not known, “0” is measured.",
    ]
}
