internal import Shared

/// What the daemon said lately, so that the screen can go back in time, and an incident can be written to
/// a file after it has happened.
struct ReplayBuffer: Equatable, Sendable {
    /// One answer, with its question and when it came.
    struct Entry: Equatable, Sendable {
        var at: Moment
        var words: [String]
        var reply: Reply

        /// About what it costs to keep.
        fileprivate var byteCount: Int {
            guard case .ok(_, let lines) = reply else { return 200 }
            return lines.reduce(200) { $0 + $1.utf8.count + 32 }
        }
    }

    /// The answers of one tick.
    struct Round: Equatable, Sendable {
        /// Rises by one from round to round, and is not used again.
        var number: UInt64
        var entries: [Entry]
        fileprivate var byteCount = 0

        var at: Moment { entries.first?.at ?? .zero }
    }

    static let spanMilliseconds: UInt64 = 15 * 60_000
    /// With a thousand channels a quarter of an hour is more; the past is kept with larger steps then.
    static let mostBytes = 24 << 20

    private(set) var rounds: [Round] = []
    /// Who the daemon is, and what it can do, as it said last.
    private(set) var opening: [Entry] = []
    private var byteCount = 0
    private var nextNumber: UInt64 = 0

    /// Keeps an answer: with the snapshot that it belongs to, or as the daemon's introduction.
    mutating func append(_ entry: Entry) {
        switch entry.words.first {
        case "hello": opening = [entry]
        case "describe": opening = opening.prefix(1) + [entry]
        default:
            if entry.words == Self.firstOfRound || rounds.isEmpty { begin(at: entry.at) }
            let cost = entry.byteCount
            rounds[rounds.count - 1].entries.append(entry)
            rounds[rounds.count - 1].byteCount += cost
            byteCount += cost
        }
    }

    /// The question that every round begins with.
    static let firstOfRound = ["show", "channels"]

    private mutating func begin(at moment: Moment) {
        let old = rounds.firstIndex {
            $0.at.milliseconds + Self.spanMilliseconds >= moment.milliseconds
        }
        drop(rounds.prefix(old ?? rounds.count).indices)
        if byteCount > Self.mostBytes { thin() }
        rounds.append(Round(number: nextNumber, entries: []))
        nextNumber += 1
    }

    private mutating func drop(_ indices: Range<Int>) {
        guard !indices.isEmpty else { return }
        byteCount -= rounds[indices].reduce(0) { $0 + $1.byteCount }
        rounds.removeSubrange(indices)
    }

    /// Every second round of the older three quarters goes: what is long ago is kept with larger steps.
    private mutating func thin() {
        let old = rounds.count * 3 / 4
        var kept: [Round] = []
        for (index, round) in rounds.enumerated() {
            if index < old, index % 2 == 1 {
                byteCount -= round.byteCount
            } else {
                kept.append(round)
            }
        }
        rounds = kept
    }

    /// Where a round stands, or the next one after it when it is gone.
    func index(of number: UInt64) -> Int? {
        rounds.firstIndex { $0.number >= number }
    }
}

extension Link.Question {
    /// The question that recorded words asked; nil for what a recording does not hold.
    ///
    /// `next` is what was asked behind it: the past of several services is one answer in several parts.
    init?(recorded words: [String], next: [String]?, in snapshot: DaemonSnapshot?) {
        switch words.prefix(2) {
        case ["hello"]: self = .hello
        case ["describe"]: self = .describe
        case ["show", "channels"]: self = .channels
        case ["show", "groups"]: self = .groups
        case ["show", "listeners"]: self = .listeners
        case ["show", "events"]: self = .events
        case ["show", "history"]:
            self = .past(isLast: next?.prefix(2).elementsEqual(["show", "history"]) != true)
        case ["show", "sessions"]:
            let offset = words.lastIndex(of: "offset").flatMap { index in
                words.indices.contains(index + 1) ? Int(words[index + 1]) : nil
            }
            self = .sessions(first: max(0, offset ?? 0))
        case ["show", "session"]:
            guard words.count > 2, let id = UInt64(words[2]) else { return nil }
            self = .detail(.session(id: id))
        case ["show", "channel"]:
            guard words.count > 2,
                let channel = snapshot?.channels.first(where: { $0.path == words[2] })
            else { return nil }
            self = .detail(.channel(serial: channel.serial))
        default: return nil
        }
    }
}
