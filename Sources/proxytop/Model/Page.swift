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
    case help(top: Int)
    /// What the daemon answered to a command that was typed.
    case answer(title: String, lines: [String], top: Int)
    /// Why something is as it is.
    case why(top: Int)
    /// What can be undone.
    case undo(top: Int)
    /// What can be done here; one of the lines is chosen.
    case menu(chosen: Int)

    var top: Int {
        get {
            switch self {
            case .help(let top), .answer(_, _, let top), .why(let top), .undo(let top): top
            case .menu: 0
            }
        }
        set {
            switch self {
            case .help: self = .help(top: newValue)
            case .answer(let title, let lines, _):
                self = .answer(title: title, lines: lines, top: newValue)
            case .why: self = .why(top: newValue)
            case .undo: self = .undo(top: newValue)
            case .menu: break
            }
        }
    }
}
