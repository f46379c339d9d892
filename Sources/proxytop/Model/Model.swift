internal import Shared

/// Everything the screen knows. Messages change it, drawing only reads it.
struct Model: Sendable {
    var now: Moment
    var size: Size
    var connection: Connection
    var data = DaemonData()
    var navigation: Navigation
    var selection = Selection()
    var actions = Actions()
    var time = Time()
    var preferences = Preferences()

    /// `page`: nil lets the first snapshot choose.
    init(
        now: Moment, size: Size, socketPath: String, intervalMilliseconds: UInt64 = 1000,
        page: Page? = .channels
    ) {
        self.now = now
        self.size = size
        connection = Connection(socketPath: socketPath, intervalMilliseconds: intervalMilliseconds)
        navigation = Navigation(page: page ?? .channels, choosesPage: page == nil)
    }
}

// MARK: What it consists of

extension Model {
    /// Which daemon this is, and how the conversation with it goes.
    struct Connection: Sendable {
        var socketPath: String
        /// Whether it is reached through a command.
        var isElsewhere = false
        /// Whether it is one of several, so that the way back from its first view leads to all of them.
        var isMember = false
        var intervalMilliseconds: UInt64
        var link = Link()
        var hello: HelloReply?
        var catalog = CommandCatalog()
        var round = Round()
        /// The reply to a report's question.
        var answer: Reply?

        init(socketPath: String, intervalMilliseconds: UInt64) {
            self.socketPath = socketPath
            self.intervalMilliseconds = intervalMilliseconds
        }
    }

    /// The answers of one round, until all three are there.
    struct Round: Sendable {
        var channels: [ChannelSnapshot]?
        var groups: [GroupSnapshot]?
        var epoch: UInt64 = 0
        var generation: UInt64 = 0
        var nowMilliseconds: UInt64 = 0
    }

    /// What the daemon has reported, and what follows from it.
    struct DaemonData: Sendable {
        /// `Model.snapshot` sets it, and what follows from it with it.
        fileprivate(set) var snapshot: DaemonSnapshot?
        /// When the snapshot came, by our clock.
        var snapshotAt: Moment?
        /// The channels that the filter lets through, found once for each snapshot: a thousand rows are read for it.
        fileprivate(set) var matching: Set<UInt64>?
        /// What the longest name and the longest address of a channel need.
        fileprivate(set) var channelWidths = (identity: 3, endpoint: 0)
        var history = History()
        var rates = DaemonRates()
        var log = EventLog()
        var window = SessionWindow()
        /// The connection that is looked for beyond the window, and how many searches there were.
        var search: SessionSearch?
        var searches = 0
        var detail: Detail?
        /// What stands beside the channels.
        var sidePanel = SidePanel()
        /// What `w` asked about last.
        var why: Why?
        /// Other clients of the control socket.
        var presence = Presence()
        /// What the daemon takes of its machine.
        var load = DaemonLoad()
        /// Channels that go and come back, and how often lately.
        var flaps = Flaps()
        /// Since when nothing has been wrong, by the daemon's clock; nil while something is.
        var quietSince: UInt64?
        /// The problems that the bell has rung for.
        var announcedProblems: Set<Subject>?
        var awaySummary = AwaySummary()
    }

    /// Which view is on the screen, and how it is laid out.
    struct Navigation: Sendable {
        var page: Page
        /// Whether the first snapshot chooses between the overview and the channels.
        var choosesPage: Bool
        /// Where the operator was when the program ended the last time.
        var lastPage: Page?
        /// Where back leads.
        var pagesBefore: [Page] = []
        var overlay: Overlay?
        /// The part of the view that the keys move in.
        var focus = Focus.table
        var detailTop = 0
        /// The first lines of the texts below and beside the channels, once they have been scrolled.
        var paneTops: [Focus: Int] = [:]
        var movedAt: UInt64?
        var isHeaderFolded = false
        /// Whether the channels have the screen to themselves.
        var isTableAlone = false
        /// What `n` goes on looking for, in lists and in texts.
        var findFilters: [Page: FilterText] = [:]
        var searchedText = ""

        init(page: Page, choosesPage: Bool) {
            self.page = page
            self.choosesPage = choosesPage
        }
    }

    /// Where the cursors stand, what is marked, and which rows there are to choose from.
    struct Selection: Sendable {
        /// In the channels.
        var cursor = Cursor()
        var sessionCursor = Cursor()
        var eventCursor = Cursor()
        var problemCursor = Cursor()
        var groupCursor = Cursor()
        /// In the parts beside and below the channels.
        var nearbyCursor = Cursor()
        var latestCursor = Cursor()
        var folded: Set<Subject> = []
        /// Groups whose quiet channels are shown though the list is long.
        var wholeGroups: Set<UInt64> = []
        var marks: Set<Subject> = []
        /// Where a range of marks begins.
        var lastMarked: Subject?
        /// `Model.channelFilter` sets it, and finds what matches.
        fileprivate(set) var channelFilter: FilterText?
        var eventFilter: FilterText?
        /// How the channels of a group are ordered; nil: as the daemon has them.
        var channelOrder: ChannelOrder?
        /// Whether the channels of all groups are one list; `Model.isFlat` sets it.
        fileprivate(set) var isFlat = false
    }

    /// What is being typed, asked, done, and to be done later.
    struct Actions: Sendable {
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
        /// Channels to be switched off when they are empty, or at a time.
        var scheduled = ScheduledActions()
        /// What the screens of the other daemons have still to do: quitting ends them, too.
        var scheduledElsewhere: String?
        var notice: Notice?
        /// Lines of the operator's own for the shift report.
        var notes: [Note] = []
        var isPasting = false
        var typingGuard = TypingGuard()
        var interruptedAt: UInt64?
        /// When it was asked whether to quit with something still to be done.
        var quitAskedAt: UInt64?
    }

    /// One line for the operator: what came of the last key.
    struct Notice: Equatable, Sendable {
        var text: String
        var isError: Bool
        var at: UInt64 = 0
    }

    /// Which time the screen shows: now, a while ago, or a recording.
    struct Time: Sendable {
        var mode = TimeMode.present
        /// What the daemon said lately.
        var replay = ReplayBuffer()
        /// While this is the past: the time that it is a look back from.
        var presentNow: Moment?
        /// What is on the screen instead of the present.
        var past: Past?
        /// How fast a recording is played, and whether it is over.
        var replaySpeed = 1.0
        var isReplayOver = false
        /// Whether every answer is to be written down.
        var isRecording = false
        var isFrozen = false
    }

    /// Whether this is what it is now, what it was a while ago, or a recording.
    enum TimeMode: Equatable, Sendable { case present, past, replay }

    /// How the operator wants things shown, and which keys do what.
    struct Preferences: Sendable {
        var keys = KeyMap.standard
        /// When the bell rings.
        var bell = Bell.lost
        /// Whether trends and strips are left out, for a slow line.
        var isLean = false
        /// Whether clients' addresses are shown as tags.
        var hidesClients = false
        /// Whether ages are shown as times of day.
        var showsClock = false
        var showsBits = false
        var channelColumns = ColumnChoice<Column.Content>()
        var sessionColumns = ColumnChoice<SessionColumn.Content>()
        /// Views to come back to, by their names.
        var savedViews: [SavedView] = []
        /// For reports: the failures since the daemon's start instead of the recent ones.
        var countsAllFailures = false
    }
}

// MARK: What others follow from

extension Model {
    var snapshot: DaemonSnapshot? {
        get { data.snapshot }
        set {
            data.snapshot = newValue
            findMatches()
            measureColumns()
        }
    }

    var channelFilter: FilterText? {
        get { selection.channelFilter }
        set {
            selection.channelFilter = newValue
            findMatches()
        }
    }

    /// Whether the channels of all groups are one list.
    var isFlat: Bool {
        get { selection.isFlat }
        set {
            selection.isFlat = newValue
            measureColumns()
        }
    }

    private mutating func measureColumns() {
        data.channelWidths = (3, 0)
        for service in snapshot?.services ?? [] {
            for group in service.groups {
                for channel in group.channels {
                    data.channelWidths.identity = max(
                        data.channelWidths.identity, CellWidth.of(name(of: channel)))
                    data.channelWidths.endpoint = max(
                        data.channelWidths.endpoint, CellWidth.of(channel.address))
                }
            }
        }
    }
    private mutating func findMatches() {
        guard let filter = channelFilter?.filter, let snapshot else { return data.matching = nil }
        data.matching = Set(snapshot.channels.filter { filter.matches(row(of: $0)) }.map(\.serial))
    }
}
