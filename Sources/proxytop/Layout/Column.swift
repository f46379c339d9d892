internal import Shared

/// One column of the channel table, as data: what it is called, how wide it is, and when it has to go.
struct Column: Equatable, Sendable {
    enum Content: String, Sendable, CaseIterable {
        case identity, state, since, endpoint, weight, connections, new, input, output, errors
        case connectTime = "connect-time"
        case total, next, trend

        /// Without it a row would not say what it is about.
        var isFixed: Bool { [.identity, .state, .connections].contains(self) }

        var meaning: String {
            switch self {
            case .identity: "group and channel, as commands name them"
            case .state: "the state in a word"
            case .since: "the age of the state"
            case .endpoint: "host and port"
            case .weight: "its part of what is new"
            case .connections: "sessions now, and at most"
            case .new: "sessions placed per second"
            case .input: "from the clients per second"
            case .output: "to the clients per second"
            case .errors: "failed connects in the last five minutes"
            case .connectTime: "median time of a connect"
            case .total: "sessions since the daemon's start"
            case .next: "until the next try"
            case .trend: "sessions over the last minutes"
            }
        }
    }

    /// How it behaves when the screen gets wider: a step at 80, 100, 120 and 160 columns.
    struct Widths: Equatable, Sendable {
        var narrow: Int
        var wide: Int
    }

    let content: Content
    /// Below 100 columns and from there on.
    let widths: Widths
    /// The narrowest screen that has it at all.
    let from: Int
    /// Lower goes first when there is no room; nil stays whatever happens.
    let drop: Int?
    let isRightAligned: Bool

    /// In the order of the screen, left to right. The drop order is that of the design.
    static let all: [Column] = [
        Column(.identity, 3, 3, isRight: false),
        Column(.state, 6, 6, isRight: false),
        Column(.since, 6, 6, from: 100, drop: 5),
        Column(.endpoint, 12, 12, from: 60, isRight: false),
        Column(.weight, 3, 4, from: 60, drop: 8),
        Column(.connections, 8, 9),
        Column(.new, 5, 6, from: 60, drop: 9),
        Column(.input, 5, 6, from: 60, drop: 6),
        Column(.output, 5, 6, from: 60, drop: 7),
        Column(.errors, 3, 4, from: 60),
        Column(.connectTime, 4, 6, from: 60, drop: 4),
        Column(.total, 6, 6, from: 100, drop: 3),
        Column(.next, 6, 6, from: 160, drop: 2),
        Column(.trend, 7, 15, from: 60, drop: 1, isRight: false),
    ]

    private init(
        _ content: Content, _ narrow: Int, _ wide: Int, from: Int = 0, drop: Int? = nil,
        isRight: Bool = true
    ) {
        self.content = content
        widths = Widths(narrow: narrow, wide: wide)
        self.from = from
        self.drop = drop
        isRightAligned = isRight
    }

    func title(width: Int, isBits: Bool, countsAll: Bool) -> String {
        switch content {
        case .identity: "ID"
        case .state: "STATE"
        case .since: "SINCE"
        case .endpoint: "ENDPOINT"
        case .weight: "WT"
        case .connections: width >= 8 ? "CONN/MAX" : "CONN"
        case .new: "NEW/s"
        case .input: isBits ? "INb/s" : width > 5 ? "IN B/s" : "IN/s"
        case .output: isBits ? "OUb/s" : width > 5 ? "OUTB/s" : "OUT/s"
        case .errors: countsAll ? "FAIL" : width > 3 ? "ERR5" : "ERR"
        case .connectTime: width > 4 ? "CN ms" : "CNms"
        case .total: "TOTAL"
        case .next: "NEXT"
        case .trend: width > 7 ? "CONN 15m" : "TREND5m"
        }
    }
}
