internal import Shared

/// Everything the screen knows. Messages change it, drawing only reads it.
struct Model: Sendable {
    enum Page: Equatable, Sendable {
        case channels
        case help(top: Int)
    }

    /// One line for the operator: what came of the last key.
    struct Notice: Equatable, Sendable {
        var text: String
        var isError: Bool
    }

    /// The answers of one round, until all three are there.
    struct Round: Sendable {
        var channels: [ChannelSnapshot]?
        var groups: [GroupSnapshot]?
        var epoch: UInt64 = 0
        var generation: UInt64 = 0
        var nowMilliseconds: UInt64 = 0
    }

    /// The intervals that `+` and `-` step through, in milliseconds.
    static let intervals: [UInt64] = [250, 500, 1000, 2000, 5000, 10_000]

    var now: Moment
    var size: Size
    var socketPath: String
    var intervalMilliseconds: UInt64
    var link = Link()
    var greeting: Greeting?
    var round = Round()
    var picture: Picture?
    /// When the picture came, by our clock.
    var pictureAt: Moment?
    var history = History()
    /// Since when nothing has been wrong, by the daemon's clock; nil while something is.
    var quietSince: UInt64?

    var page = Page.channels
    var cursor = Cursor()
    var folded: Set<Subject> = []
    var confirmation: Confirmation?
    var notice: Notice?
    var isFrozen = false
    var showsBits = false
    var isHeaderFolded = false
    var isPasting = false
    var guardOfTyping = TypingGuard()
    var interruptedAt: UInt64?
    /// For reports: the failures since the daemon's start instead of the recent ones.
    var countsAllFailures = false

    init(now: Moment, size: Size, socketPath: String, intervalMilliseconds: UInt64 = 1000) {
        self.now = now
        self.size = size
        self.socketPath = socketPath
        self.intervalMilliseconds = intervalMilliseconds
    }

    var outline: Outline { Outline(picture, folded: folded) }
    var arrangement: Arrangement { Arrangement(size, isHeaderFolded: isHeaderFolded) }
    /// Whether the numbers on the screen are the last ones of a daemon that does not answer.
    var isStale: Bool { !link.isLive }

    /// Why nothing may be changed now; nil when it may.
    var obstacle: String? {
        if !link.isLive { return "actions are off until the link is back" }
        if isFrozen { return "the screen is frozen: f thaws it, then act" }
        guard let greeting, greeting.maySwitch else {
            return "read-only: role “\(greeting?.role ?? "?")” may not switch channels"
        }
        return nil
    }

    /// The daemon's clock, carried on by ours since it last told it.
    var daemonNow: UInt64 {
        guard let picture, let pictureAt else { return greeting?.nowMilliseconds ?? 0 }
        return picture.nowMilliseconds + now.elapsed(since: pictureAt.milliseconds)
    }

    mutating func tell(_ text: String, isError: Bool = false) {
        notice = Notice(text: text, isError: isError)
    }

    /// After anything that moves rows or lines.
    mutating func settle() {
        cursor.settle(in: outline, height: arrangement.tableHeight)
    }
}
