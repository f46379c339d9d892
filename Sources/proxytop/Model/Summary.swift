internal import Shared

/// The whole daemon in one row, for a line in a status bar and for a monitoring system's question.
struct Summary: Equatable, Sendable {
    let host: String
    private let states: [ChannelState: Int]
    private let values: [(name: String, value: String)]

    init(_ model: Model) {
        let channels = model.snapshot?.channels ?? []
        let groups = model.snapshot?.groups ?? []
        let listeners = model.snapshot?.listeners ?? []
        let rates = model.data.history.sum
        let states = channels.reduce(into: [ChannelState: Int]()) { $0[$1.state, default: 0] += 1 }
        let slots = Slots(channels)
        host = model.connection.hello?.host ?? "?"
        func number(_ value: Double?) -> String {
            value.map { Quantity.fixed($0, decimals: 1) } ?? Table.absent
        }
        let used = slots.total.flatMap { total in
            total == 0 ? nil : Double(slots.used) * 100 / Double(total)
        }
        var values: [(String, String)] = [
            ("host", host), ("channels", String(channels.count)),
            ("usable", String(channels.count { $0.state.isUsable })),
        ]
        for state in ChannelState.allCases {
            values.append((state.rawValue, String(states[state] ?? 0)))
        }
        let bad = model.problems.count { $0.severity != .note }
        values += [
            ("groups", String(groups.count)),
            ("exhausted", String(groups.count { $0.usable.isEmpty })),
            ("listeners", String(listeners.count)),
            ("refusing", String(listeners.count { $0.state == .refusing })),
            ("current", String(channels.reduce(0) { $0 + $1.current })),
            ("slots", slots.total.cell), ("free", slots.free.cell), ("used_percent", number(used)),
            ("problems", String(bad)), ("new_per_s", number(rates.total)),
            ("failed_per_s", number(rates.failed)),
            ("refused_per_s", number(model.data.history.refused)),
            ("in_bytes_per_s", number(rates.inBytes)), ("out_bytes_per_s", number(rates.outBytes)),
        ]
        self.states = states
        self.values = values.map { (name: $0.0, value: $0.1) }
    }

    static func == (left: Summary, right: Summary) -> Bool {
        left.names == right.names && left.row == right.row
    }

    var names: [String] { values.map(\.name) }
    var row: [String] { values.map(\.value) }

    func value(_ name: String) -> String { values.first { $0.name == name }?.value ?? "?" }

    /// What is wrong, in few words: `1 down 2 full`, or `ok`.
    var trouble: String {
        let bad: [ChannelState] = [.down, .auto, .full, .grace]
        let words = bad.compactMap { state in
            states[state].map { "\($0) \(state.rawValue)" }
        }
        return words.isEmpty ? "ok" : words.joined(separator: " ")
    }

    /// `lb1 1 down 2 full 1284 conn 110.3/s`
    var line: String {
        let new = value("new_per_s")
        return "\(host) \(trouble) \(value("current")) conn"
            + (new == Table.absent ? "" : " \(new)/s")
    }

    // MARK: Questions of a monitoring system

    enum Verdict: Int32, Sendable {
        case good = 0, warning = 1, critical = 2

        var word: String {
            switch self {
            case .good: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            }
        }
    }

    /// A condition over the fields of the summary.
    struct Check: Equatable, Sendable {
        let text: String
        let filter: Filter

        init(_ text: String) throws(FilterText.ParseError) {
            self.text = text
            let names = Summary.fieldNames
            let isBare = !text.contains { "=<>".contains($0) }
            guard !isBare else {
                throw FilterText.ParseError(
                    message: "“\(text)” compares nothing; write it as “down > 0”. Fields: "
                        + names.joined(separator: " "))
            }
            filter = try FilterText(text, .init(names: names, searched: names)).filter
        }
    }

    static let fieldNames = Summary(
        Model(now: .zero, size: Size(columns: 80, rows: 24), socketPath: "")
    ).names

    /// `critical` first: what is both is critical.
    func verdict(critical: Check?, warning: Check?) -> (verdict: Verdict, line: String) {
        if let critical, critical.filter.matches(row) {
            return (.critical, "CRITICAL: \(critical.text): \(line)")
        }
        if let warning, warning.filter.matches(row) {
            return (.warning, "WARNING: \(warning.text): \(line)")
        }
        return (.good, "OK: \(line)")
    }
}
