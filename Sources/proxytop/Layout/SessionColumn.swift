internal import Shared

/// One column of the connection table, as data.
struct SessionColumn: Equatable, Sendable {
    enum Content: String, Sendable, CaseIterable {
        case id, client, channel, age, idle, input, output
        case inRate = "in-rate"
        case outRate = "out-rate"
        case phase, blame, rtt, stuck, listener, port, retries, last

        /// Without it a row would not say what it is about.
        var isFixed: Bool { self == .id || self == .client }

        var meaning: String {
            switch self {
            case .id: "the number to cut it by"
            case .client: "who is connected"
            case .channel: "where to"
            case .age: "since it came"
            case .idle: "since a byte moved"
            case .input: "bytes from the client"
            case .output: "bytes to the client"
            case .inRate: "from the client per second"
            case .outRate: "to the client per second"
            case .phase: "what it is doing; S: may never end"
            case .blame: "who is waited for"
            case .rtt: "round trip to the client"
            case .stuck: "why it may never end"
            case .listener: "where it came in"
            case .port: "our port towards the channel"
            case .retries: "tries before it found a channel"
            case .last: "the direction that moved last"
            }
        }
    }

    struct Slot: Equatable, Sendable {
        let column: SessionColumn
        let start: Int
        let width: Int

        var end: Int { start + width }
    }

    static let widestClient = 47

    let content: Content
    let title: String
    let width: Int
    /// The narrowest screen that has it.
    let from: Int
    let isRightAligned: Bool
    /// What the daemon sorts by for it.
    let field: SessionField

    /// In the order of the screen.
    static let all: [SessionColumn] = [
        SessionColumn(.id, "SID", 8, .id),
        SessionColumn(.client, "CLIENT", 15, .client, isRight: false),
        SessionColumn(.channel, "CHAN", 4, .channel, isRight: false),
        SessionColumn(.age, "AGE", 6, .age, from: 60),
        SessionColumn(.idle, "IDLE", 6, .idle),
        SessionColumn(.input, "IN", 5, .inBytes, from: 76),
        SessionColumn(.output, "OUT", 5, .outBytes, from: 76),
        SessionColumn(.inRate, "IN/s", 5, .inRate, from: 64),
        SessionColumn(.outRate, "OUT/s", 5, .outRate, from: 64),
        SessionColumn(.phase, "PHASE", 6, .phase, from: 50, isRight: false),
        SessionColumn(.blame, "BLAME", 12, .blame, from: 100, isRight: false),
        SessionColumn(.rtt, "RTT ms", 6, .rtt, from: 120),
        SessionColumn(.stuck, "STUCK", 11, .stuck, from: 120, isRight: false),
        SessionColumn(.listener, "LISTENER", 10, .listener, from: 150, isRight: false),
        SessionColumn(.port, "PORT", 5, .channelPort, from: 150),
        SessionColumn(.retries, "RETRY", 5, .retries, from: 150),
        SessionColumn(.last, "LAST", 4, .last, from: 150, isRight: false),
    ]

    private init(
        _ content: Content, _ title: String, _ width: Int, _ field: SessionField, from: Int = 0,
        isRight: Bool = true
    ) {
        self.content = content
        self.title = title
        self.width = width
        self.field = field
        self.from = from
        isRightAligned = isRight
    }

    static func shown(
        columns: Int, _ choice: ColumnChoice<Content> = ColumnChoice()
    ) -> [SessionColumn] {
        all.filter { column in
            (column.from <= columns || choice.wanted.contains(column.content))
                && !choice.hidden.contains(column.content)
        }
    }

    /// Where the columns stand; the widths are what the longest names need.
    static func layout(
        columns: Int, channelWidth: Int, clientWidth: Int,
        choice: ColumnChoice<Content> = ColumnChoice()
    ) -> [Slot] {
        var kept = shown(columns: columns, choice).map { (column: $0, width: $0.width) }
        func index(_ content: Content) -> Int? { kept.firstIndex { $0.column.content == content } }
        if let place = index(.channel) {
            kept[place].width = min(max(4, channelWidth), max(4, columns / 6))
        }
        let used = ColumnLayout.markWidth + kept.reduce(0) { $0 + $1.width } + kept.count - 1
        if let place = index(.client) {
            let wanted = min(widestClient, max(15, clientWidth))
            let room = kept[place].width + columns - used
            kept[place].width = max(8, min(room, max(wanted, kept[place].width)))
        }
        var slots: [Slot] = []
        var start = ColumnLayout.markWidth
        for (column, width) in kept where start + width <= columns {
            slots.append(Slot(column: column, start: start, width: width))
            start += width + 1
        }
        return slots
    }
}
