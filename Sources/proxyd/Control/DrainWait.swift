internal import Shared

/// What `--wait` waits for behind a command that lets channels come empty.
struct DrainWait: Equatable, Sendable {
    /// What is asked again and again until it says that nothing is left.
    let question: [String]
    /// What people call it.
    let place: String
    /// Sessions that are to end; nil: all that the channels have.
    private let sessions: Set<String>?

    /// Commands that --wait goes with. The last two answer when it is done, and only need the patience.
    static let verbs: Set = ["drain", "disable", "shed", "promote", "elect"]
    private static let answeredWhenDone: Set = ["promote", "elect"]

    /// nil when there is nothing to wait for.
    init?(words: [String], reply: Reply) {
        guard case .ok(let attributes, let lines) = reply, let verb = words.first,
            Self.verbs.contains(verb), !Self.answeredWhenDone.contains(verb),
            let path = words.dropFirst().first(where: { !$0.hasPrefix("if-gen=") })
        else { return nil }
        place = path
        guard verb == "shed" else {
            sessions = nil
            question = ["show", "channels", path]
            return
        }
        guard let table = Table(lines: lines), attributes["cut"] != "0",
            let id = table.columns.firstIndex(of: "id"),
            let channel = table.columns.firstIndex(of: "channel")
        else { return nil }
        sessions = Set(table.rows.map { $0[id] })
        let channels = Set(table.rows.map { $0[channel] }).sorted()
        // A filter has so many words at most, and four are needed for each channel.
        let isShort = channels.count * 4 < Filter.mostWords
        let condition = channels.flatMap { ["or", "channel", "=", $0] }.dropFirst()
        question = ["show", "sessions"] + (isShort ? ["where"] + condition : [])
    }

    /// How many sessions are left, by an answer to the question; nil when the reply is not one.
    func left(in reply: Reply) -> Int? {
        guard case .ok(_, let lines) = reply, let table = Table(lines: lines) else { return nil }
        if let sessions {
            guard let id = table.columns.firstIndex(of: "id") else { return nil }
            return table.rows.count { sessions.contains($0[id]) }
        }
        guard let current = table.columns.firstIndex(of: "current") else { return nil }
        return table.rows.reduce(0) { $0 + (Int($1[current]) ?? 0) }
    }

    static func words(for left: Int, on place: String) -> String {
        left == 1 ? "1 session is left on \(place)" : "\(left) sessions are left on \(place)"
    }
}
