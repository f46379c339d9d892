internal import Shared

/// The part of the sessions that is on the screen, with a screen more each way. The daemon filters, sorts
/// and counts; only this window is ever fetched.
struct SessionWindow: Equatable, Sendable {
    /// The order that was asked for.
    struct Order: Equatable, Sendable {
        var field = SessionField.idle
        var isDescending = true

        var word: String { (isDescending ? "-" : "") + field.rawValue }
    }

    var filter: FilterText?
    var order = Order()
    /// The row of the whole list that `rows` begin at.
    private(set) var first = 0
    private(set) var rows: [SessionSnapshot] = []
    private(set) var matched = 0
    private(set) var total = 0
    /// What the daemon did not like about the question.
    private(set) var fault: String?
    /// Rows that stand where they stood although they did not come again: ended, or moved out of the window.
    private(set) var old: Set<UInt64> = []
    /// Whether any answer has come to the present question.
    private(set) var isKnown = false

    /// How long the daemon is left alone after an answer; 0 asks at every look.
    private(set) var pause: UInt64 = 0
    private var restUntil: UInt64 = 0

    /// An answer may cost the daemon so little of the time: half a hundredth of a core,
    /// as the rest of a look costs about as much again.
    static let pausePerMillisecond: UInt64 = 200
    static let longestPause: UInt64 = 5000

    /// Notes how long an answer took. Sorting ten thousand sessions once a second would be more than a screen is worth.
    mutating func rest(after milliseconds: UInt64, at now: UInt64, interval: UInt64) {
        let wanted = min(Self.longestPause, milliseconds * Self.pausePerMillisecond)
        pause = wanted > interval ? wanted : 0
        restUntil = now + pause
    }

    /// Whether it is time to ask, or the screen shows rows that were never asked for.
    func isDue(at now: UInt64, top: Int, height: Int) -> Bool {
        now >= restUntil || !covers(top, height: height)
    }

    /// More rows than this are never asked for at once.
    static let mostRows = 500

    var list: ListRows {
        ListRows(count: matched, first: first, subjects: rows.map { .session(id: $0.id) })
    }

    func row(at index: Int) -> SessionSnapshot? {
        rows.indices.contains(index - first) ? rows[index - first] : nil
    }

    func session(id: UInt64) -> SessionSnapshot? { rows.first { $0.id == id } }

    /// Whether everything from `top` on that fits on the screen is here.
    func covers(_ top: Int, height: Int) -> Bool {
        guard isKnown else { return false }
        let end = min(matched, top + height)
        return top >= first && end <= first + rows.count
    }

    /// The question for the rows round `top`, and the row that its answer begins at.
    func request(top: Int, height: Int) -> (request: Request, first: Int) {
        let start = max(0, top - height)
        let count = min(Self.mostRows, max(1, 3 * height))
        return (request(start..<start + count), start)
    }

    /// The question for these rows of the list.
    func request(_ rows: Range<Int>) -> Request {
        var words = ["show", "sessions"]
        if let filter { words += ["where"] + filter.words }
        words += [
            "sort", order.word, "limit", String(rows.count), "offset", String(rows.lowerBound),
        ]
        return Request(words: words)
    }

    /// Takes an answer in. While the operator is moving the rows stay where they are, and only their values change.
    mutating func receive(
        _ sessions: [SessionSnapshot], first: Int, matched: Int, total: Int, isHeld: Bool
    ) {
        fault = nil
        self.total = total
        defer { isKnown = true }
        guard isHeld, isKnown, first == self.first, !rows.isEmpty else {
            (self.first, rows, self.matched) = (
                first, sessions, max(matched, first + sessions.count)
            )
            if sessions.isEmpty, matched < first { self.matched = matched }
            old = []
            return
        }
        let fresh = Dictionary(sessions.map { ($0.id, $0) }) { first, _ in first }
        old = []
        for index in rows.indices {
            if let session = fresh[rows[index].id] {
                rows[index] = session
            } else {
                old.insert(rows[index].id)
            }
        }
        self.matched = max(matched, self.first + rows.count)
    }

    mutating func fail(_ message: String) {
        self = SessionWindow(filter: filter, order: order)
        fault = message
        isKnown = true
    }

    /// Another question, which the rows here do not answer.
    mutating func forget() { isKnown = false }

    init(filter: FilterText? = nil, order: Order = Order()) {
        self.filter = filter
        self.order = order
    }
}
