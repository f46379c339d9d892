/// What a key does, and what the help says about it. The one place where keys are given out.
struct Binding: Sendable {
    enum Command: Equatable, Sendable {
        case up, down, first, last, pageUp, pageDown, halfUp, halfDown, fold, unfold
        case enable, drain, cut
        case help, back, close, quit, interrupt, suspend
        case refresh, freeze, bits, redraw, foldHeader, slower, faster
    }

    enum Section: String, CaseIterable, Sendable {
        case move = "Move"
        case act = "Change the proxy (capitals only; D and X ask first)"
        case look = "Look"
        case program = "Program"
    }

    let command: Command
    let section: Section
    let keys: [Key]
    let help: String
    /// A word for the bottom line; nil keeps it out of there.
    var hint: String?

    static let all: [Binding] = [
        Binding(.down, .move, ["j"], [.down], "next row"),
        Binding(.up, .move, ["k"], [.up], "row before"),
        Binding(.first, .move, ["g"], [.home], "first row"),
        Binding(.last, .move, ["G"], [.end], "last row"),
        Binding(.pageDown, .move, [], [.pageDown], "a page down"),
        Binding(.pageUp, .move, [], [.pageUp], "a page up"),
        Binding(.halfDown, .move, [], [.control("d")], "half a page down"),
        Binding(.halfUp, .move, [], [.control("u")], "half a page up"),
        Binding(.fold, .move, ["h"], [.left], "fold the group, then the service", hint: "fold"),
        Binding(.unfold, .move, ["l"], [.right], "unfold"),
        Binding(.enable, .act, ["E"], [], "enable: takes new sessions again", hint: "on"),
        Binding(.drain, .act, ["D"], [], "drain: no new sessions, cuts nobody", hint: "drain"),
        Binding(.cut, .act, ["X"], [], "disable and cut the running sessions", hint: "off"),
        Binding(.refresh, .look, ["r"], [], "ask the daemon now; try the link now", hint: "now"),
        Binding(.freeze, .look, ["f"], [], "freeze and thaw the numbers", hint: "freeze"),
        Binding(.bits, .look, ["b"], [], "bytes or bits per second"),
        Binding(.slower, .look, ["+"], [], "ask less often"),
        Binding(.faster, .look, ["-"], [], "ask more often"),
        Binding(.foldHeader, .look, [], [.control("e")], "fold the header strip"),
        Binding(.redraw, .look, [], [.control("l")], "paint everything anew"),
        Binding(.help, .program, ["?"], [.function(1)], "this help", hint: "help"),
        Binding(.back, .program, ["q"], [], "back; from the channels: quit", hint: "quit"),
        Binding(.close, .program, [], [.escape], "back"),
        Binding(.quit, .program, ["Q"], [.function(10)], "quit"),
        Binding(.interrupt, .program, [], [.control("c")], "quit, pressed twice"),
        Binding(.suspend, .program, [], [.control("z")], "stop; fg in the shell goes on"),
    ]

    /// Keys that the design gives to views this version does not have.
    static let missing: Set<Key> = {
        let letters = "1345/:noswauAWMKRUivctyYPZ<>[]{}=*_ \\`"
        var keys = Set(letters.unicodeScalars.map { Key.character($0) })
        keys.formUnion([.enter, .tab, .control("r")])
        keys.formUnion((2...9).map { Key.function($0) })
        return keys
    }()

    private static let commands: [Key: Command] = {
        var commands: [Key: Command] = [:]
        for binding in all {
            for key in binding.keys { commands[key] = binding.command }
        }
        return commands
    }()

    static func command(for key: Key) -> Command? { commands[key] }

    private init(
        _ command: Command, _ section: Section, _ letters: [Unicode.Scalar], _ others: [Key],
        _ help: String, hint: String? = nil
    ) {
        self.command = command
        self.section = section
        self.help = help
        self.hint = hint
        keys = letters.map { .character($0) } + others
    }
}
