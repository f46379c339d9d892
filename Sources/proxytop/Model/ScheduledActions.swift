internal import Shared

/// Channels that were drained to be switched off when the last session has gone, or at a time: kept by this screen,
/// for as long as it runs.
struct ScheduledActions: Equatable, Sendable {
    struct Action: Equatable, Sendable {
        var serial: UInt64
        var path: String
        /// When it is switched off though it is not empty: seconds of the local clock since 1970; nil: never.
        var dueAt: Int64?
        /// Whether it was seen draining: the snapshot from before the drain says nothing yet.
        var hasBegun = false
    }

    static let most = 100
    /// A link may have been lost at the time; much later the operator does not expect a cut any more.
    static let latestSeconds: Int64 = 3600

    private(set) var waiting: [Action] = []
    /// The one that is being done.
    private var running: Action?
    /// After a refusal nothing is tried before then.
    private var restUntil: UInt64 = 0
    private static let restMilliseconds: UInt64 = 2000

    var isEmpty: Bool { waiting.isEmpty && running == nil }

    /// The errand that all of these have; nil: they have none, or different ones.
    func common(_ serials: Set<UInt64>) -> Action? {
        let found = waiting.filter { serials.contains($0.serial) }
        guard let first = found.first, found.count == serials.count,
            found.allSatisfy({ $0.dueAt == first.dueAt })
        else { return nil }
        return first
    }

    /// The last word holds: a channel that waits already gets the new time. Answers how many found no room.
    @discardableResult
    mutating func add(_ channels: [ChannelSnapshot], dueAt: Int64? = nil) -> Int {
        var left = 0
        for channel in channels {
            if let index = waiting.firstIndex(where: { $0.serial == channel.serial }) {
                waiting[index].dueAt = dueAt
            } else if waiting.count < Self.most {
                waiting.append(Action(serial: channel.serial, path: channel.path, dueAt: dueAt))
            } else {
                left += 1
            }
        }
        return left
    }

    mutating func remove(_ serials: Set<UInt64>) {
        waiting.removeAll { serials.contains($0.serial) }
    }

    /// What was begun was refused or its result is unknown: try again a little later.
    mutating func putBack(at now: UInt64) {
        if let running { waiting.insert(running, at: 0) }
        running = nil
        restUntil = now + Self.restMilliseconds
    }

    mutating func finish() { running = nil }

    func isResting(at now: UInt64) -> Bool { now < restUntil }

    /// What to do and what to say about a new snapshot.
    struct Outcome: Equatable, Sendable {
        /// The first channel whose time has come.
        var channel: ChannelSnapshot?
        /// nil: it is empty; otherwise the time that has come, at which what is left is cut.
        var time: String?
        /// Why one of them is not waited for any more.
        var dropped: String?
    }

    mutating func look(at snapshot: DaemonSnapshot, _ now: Moment) -> Outcome {
        var outcome = Outcome()
        let local = now.wallSeconds + now.offsetSeconds
        waiting = waiting.compactMap { action in
            guard let channel = snapshot.channel(serial: action.serial) else {
                outcome.dropped = "\(action.path) is not there any more; nothing is switched off"
                return nil
            }
            guard channel.state == .drain else {
                if !action.hasBegun { return action }
                if channel.state != .off {
                    outcome.dropped =
                        "\(channel.path) is \(channel.state.rawValue) since: it is not switched off"
                }
                return nil
            }
            var action = action
            action.hasBegun = true
            if let due = action.dueAt, local > due + Self.latestSeconds {
                outcome.dropped =
                    "\(channel.path) could not be switched off at \(Self.clock(due)), and that is long past: "
                    + "it goes on draining, X cuts"
                action.dueAt = nil
            }
            let isDue = action.dueAt.map { local >= $0 } ?? false
            guard outcome.channel == nil, channel.current == 0 || isDue else { return action }
            outcome.channel = channel
            outcome.time = channel.current > 0 ? action.dueAt.map(Self.clock) : nil
            running = action
            return nil
        }
        return outcome
    }

    mutating func drop() {
        waiting = []
        running = nil
    }

    private static func clock(_ seconds: Int64) -> String {
        CalendarTime(seconds: seconds).shortClock
    }

    /// `off when empty or at 03:30: 0.4 (31 left)`
    func text(_ snapshot: DaemonSnapshot?) -> String? {
        let next = waiting.min { $0.dueAt ?? .max < $1.dueAt ?? .max }
        guard let next = next ?? running else { return nil }
        let name = Place(channelPath: next.path).shortName
        let left = snapshot?.channel(serial: next.serial).map { " (\($0.current) left)" } ?? ""
        let others = waiting.count > 1 ? " and \(waiting.count - 1) more" : ""
        let time = next.dueAt.map { " or at \(Self.clock($0))" } ?? ""
        return "off when empty\(time): \(name)\(left)\(others)"
    }
}
