/// A line that is being typed at the bottom of the screen.
struct Prompt: Equatable, Sendable {
    enum Purpose: Equatable, Sendable {
        /// `:`
        case command
        /// `/`, for the page that was there, and F3.
        case filter(Page), find(Page)
        /// `/` over a text.
        case search
        /// The name that a view is kept under.
        case saveView
        /// The new value of something; the act is built from it.
        case weight, maxc
    }

    static let longest = 1000

    let purpose: Purpose
    private(set) var text: String
    /// Characters before the cursor.
    private(set) var place: Int
    /// What went wrong with the last Enter or Tab, or what Tab offers.
    var remark: String?
    /// Whether the text is still the one that it was opened with: the first letter takes its place.
    private(set) var isAsOpened: Bool
    /// When it was opened.
    var openedAt: UInt64 = 0
    /// How far back in the history; 0 is what is being typed.
    private var age = 0
    private var draft = ""

    init(_ purpose: Purpose, text: String = "") {
        self.purpose = purpose
        self.text = text
        place = text.count
        isAsOpened = !text.isEmpty
    }

    /// What stands before the text.
    var label: String {
        switch purpose {
        case .command: ":"
        case .filter: "/"
        case .find: "find: "
        case .search: "search: "
        case .saveView: "keep this view as: "
        case .weight: "weight: "
        case .maxc: "maxc (- for none): "
        }
    }

    var head: String { String(text.prefix(place)) }

    mutating func insert(_ scalar: Unicode.Scalar) {
        guard CellWidth.of(scalar) > 0 else { return }
        if isAsOpened { set("") }
        isAsOpened = false
        guard text.count < Self.longest else { return }
        var head = String(text.prefix(place))
        let tail = text.dropFirst(place)
        let before = head.count
        head.unicodeScalars.append(scalar)
        text = head + tail
        place += head.count - before
        remark = nil
    }

    mutating func replaceHead(with head: String) {
        text = head + text.dropFirst(place)
        place = head.count
    }

    /// Applies an editing key; false: the key does not edit.
    mutating func edit(_ key: Key, history: [String]) -> Bool {
        remark = nil
        if case .character(let scalar) = key {
            insert(scalar)
            return true
        }
        isAsOpened = false
        switch key {
        case .backspace:
            guard place > 0 else { return true }
            text = String(text.prefix(place - 1) + text.dropFirst(place))
            place -= 1
        case .left: place = max(0, place - 1)
        case .right: place = min(text.count, place + 1)
        case .home, .control("a"): place = 0
        case .end, .control("e"): place = text.count
        case .control("u"): set("")
        case .control("k"): text = head
        case .control("w"):
            let kept = String(head.reversed().drop { $0 == " " }.drop { $0 != " " }.reversed())
            replaceHead(with: kept)
        case .control("r"): search(history)
        case .up: recall(age + 1, history)
        case .down: recall(age - 1, history)
        default: return false
        }
        return true
    }

    private mutating func set(_ text: String) {
        self.text = text
        place = text.count
    }

    /// The next older line that has what was typed in it.
    private mutating func search(_ history: [String]) {
        if age == 0 { draft = text }
        for older in stride(from: age + 1, through: history.count, by: 1) {
            let line = history[history.count - older]
            guard draft.isEmpty || line.contains(draft) else { continue }
            age = older
            set(line)
            return
        }
        remark = "no older line has “\(draft)”"
    }

    private mutating func recall(_ wanted: Int, _ history: [String]) {
        guard (0...history.count).contains(wanted) else { return }
        if age == 0 { draft = text }
        age = wanted
        set(wanted == 0 ? draft : history[history.count - wanted])
    }
}
