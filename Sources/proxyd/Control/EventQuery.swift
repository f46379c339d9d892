internal import Shared

/// Which events are asked for: `[since N] [where …] [limit N]`.
struct EventQuery: Sendable {
    struct ParseError: Error { let message: String }

    /// Only events behind this number; nil: whatever is kept, or for a follower what comes.
    private(set) var since: UInt64?
    private(set) var limit = Int.max
    private var filter: Filter?

    init(words: [String]) throws(ParseError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "since":
                guard let text = rest.popFirst(), let number = UInt64(text) else {
                    throw ParseError(message: "since takes an event’s id, as in since 4711")
                }
                since = number
            case "limit":
                guard let text = rest.popFirst(), let number = Int(text), number >= 0 else {
                    throw ParseError(message: "limit takes a number, as in limit 50")
                }
                limit = number
            case "where":
                let count = Filter.wordCount(in: rest, until: ["since", "limit"])
                do throws(Filter.ParseError) {
                    filter = try Filter(
                        words: Array(rest.prefix(count)), fields: EventSnapshot.columns)
                } catch {
                    throw ParseError(message: "\(error)")
                }
                rest = rest.dropFirst(count)
            default:
                throw ParseError(
                    message: "“\(word.prefix(40))” is not expected here; "
                        + "[since N] [where …] [limit N]")
            }
        }
    }

    /// What matches, the oldest first: with `since` the first of them, so that a reader can go on behind
    /// the last one; without, the latest.
    func select(from entries: [EventRing.Entry]) -> [EventSnapshot] {
        var chosen: [EventSnapshot] = []
        for entry in since == nil ? entries.reversed() : entries {
            guard chosen.count < limit else { break }
            let snapshot = entry.snapshot
            guard filter?.matches(snapshot.row) ?? true else { continue }
            chosen.append(snapshot)
        }
        return since == nil ? chosen.reversed() : chosen
    }
}

extension EventRing.Entry {
    var snapshot: EventSnapshot {
        var snapshot = EventSnapshot(
            id: number, timeMilliseconds: wallMilliseconds,
            monotonicMilliseconds: instant.nanoseconds / 1_000_000, severity: event.severity,
            subject: event.subject.text, kind: event.kind.rawValue, text: event.line)
        snapshot.from = event.from
        snapshot.to = event.to
        snapshot.cause = event.cause
        snapshot.actor = event.actor?.description
        snapshot.serial = event.subject.serial
        snapshot.user = event.actor.flatMap { UserNames.name(of: $0.uid) }
        return snapshot
    }
}

extension EventSnapshot {
    /// The row that stands where events are missing: they went before they could be sent.
    static func gap(of count: UInt64, behind number: UInt64, now: Instant) -> EventSnapshot {
        var gap = EventSnapshot(
            id: number + count, timeMilliseconds: WallClock.milliseconds,
            monotonicMilliseconds: now.nanoseconds / 1_000_000, severity: .warning,
            subject: "events", kind: "gap", text: "\(count) events were missed")
        gap.from = String(number + 1)
        gap.to = String(number + count)
        gap.cause = "\(count) missed"
        return gap
    }
}
