internal import Shared

/// What happened while no key was pressed: shown at the next one, so that nothing is missed by having looked away.
struct AwaySummary: Equatable, Sendable {
    /// Shorter does not count as an absence.
    static let shortestMilliseconds: UInt64 = 120_000
    /// So long rows that changed meanwhile carry a mark.
    static let markedMilliseconds: UInt64 = 60_000

    /// When a key was pressed last.
    private(set) var lastKeyAt: UInt64?
    /// The most slots in use since then, in percent, and when that was on the wall.
    private var peak: (percent: Double, at: Moment)?
    /// Channels whose state changed while no key was pressed, and until when that is shown.
    private(set) var changed: Set<UInt64> = []
    private(set) var changedUntil: UInt64 = 0

    static func == (left: AwaySummary, right: AwaySummary) -> Bool {
        left.lastKeyAt == right.lastKeyAt && left.changed == right.changed
            && left.changedUntil == right.changedUntil
    }

    mutating func note(_ snapshot: DaemonSnapshot, at now: Moment) {
        let slots = Slots(snapshot.channels)
        guard let total = slots.total, total > 0 else { return }
        let percent = Double(slots.used) * 100 / Double(total)
        if peak.map({ percent > $0.percent }) ?? true { peak = (percent, now) }
    }

    /// A key was pressed. What there is to say when that is after a while; nil: nothing happened, or it was just now.
    mutating func keyPressed(_ model: Model) -> String? {
        let now = model.now
        let away = lastKeyAt.map { now.elapsed(since: $0) } ?? 0
        let peak = peak
        lastKeyAt = now.milliseconds
        self.peak = nil
        guard away >= Self.shortestMilliseconds, let snapshot = model.snapshot else { return nil }
        changed = Set(snapshot.channels.filter { $0.sinceMilliseconds < away }.map(\.serial))
        changedUntil = now.milliseconds + Self.markedMilliseconds
        let since = model.daemonNow - min(model.daemonNow, away)
        let events = model.data.log.events.filter { $0.monotonicMilliseconds >= since }
        var parts: [String] = []
        let changes = events.count { $0.kind == "state" || $0.severity >= .warning }
        if changes > 0 { parts.append("\(changes) state change\(changes == 1 ? "" : "s")") }
        let commands = events.filter { $0.actor != nil }
        if let last = commands.last {
            let people = Set(commands.map { $0.user ?? "?" })
            let who = people.count == 1 ? last.user ?? "?" : "\(people.count) people"
            parts.append("\(commands.count) command\(commands.count == 1 ? "" : "s") by \(who)")
        }
        if let peak, peak.percent >= 80 {
            let time = CalendarTime(seconds: peak.at.wallSeconds + peak.at.offsetSeconds)
            parts.append("peak \(Quantity.fixed(peak.percent, decimals: 0))% at \(time.shortClock)")
        }
        guard !parts.isEmpty else { return nil }
        return "since you looked, \(Age(milliseconds: away)) ago: " + parts.joined(separator: ", ")
    }

    func marks(_ serial: UInt64, at now: Moment) -> Bool {
        changed.contains(serial) && now.milliseconds < changedUntil
    }
}
