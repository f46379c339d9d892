/// What a key does, and what the help says about it. The one place where keys are given out.
struct Binding: Sendable {
    enum Command: Hashable, Sendable {
        case up, down, first, last, pageUp, pageDown, halfUp, halfDown, fold, unfold
        case open, ofChannel, why, menu, undoList, show(Page), nextPane, paneBefore, previous
        case mark, markAll, markRange, unmark, stuck
        case sortLeft, sortRight, sorting, invert, columns, flat
        case filter, unfilter, find, nextMatch, matchBefore, command
        case enable, drain, cut, clear, weight, lighter, heavier, maxc, kill, killLast, reset, undo
        case help, back, close, quit, interrupt, suspend
        case earlier, later, muchEarlier, muchLater, live
        case privacy, clock, copyName, copyCommand, saveView, rehearse
        case refresh, freeze, bits, redraw, foldHeader, expand, slower, faster
    }

    enum Section: String, CaseIterable, Sendable {
        case move = "Move"
        case views = "Views"
        case act = "Change the proxy (E, A and raising W and M at once; the rest asks first)"
        case choose = "Choose"
        case look = "Look"
        case program = "Program"
    }

    let command: Command
    let section: Section
    var keys: [Key]
    let help: String
    /// Where it does something; everywhere else the key says that it does nothing.
    var pages: Set<Page>
    /// A word for the bottom line; nil keeps it out of there.
    var hint: String?

    private static let lists: Set<Page> = [.overview, .channels, .connections, .events]
    private static let targets: Set<Page> = [.overview, .channels, .detail]

    static let all: [Binding] = [
        Binding(.down, .move, ["j"], [.down], "next row"),
        Binding(.up, .move, ["k"], [.up], "row before"),
        Binding(.first, .move, ["g"], [.home], "first row"),
        Binding(.last, .move, ["G"], [.end], "last row"),
        Binding(.pageDown, .move, [], [.pageDown], "a page down"),
        Binding(.pageUp, .move, [], [.pageUp], "a page up"),
        Binding(.halfDown, .move, [], [.control("d")], "half a page down"),
        Binding(.halfUp, .move, [], [.control("u")], "half a page up"),
        Binding(
            .fold, .move, ["h"], [.left], "fold the group, then the service", on: [.channels]),
        Binding(.unfold, .move, ["l"], [.right], "unfold", on: [.channels]),
        Binding(
            .open, .views, [], [.enter], "look at one thing closely", on: lists, hint: "detail"),
        Binding(
            .ofChannel, .views, ["d"], [], "the connections of this channel",
            on: [.overview, .channels, .detail], hint: "conns"),
        Binding(
            .why, .views, ["w"], [], "why: what led to this, in the order of time",
            on: targets.union(lists),
            hint: "why"),
        Binding(
            .menu, .views, ["a"], [.function(9)], "what can be done here, and why something cannot",
            hint: "menu"),
        Binding(.show(.overview), .views, ["1"], [], "overview: what is wrong, and what is left"),
        Binding(.show(.channels), .views, ["2"], [], "channels"),
        Binding(.show(.connections), .views, ["3"], [], "connections"),
        Binding(.show(.events), .views, ["4"], [], "events"),
        Binding(.show(.detail), .views, ["5"], [], "detail of what is under the cursor"),
        Binding(
            .nextPane, .views, [], [.tab],
            "next part of the view; where there is one only, next view",
            hint: "part"),
        Binding(.paneBefore, .views, [], [.backTab], "the part, or the view, before"),
        Binding(.previous, .views, ["`"], [], "back to the view from before"),
        Binding(
            .enable, .act, ["E"], [], "enable: takes new sessions again", on: targets, hint: "on"),
        Binding(
            .drain, .act, ["D"], [], "drain: no new sessions, cuts none", on: targets,
            hint: "drain"),
        Binding(
            .cut, .act, ["X"], [], "disable and cut the running sessions", on: targets,
            hint: "off+cut"),
        Binding(
            .clear, .act, ["A"], [], "clear auto: let in again what autodisable took out",
            on: targets),
        Binding(.weight, .act, ["W"], [], "weight", on: targets),
        Binding(.lighter, .act, [], [.function(7)], "weight a tenth less", on: targets),
        Binding(.heavier, .act, [], [.function(8)], "weight a tenth more", on: targets),
        Binding(.maxc, .act, ["M"], [], "maxc: sessions at most", on: targets),
        Binding(
            .kill, .act, ["K"], [], "cut connections; the channel goes on",
            on: [.overview, .channels, .connections, .detail], hint: "cut"),
        Binding(
            .killLast, .act, ["L"], [],
            "cut the connection of a drain that has been silent longest",
            on: [.channels, .detail]),
        Binding(.reset, .act, ["R"], [], "reset counters", on: targets),
        Binding(.undo, .act, ["u"], [], "undo the last change of this screen", hint: "undo"),
        Binding(
            .mark, .choose, [" "], [], "mark, and go on to the next row",
            on: [.channels, .connections], hint: "mark"),
        Binding(
            .markAll, .choose, ["*"], [], "mark every row that is here",
            on: [.channels, .connections]),
        Binding(
            .markRange, .choose, ["v"], [], "mark every row from the last mark to here",
            on: [.channels, .connections]),
        Binding(
            .unmark, .choose, ["_"], [], "take all marks off", on: [.channels, .connections]),
        Binding(
            .filter, .choose, ["/"], [.function(4)],
            "only rows that match: words, or FIELD OP VALUE and …",
            on: [.channels, .connections, .events], hint: "filter"),
        Binding(
            .find, .choose, [], [.function(3)],
            "go to a row that matches, and leave the others there",
            on: [.channels, .connections, .events]),
        Binding(
            .nextMatch, .choose, ["n"], [], "next row that matches",
            on: [.channels, .connections, .events]),
        Binding(
            .matchBefore, .choose, ["N"], [], "row before that matches",
            on: [.channels, .connections, .events]),
        Binding(
            .unfilter, .choose, ["\\"], [], "no filter",
            on: [.channels, .connections, .events]),
        Binding(
            .stuck, .choose, ["S"], [], "only connections that may never end", on: [.connections],
            hint: "stuck"),
        Binding(
            .sortLeft, .choose, ["<"], [], "sort by the column before",
            on: [.channels, .connections]),
        Binding(
            .sortRight, .choose, [">"], [], "sort by the next column",
            on: [.channels, .connections]),
        Binding(
            .sorting, .choose, ["o"], [.function(6)], "the columns to sort by",
            on: [.channels, .connections], hint: "sort"),
        Binding(
            .invert, .choose, ["i"], [], "turn the order round", on: [.channels, .connections]),
        Binding(
            .columns, .choose, ["c"], [.function(2)], "which columns are shown",
            on: [.channels, .connections]),
        Binding(
            .flat, .choose, ["z"], [], "all channels in one list without headings, or by group",
            on: [.channels]),
        Binding(
            .command, .look, [":"], [], "type a command of the daemon, or view, sort, filter, quit",
            hint: "cmd"),
        Binding(.earlier, .look, ["["], [], "back in time, one look"),
        Binding(.later, .look, ["]"], [], "forth in time, one look"),
        Binding(.muchEarlier, .look, ["{"], [], "back in time, a minute"),
        Binding(.muchLater, .look, ["}"], [], "forth in time, a minute"),
        Binding(.live, .look, ["="], [], "back to now"),
        Binding(.refresh, .look, ["r"], [], "ask the daemon now; try the link now"),
        Binding(
            .freeze, .look, ["f", "Z"], [.function(5)], "freeze and thaw the numbers",
            hint: "freeze"),
        Binding(.bits, .look, ["b"], [], "bytes or bits per second"),
        Binding(
            .undoList, .look, ["U"], [], "what this screen has changed, and what can be undone"),
        Binding(.privacy, .look, ["P"], [], "hide clients' addresses, or show them"),
        Binding(.clock, .look, ["t"], [], "ages, or times of day"),
        Binding(.copyName, .look, ["y"], [], "copy the name of what is under the cursor (OSC 52)"),
        Binding(.copyCommand, .look, ["Y"], [], "copy the last command that was sent"),
        Binding(
            .saveView, .look, ["s"], [],
            "keep this view under a name (:view NAME), or write it to a file"),
        Binding(
            .rehearse, .look, ["p"], [], "rehearse restarting the channels of this group in turn",
            on: [.overview, .channels]),
        Binding(.slower, .look, ["+"], [], "ask less often"),
        Binding(.faster, .look, ["-"], [], "ask more often"),
        Binding(
            .expand, .look, ["e"], [], "the channels alone, or with what is beside them",
            on: [.channels]),
        Binding(.foldHeader, .look, [], [.control("e")], "fold the header strip"),
        Binding(.redraw, .look, [], [.control("l")], "paint everything anew"),
        Binding(.help, .program, ["?"], [.function(1)], "this help", hint: "help"),
        Binding(.back, .program, ["q"], [], "back; from the first view: quit", hint: "quit"),
        Binding(.close, .program, [], [.escape], "back"),
        Binding(.quit, .program, ["Q"], [.function(10)], "quit"),
        Binding(.interrupt, .program, [], [.control("c")], "quit, pressed twice"),
        Binding(.suspend, .program, [], [.control("z")], "stop; fg in the shell goes on"),
    ]

    private init(
        _ command: Command, _ section: Section, _ letters: [Unicode.Scalar], _ others: [Key],
        _ help: String, on pages: Set<Page> = Set(Page.allCases), hint: String? = nil
    ) {
        self.command = command
        self.section = section
        self.help = help
        self.pages = pages
        self.hint = hint
        keys = letters.map { .character($0) } + others
    }
}
