/// What the screen shows below its header.
enum Page: Int, Hashable, Sendable, CaseIterable {
    case overview = 1
    case channels, connections, events, detail

    var title: String {
        switch self {
        case .overview: "Overview"
        case .channels: "Channels"
        case .connections: "Conns"
        case .events: "Events"
        case .detail: "Detail"
        }
    }

    /// By its name or its number, as `:view` takes it.
    init?(named text: String) {
        let all = Page.allCases
        let word = text.lowercased()
        let found =
            Int(word).flatMap(Page.init(rawValue:))
            ?? all.first { !word.isEmpty && $0.title.lowercased().hasPrefix(word) }
            ?? (word == "connections" ? .connections : nil)
        guard let found else { return nil }
        self = found
    }
}

/// What lies over the page until it is closed.
enum Overlay: Equatable, Sendable {
    case help(Choice)
    /// What the daemon answered to a command that was typed.
    case answer(title: String, lines: [String], top: Int)
    /// Why something is as it is.
    case why(top: Int)
    /// What can be undone.
    case undo(top: Int)
    /// What restarting the channels of a group one after the other would be like.
    case rehearsal(group: UInt64, top: Int)
    /// What can be done here; one of the lines is chosen.
    case menu(Choice)
    /// The columns of the table, to be shown or left out.
    case columns(Choice)
    /// The columns to sort by.
    case sorting(Choice)
    /// The views that were saved.
    case views(Choice)

    /// The line that is chosen; nil: the text only scrolls.
    var choice: Choice? {
        get {
            switch self {
            case .help(let choice), .menu(let choice), .columns(let choice), .sorting(let choice),
                .views(let choice):
                choice
            case .answer, .why, .undo, .rehearsal: nil
            }
        }
        set {
            guard let newValue else { return }
            switch self {
            case .help: self = .help(newValue)
            case .menu: self = .menu(newValue)
            case .columns: self = .columns(newValue)
            case .sorting: self = .sorting(newValue)
            case .views: self = .views(newValue)
            case .answer, .why, .undo, .rehearsal: break
            }
        }
    }

    var top: Int {
        get {
            switch self {
            case .answer(_, _, let top), .why(let top), .undo(let top), .rehearsal(_, let top): top
            case .help, .menu, .columns, .sorting, .views: choice?.top ?? 0
            }
        }
        set {
            switch self {
            case .answer(let title, let lines, _):
                self = .answer(title: title, lines: lines, top: newValue)
            case .why: self = .why(top: newValue)
            case .undo: self = .undo(top: newValue)
            case .rehearsal(let group, _): self = .rehearsal(group: group, top: newValue)
            case .help, .menu, .columns, .sorting, .views: break
            }
        }
    }
}
