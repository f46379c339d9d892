internal import Shared

/// Everything the screen knows. Messages change it, drawing only reads it.
struct Model: Sendable {
    /// One line for the operator: what came of the last key.
    struct Notice: Equatable, Sendable {
        var text: String
        var isError: Bool
        var at: UInt64 = 0
    }

    /// Whether this is what it is now, what it was a while ago, or a recording.
    enum TimeMode: Equatable, Sendable { case present, past, replay }

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
    /// After a moving key the order of the connections stands still for so long.
    static let holdMilliseconds: UInt64 = 3000
    static let mostRemembered = 200
    static let noticeMilliseconds: UInt64 = 30_000
    /// The second Ctrl-C within this time quits.
    static let interruptSpan: UInt64 = 1500
    /// The second q within this time quits with something still to be done.
    static let quitSpan: UInt64 = 5000

    var now: Moment
    var size: Size
    var socketPath: String
    /// Whether it is reached through a command.
    var isElsewhere = false
    /// Whether it is one of several, so that the way back from its first view leads to all of them.
    var isMember = false
    var intervalMilliseconds: UInt64
    var link = Link()
    var greeting: HelloReply?
    var catalog = CommandCatalog()
    var round = Round()
    var tense = TimeMode.present
    /// What the daemon said lately.
    var tape = ReplayBuffer()
    /// While this is the past: the time that it is a look back from.
    var presentNow: Moment?
    /// What came of a report's question.
    var answer: Reply?
    /// How fast a recording is played, and whether it is over.
    var replaySpeed = 1.0
    var isReplayOver = false
    /// What is on the screen instead of the present.
    var past: Past?
    /// Whether every answer is to be written down.
    var isRecording = false
    var picture: DaemonSnapshot? {
        didSet {
            findMatches()
            measureColumns()
        }
    }
    /// The channels that the filter lets through, found once for each picture: a thousand rows are read for it.
    private(set) var matching: Set<UInt64>?
    /// What the longest name and the longest address of a channel need.
    private(set) var channelWidths = (identity: 3, endpoint: 0)
    /// When the picture came, by our clock.
    var pictureAt: Moment?
    var history = History()
    var pulse = DaemonRates()
    var log = EventLog()
    var window = SessionWindow()
    /// The connection that is looked for beyond the window, and how often something was.
    var search: SessionSearch?
    var searches = 0
    var detail: Detail?
    /// What stands beside the channels.
    var aside = SidePanel()
    /// What `w` asked about last.
    var why: Why?
    var absence = AwaySummary()
    /// Whether clients' addresses are shown as tags.
    var hidesClients = false
    /// Whether ages are shown as times of day.
    var showsClock = false
    /// How the channels of a group are ordered; nil: as the daemon has them.
    var channelOrder: ChannelOrder?
    /// Whether the channels of all groups are one list.
    var isFlat = false { didSet { measureColumns() } }
    /// Which columns the operator wants.
    var channelColumns = ColumnChoice<Column.Content>()
    var sessionColumns = ColumnChoice<SessionColumn.Content>()
    /// What `n` goes on looking for, in lists and in texts.
    var sought: [Page: FilterText] = [:]
    var soughtText = ""
    /// Views to come back to, by their names.
    var savedViews: [SavedView] = []
    /// Who else is there.
    var company = Presence()
    /// What the daemon takes of its machine.
    var burden = DaemonLoad()
    /// Channels to be switched off when they are empty, or at a time.
    var errands = ScheduledActions()
    /// What the screens of the other daemons have still to do: quitting ends them, too.
    var promisesElsewhere: String?
    /// Channels that go and come back, and how often lately.
    var flaps = Flaps()
    /// Lines of the operator's own for the handover.
    var notes: [Note] = []
    /// Since when nothing has been wrong, by the daemon's clock; nil while something is.
    var quietSince: UInt64?

    /// Which key does what.
    var keys = KeyMap.standard
    /// When the bell rings.
    var bell = Bell.lost
    /// The problems that it has rung for.
    var troubles: Set<Subject>?
    /// Whether trends and strips are left out, for a slow line.
    var isLean = false

    var page: Page
    /// Whether the first picture chooses between the overview and the channels.
    var choosesPage: Bool
    /// Where the operator was when the program ended the last time.
    var lastPage: Page?
    /// Where back leads.
    var pagesBefore: [Page] = []
    var overlay: Overlay?
    /// Where the operator stands in the channels, and in the other lists.
    var cursor = Cursor()
    var sessionCursor = Cursor()
    var eventCursor = Cursor()
    var problemCursor = Cursor()
    var detailTop = 0
    /// The part of the view that the keys move in, and where they stand there.
    var focus = Focus.table
    var groupCursor = Cursor()
    var nearbyCursor = Cursor()
    var latestCursor = Cursor()
    /// The first lines of the texts below and beside the channels, where somebody has scrolled.
    var paneTops: [Focus: Int] = [:]
    var movedAt: UInt64?
    var folded: Set<Subject> = []
    /// Groups whose quiet channels are shown though the list is long.
    var wholeGroups: Set<UInt64> = []
    var marks: Set<Subject> = []
    /// Where a range of marks begins.
    var lastMarked: Subject?
    var channelFilter: FilterText? { didSet { findMatches() } }
    var eventFilter: FilterText?
    var confirmation: Confirmation?
    /// Previews opened so far.
    var confirmations = 0
    var prompt: Prompt?
    var pastLines: [String] = []
    var undo = UndoList()
    /// The line that was sent last to change something.
    var lastCommand: String?
    /// Why the daemon refused the last thing that it was asked to do.
    var refusal: Reply.ErrorCode?
    /// What is left of several commands, in order.
    var batch: Batch?
    var notice: Notice?
    var isFrozen = false
    var showsBits = false
    var isHeaderFolded = false
    /// Whether the channels have the screen to themselves.
    var isTableAlone = false
    var isPasting = false
    var guardOfTyping = TypingGuard()
    var interruptedAt: UInt64?
    /// When it was asked whether to quit with something still to be done.
    var quitAskedAt: UInt64?
    /// For reports: the failures since the daemon's start instead of the recent ones.
    var countsAllFailures = false

    /// `page`: nil lets the first picture choose.
    init(
        now: Moment, size: Size, socketPath: String, intervalMilliseconds: UInt64 = 1000,
        page: Page? = .channels
    ) {
        self.now = now
        self.size = size
        self.socketPath = socketPath
        self.intervalMilliseconds = intervalMilliseconds
        self.page = page ?? .channels
        choosesPage = page == nil
    }

    /// Takes what the operator's settings say about everything that is shown.
    mutating func adopt(_ settings: Settings) {
        keys = settings.keys
        bell = Bell(rawValue: settings[.bell]) ?? .lost
        isLean = settings.isOn(.lean)
        hidesClients = settings.isOn(.hideClients)
        if settings.isSet(.columns) { channelColumns = ColumnChoice(words: settings[.columns]) }
        if settings.isSet(.connectionColumns) {
            sessionColumns = ColumnChoice(words: settings[.connectionColumns])
        }
    }

    var outline: Outline {
        Outline(
            picture, folded: folded, matching: matching, order: channelOrder,
            quiet: isListLong ? .init(kept: keptRows, whole: wholeGroups) : nil, isFlat: isFlat)
    }
    /// What the table calls a channel: without headings the service is part of its name, where there are several.
    func name(of channel: ChannelSnapshot) -> String {
        isFlat && picture?.services.count ?? 0 > 1
            ? channel.path : Place(channelPath: channel.path).shortName
    }
    private mutating func measureColumns() {
        channelWidths = (3, 0)
        for service in picture?.services ?? [] {
            for group in service.groups {
                for channel in group.channels {
                    channelWidths.identity = max(
                        channelWidths.identity, CellWidth.of(name(of: channel)))
                    channelWidths.endpoint = max(
                        channelWidths.endpoint, CellWidth.of(channel.address))
                }
            }
        }
    }
    private mutating func findMatches() {
        guard let filter = channelFilter?.filter, let picture else { return matching = nil }
        matching = Set(picture.channels.filter { filter.matches(row(of: $0)) }.map(\.serial))
    }
    /// What a filter knows of a channel besides what the daemon tells: per second, and the column ERR.
    static let rateNames = ["new_rate", "in_rate_bytes", "out_rate_bytes", "failed_5m"]
    /// A channel as a filter sees it.
    func row(of channel: ChannelSnapshot) -> [String] {
        let track = history.channels[channel.serial]
        let rates = track?.rates ?? Track.Rates()
        return channel.row
            + [
                rates.total.map { Quantity.fixed($0, decimals: 1) }.cell,
                rates.inBytes.map { Quantity.fixed($0, decimals: 0) }.cell,
                rates.outBytes.map { Quantity.fixed($0, decimals: 0) }.cell,
                (track?.recentFailures).cell,
            ]
    }
    /// What the operator looks at does not go away, whatever its state: the cursor would stand on something else.
    private var keptRows: Set<Subject> {
        cursor.subject.map { marks.union([$0]) } ?? marks
    }
    /// Whether the channels are more than the screen has room for, with nothing beside or below them.
    private var isListLong: Bool {
        guard channelFilter == nil, channelOrder == nil, !isFlat, !countsAllFailures else {
            return false
        }
        return rowsOfAll > Arrangement(size, isHeaderFolded: isHeaderFolded).tableHeight
    }
    private var rowsOfAll: Int {
        guard let picture else { return 0 }
        if isFlat { return picture.channels.count }
        let services = picture.services.count
        return picture.channels.count + picture.groups.count + (services > 1 ? services : 0)
    }
    var arrangement: Arrangement {
        Arrangement(
            size, isHeaderFolded: isHeaderFolded,
            tableRows: page == .channels && !isTableAlone && picture != nil ? outlineCount : nil)
    }
    /// Rows of the channel table, without making them where that is not needed.
    private var outlineCount: Int {
        guard isFlat || folded.isEmpty, !isListLong else { return outline.count }
        return matching.map { isFlat ? $0.count : rows(of: $0) } ?? rowsOfAll
    }
    /// Those channels, and the headings above them.
    private func rows(of serials: Set<UInt64>) -> Int {
        guard let services = picture?.services else { return 0 }
        var (groups, headings) = (0, 0)
        for service in services {
            let count = service.groups.count { group in
                group.channels.contains { serials.contains($0.serial) }
            }
            groups += count
            if count > 0, services.count > 1 { headings += 1 }
        }
        return serials.count + groups + headings
    }
    /// Whether the numbers on the screen are the last ones of a daemon that does not answer.
    var isStale: Bool { !link.isLive }

    /// Without an answer for two ticks, or for a second, the link is slow.
    var slowMilliseconds: UInt64 { min(2 * intervalMilliseconds, 1000) }

    /// Why nothing may be changed now; nil when it may.
    var obstacle: String? {
        switch tense {
        case .present: break
        case .past: return "you are looking at the past: = goes back to now, then act"
        case .replay: return "this is a recording: nothing can be done there"
        }
        if !link.isLive { return "actions are off until the link is back" }
        if isFrozen { return "the screen is frozen: f thaws it, then act" }
        guard let greeting, greeting.maySwitch else {
            return "read-only: role “\(greeting?.role ?? "?")” may not switch channels"
        }
        return nil
    }

    /// The time that the screen tells of: in the past and in a recording that of its picture.
    var shownNow: Moment { tense == .present ? now : pictureAt ?? now }

    /// The daemon's clock, carried on by ours since it last told it.
    var daemonNow: UInt64 {
        guard let picture, let pictureAt else { return greeting?.nowMilliseconds ?? 0 }
        return picture.nowMilliseconds + shownNow.elapsed(since: pictureAt.milliseconds)
    }

    /// Whether the operator is moving in a list, so that it had better stand still.
    var isHolding: Bool {
        movedAt.map { now.elapsed(since: $0) < Self.holdMilliseconds } ?? false
    }

    /// A question has to be on the screen before a key can be its answer.
    var awaitsPainting: Bool {
        confirmation?.isPainted == false || past?.model.confirmation?.isPainted == false
    }

    mutating func tell(_ text: String, isError: Bool = false) {
        notice = Notice(text: text, isError: isError, at: now.milliseconds)
    }

    /// What was said makes room for what stands there; what went wrong stays until a key is pressed.
    mutating func dropOldNotice() {
        guard let notice, !notice.isError,
            now.elapsed(since: notice.at) >= Self.noticeMilliseconds
        else { return }
        self.notice = nil
    }

    /// What channels are called on the screen, and their paths; a name that two have stands for neither.
    var channelNames: [String: String] {
        Dictionary(
            (picture?.channels ?? []).map { (Place(channelPath: $0.path).shortName, $0.path) },
            uniquingKeysWith: { _, _ in "" }
        ).filter { !$0.value.isEmpty }
    }

    var problems: [Problem] { picture.map { Problem.all(in: $0, history, flaps) } ?? [] }
    var problemList: ListRows { ListRows(problems.map(\.subject)) }
    var events: [EventSnapshot] { log.newest(eventFilter?.filter) }
    var eventList: ListRows { ListRows(events.map { .event(id: $0.id) }) }

    /// What the cursor of the page stands on.
    var subject: Subject? { focus == .table ? tableSubject : paneSubject ?? tableSubject }

    /// What the cursor of the view's own list stands on.
    var tableSubject: Subject? {
        switch page {
        case .overview: problemCursor.subject
        case .channels: cursor.subject
        case .connections: sessionCursor.subject
        case .events: eventCursor.subject
        case .detail: detail?.subject
        }
    }
}
