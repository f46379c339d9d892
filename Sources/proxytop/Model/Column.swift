internal import Shared

/// One column of the channel table: its row in `all` is everything there is to know about it.
struct Column: Sendable {
    /// What it is called in files.
    enum Content: String, NamedColumn {
        case identity, state, since, endpoint, weight, connections, new, input, output, errors
        case connectTime = "connect-time"
        case total, next, trend

        var isFixed: Bool { column?.isFixed ?? false }

        var column: Column? { Column.all.first { $0.content == self } }
    }

    /// A heading, which depends on the room and on what is counted.
    struct Title: Sendable, ExpressibleByStringLiteral {
        var narrow: String
        var wide: String?
        /// The width from which on the wide one is taken.
        var wideFrom = 0
        /// Instead of both where rates are in bits.
        var ofBits: String?
        /// Instead of both where failures are those since the start.
        var ofAll: String?

        init(_ narrow: String, wide: String, from: Int, ofBits: String? = nil, ofAll: String? = nil)
        {
            self.narrow = narrow
            self.wide = wide
            wideFrom = from
            self.ofBits = ofBits
            self.ofAll = ofAll
        }

        init(stringLiteral text: String) { narrow = text }

        func text(width: Int, isBits: Bool, countsAll: Bool) -> String {
            if isBits, let ofBits { return ofBits }
            if countsAll, let ofAll { return ofAll }
            guard let wide, width >= wideFrom else { return narrow }
            return wide
        }
    }

    /// How it behaves when the screen gets wider: a step at 80, 100, 120 and 160 columns.
    struct Widths: Equatable, Sendable {
        var narrow: Int
        var wide: Int
    }

    let content: Content
    let title: Title
    /// Below 100 columns and from there on.
    let widths: Widths
    /// The narrowest screen that has it at all.
    let from: Int
    /// Lower goes first when there is no room; nil stays whatever happens.
    let drop: Int?
    let isRightAligned: Bool
    /// Without it a row would not say what it is about.
    let isFixed: Bool
    let meaning: String
    /// What the rows are sorted by with it; nil: they cannot be.
    let sort: ChannelOrder.Field?
    /// `meaning`, with which end of that order comes first; nil: the most.
    let sortMeaning: String?
    let style: @Sendable (ChannelCell) -> Style
    let text: @Sendable (ChannelCell) -> String

    /// In the order of the screen, left to right. The drop order is that of the design.
    static let all: [Column] = [
        Column(
            .identity, "ID", 3, 3, isRight: false, isFixed: true,
            meaning: "group and channel, as commands name them"
        ) { Cutting.middle($0.name, width: $0.width, $0.glyphs) },
        Column(
            .state, "STATE", 6, 6, isRight: false, isFixed: true, meaning: "the state in a word",
            sort: .state, "the state, the worst first", style: { $0.badge.style }
        ) { $0.badge.text(width: $0.width) },
        Column(
            .since, "SINCE", 6, 6, from: 100, drop: 5, meaning: "the age of the state",
            sort: .since, "the age of the state, what changed last first"
        ) { $0.since },
        Column(.endpoint, "ENDPOINT", 12, 12, from: 60, isRight: false, meaning: "host and port") {
            Cutting.middle($0.channel.address, width: $0.width, $0.glyphs)
        },
        Column(.weight, "WT", 3, 4, from: 60, drop: 8, meaning: "its part of what is new") {
            NumberText.count($0.channel.weight, width: $0.width)
        },
        Column(
            .connections, Title("CONN", wide: "CONN/MAX", from: 8), 8, 9, isFixed: true,
            meaning: "sessions now, and at most", sort: .connections
        ) { $0.connections },
        Column(
            .new, "NEW/s", 5, 6, from: 60, drop: 9, meaning: "sessions placed per second",
            sort: .new
        ) { NumberText.perSecond($0.rates.total) },
        Column(
            .input, Title("IN/s", wide: "IN B/s", from: 6, ofBits: "INb/s"), 5, 6, from: 60,
            drop: 6, meaning: "from the clients per second", sort: .input
        ) { NumberText.bytes($0.rates.inBytes, asBits: $0.showsBits) },
        Column(
            .output, Title("OUT/s", wide: "OUTB/s", from: 6, ofBits: "OUb/s"), 5, 6, from: 60,
            drop: 7, meaning: "to the clients per second", sort: .output
        ) { NumberText.bytes($0.rates.outBytes, asBits: $0.showsBits) },
        Column(
            .errors, Title("ERR", wide: "ERR5", from: 4, ofAll: "FAIL"), 3, 4, from: 60,
            meaning: "failed connects in the last five minutes", sort: .errors,
            style: { $0.failures > 0 ? Style(.grace) : .plain }
        ) { NumberText.count($0.failures, width: $0.width) },
        Column(
            .connectTime, Title("CNms", wide: "CN ms", from: 5), 4, 6, from: 60, drop: 4,
            meaning: "median time of a connect", sort: .connectTime
        ) { NumberText.milliseconds($0.channel.connectP50Microseconds) },
        Column(
            .total, "TOTAL", 6, 6, from: 100, drop: 3,
            meaning: "sessions since the daemon's start"
        ) { NumberText.count($0.channel.total, width: $0.width) },
        Column(.next, "NEXT", 6, 6, from: 160, drop: 2, meaning: "until the next try") {
            $0.channel.retryMilliseconds.map { Age(milliseconds: $0).description }
                ?? NumberText.notApplicable
        },
        Column(
            .trend, Title("TREND5m", wide: "CONN 15m", from: 8), 7, 15, from: 60, drop: 1,
            isRight: false, meaning: "sessions over the last minutes", sort: .connections
        ) { $0.trend },
    ]

    private init(
        _ content: Content, _ title: Title, _ narrow: Int, _ wide: Int, from: Int = 0,
        drop: Int? = nil, isRight: Bool = true, isFixed: Bool = false, meaning: String,
        sort: ChannelOrder.Field? = nil, _ sortMeaning: String? = nil,
        style: @escaping @Sendable (ChannelCell) -> Style = { _ in .plain },
        text: @escaping @Sendable (ChannelCell) -> String
    ) {
        self.content = content
        self.title = title
        widths = Widths(narrow: narrow, wide: wide)
        self.from = from
        self.drop = drop
        isRightAligned = isRight
        self.isFixed = isFixed
        self.meaning = meaning
        self.sort = sort
        self.sortMeaning = sortMeaning
        self.style = style
        self.text = text
    }

    /// The title where there is room for all of it.
    func fullTitle(isBits: Bool = false) -> String {
        title.text(width: 15, isBits: isBits, countsAll: false)
    }

    /// The first column whose order that is.
    static func sorted(by field: ChannelOrder.Field) -> Column? {
        all.first { $0.sort == field }
    }
}

extension Column: Equatable {
    static func == (left: Column, right: Column) -> Bool { left.content == right.content }
}
