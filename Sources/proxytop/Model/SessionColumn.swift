internal import Shared

/// One column of the connection table: its row in `all` is everything there is to know about it.
struct SessionColumn: Sendable {
    /// What it is called in files.
    enum Content: String, NamedColumn {
        case id, client, channel, age, idle, input, output
        case inRate = "in-rate"
        case outRate = "out-rate"
        case phase, blame, rtt, stuck, listener, port, retries, last

        var isFixed: Bool { SessionColumn.all.first { $0.content == self }?.isFixed ?? false }
    }

    /// What a cell is made of.
    struct Cell {
        let session: SessionSnapshot
        let width: Int
        let glyphs: Glyphs
        let showsBits: Bool
        let hidesClients: Bool

        func rate(_ value: UInt64?) -> String {
            value.map { NumberText.bytes(Double($0), asBits: showsBits) }
                ?? NumberText.notApplicable
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
    /// What the daemon sorts by for it.
    let field: SessionField
    /// The narrowest screen that has it.
    let from: Int
    let isRightAligned: Bool
    let isFixed: Bool
    let meaning: String
    let style: @Sendable (SessionSnapshot) -> Style
    let text: @Sendable (Cell) -> String

    private init(
        _ content: Content, _ title: String, _ width: Int, _ field: SessionField, from: Int = 0,
        isRight: Bool = true, isFixed: Bool = false, meaning: String,
        style: @escaping @Sendable (SessionSnapshot) -> Style = { _ in .plain },
        text: @escaping @Sendable (Cell) -> String
    ) {
        self.content = content
        self.title = title
        self.width = width
        self.field = field
        self.from = from
        isRightAligned = isRight
        self.isFixed = isFixed
        self.meaning = meaning
        self.style = style
        self.text = text
    }

    /// In the order of the screen.
    static let all: [SessionColumn] = [
        SessionColumn(.id, "SID", 8, .id, isFixed: true, meaning: "the number to cut it by") {
            NumberText.count($0.session.id, width: $0.width)
        },
        SessionColumn(
            .client, "CLIENT", 15, .client, isRight: false, isFixed: true,
            meaning: "who is connected"
        ) {
            let client = $0.session.client
            return Cutting.middle(
                $0.hidesClients ? Privacy.hide(client) : client, width: $0.width, $0.glyphs)
        },
        SessionColumn(.channel, "CHAN", 4, .channel, isRight: false, meaning: "where to") {
            Cutting.end(channel($0.session), width: $0.width, $0.glyphs)
        },
        SessionColumn(.age, "AGE", 6, .age, from: 60, meaning: "since it came") {
            Age(milliseconds: $0.session.ageMilliseconds).description
        },
        SessionColumn(.idle, "IDLE", 6, .idle, meaning: "since a byte moved") {
            Age(milliseconds: $0.session.idleMilliseconds).description
        },
        SessionColumn(.input, "IN", 5, .inBytes, from: 76, meaning: "bytes from the client") {
            ByteCount($0.session.inBytes).description
        },
        SessionColumn(.output, "OUT", 5, .outBytes, from: 76, meaning: "bytes to the client") {
            ByteCount($0.session.outBytes).description
        },
        SessionColumn(.inRate, "IN/s", 5, .inRate, from: 64, meaning: "from the client per second")
        {
            $0.rate($0.session.inRate)
        },
        SessionColumn(.outRate, "OUT/s", 5, .outRate, from: 64, meaning: "to the client per second")
        {
            $0.rate($0.session.outRate)
        },
        SessionColumn(
            .phase, "PHASE", 6, .phase, from: 50, isRight: false,
            meaning: "what it is doing; S: may never end", style: stuckStyle
        ) {
            let phase = $0.session.phase
            return (phase == .connect ? "conn" : phase.rawValue)
                + ($0.session.stuck == nil ? "" : "S")
        },
        SessionColumn(
            .blame, "BLAME", 12, .blame, from: 100, isRight: false, meaning: "who is waited for",
            style: blameStyle
        ) { $0.session.blame ?? NumberText.notApplicable },
        SessionColumn(.rtt, "RTT ms", 6, .rtt, from: 120, meaning: "round trip to the client") {
            NumberText.milliseconds($0.session.kernel.rtt)
        },
        SessionColumn(
            .stuck, "STUCK", 11, .stuck, from: 120, isRight: false, meaning: "why it may never end",
            style: stuckStyle
        ) { $0.session.stuck ?? NumberText.notApplicable },
        SessionColumn(
            .listener, "LISTENER", 10, .listener, from: 150, isRight: false,
            meaning: "where it came in"
        ) { Cutting.end($0.session.listener, width: $0.width, $0.glyphs) },
        SessionColumn(
            .port, "PORT", 5, .channelPort, from: 150, meaning: "our port towards the channel"
        ) { $0.session.channelPort.cell },
        SessionColumn(
            .retries, "RETRY", 5, .retries, from: 150, meaning: "tries before it found a channel"
        ) { NumberText.count($0.session.retries, width: $0.width) },
        SessionColumn(
            .last, "LAST", 4, .last, from: 150, isRight: false,
            meaning: "the direction that moved last"
        ) { $0.session.last ?? NumberText.notApplicable },
    ]

    static func channel(_ session: SessionSnapshot) -> String {
        session.channel.map { Place(channelPath: $0).shortName } ?? NumberText.notApplicable
    }

    @Sendable private static func stuckStyle(_ session: SessionSnapshot) -> Style {
        session.stuck == nil ? .plain : Style(.grace)
    }

    @Sendable private static func blameStyle(_ session: SessionSnapshot) -> Style {
        if session.blame?.hasSuffix("-loss") == true { return Style(.down) }
        if session.blame?.hasSuffix("-slow") == true { return Style(.full) }
        return .plain
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

extension SessionColumn: Equatable {
    static func == (left: SessionColumn, right: SessionColumn) -> Bool {
        left.content == right.content
    }
}
