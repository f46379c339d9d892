internal import Shared

/// Writes what the daemon has to say out as lines, each a few times at most.
struct ErrorLines: LogLines {
    enum Record: Sendable {
        /// `deduplicationKey` is what it has in common with others, of which only some are logged; nil: always logged.
        case line(String, EventSnapshot.Severity, at: Instant, deduplicationKey: String?)
        /// Another program's words, which stand there as that would have written them.
        case verbatim(String, EventSnapshot.Severity, at: Instant)
        /// Asked for, whatever the level.
        case trace(TraceRecord)
    }

    /// What matters less is not written.
    var level: EventSnapshot.Severity
    private var repeats = RepeatGuard()
    private var traces = TraceBudget()

    init(level: EventSnapshot.Severity) { self.level = level }

    mutating func put(_ record: Record, into lines: inout LineBuffer) {
        switch record {
        case .line(let text, let severity, let at, let deduplicationKey):
            guard severity >= level else { return }
            if let deduplicationKey,
                !repeats.admits(text, deduplicationKey: deduplicationKey, at: at)
            {
                return
            }
            put(text, severity, at: at, into: &lines)
        case .verbatim(let text, let severity, let at):
            lines.begin(severity, at: at, isVerbatim: true)
            lines.append(cleaning: text)
            lines.end()
        case .trace(let record):
            if let left = traces.leftOut(before: record.at) {
                put(left, at: record.at, into: &lines)
            }
            guard traces.admits() else { return }
            put(record.line, .debug, at: record.at, into: &lines)
        }
    }

    mutating func putDue(now: Instant, isLast: Bool, into lines: inout LineBuffer) {
        let summaries = isLast ? repeats.takeAllSummaries() : repeats.takeSummaries(now: now)
        for summary in summaries {
            put(
                "repeated \(summary.count) times more: \(summary.text)", .notice, at: now,
                into: &lines)
        }
        if let left = traces.leftOut(before: now) { put(left, at: now, into: &lines) }
    }

    var nextDeadline: Instant? {
        [repeats.nextDeadline, traces.nextDeadline].compactMap { $0 }.min()
    }

    private func put(_ left: Int, at now: Instant, into lines: inout LineBuffer) {
        put("debug: \(left) lines of a second were left out", .notice, at: now, into: &lines)
    }

    private func put(
        _ text: String, _ severity: EventSnapshot.Severity, at now: Instant,
        into lines: inout LineBuffer
    ) {
        lines.begin(severity, at: now)
        lines.append(cleaning: text)
        lines.end()
    }
}

/// How many lines of debugging are written in a second.
struct TraceBudget: Sendable {
    static let mostPerSecond = 1000

    private var second: UInt64 = 0
    private var count = 0
    private var missed = 0

    /// How many were left out, once their second is over.
    mutating func leftOut(before now: Instant) -> Int? {
        let second = now.nanoseconds / 1_000_000_000
        guard second != self.second else { return nil }
        defer { (self.second, count, missed) = (second, 0, 0) }
        return missed > 0 ? missed : nil
    }

    mutating func admits() -> Bool {
        count += 1
        if count > Self.mostPerSecond { missed += 1 }
        return count <= Self.mostPerSecond
    }

    var nextDeadline: Instant? {
        missed > 0 ? Instant(nanoseconds: (second + 1) * 1_000_000_000) : nil
    }
}
