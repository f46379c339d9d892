internal import Shared

/// What the supervisor does about the logs: opens their files again, watches that they are written, and ends
/// debugging when its time is over.
final class LogSupervision: Timed {
    private let core: DaemonCore
    let logs: Logs
    private(set) var debugged = DebugFilters()
    private var nextLook = Instant.zero

    init(_ core: DaemonCore, _ logs: Logs) {
        self.core = core
        self.logs = logs
    }

    /// For `log reopen` and SIGHUP; `finish` gets how many files were opened again, or what went wrong.
    func reopen(then finish: @escaping (Int, String?) -> Void) {
        let number = core.workers.addQuery { reply in
            if case .reopened(let count, let problem) = reply { finish(count, problem) }
        }
        let notices = core.share.notices
        logs.reopen { count, problem in
            notices.post(.answer(.reopened(count, problem: problem), question: number))
        }
    }

    func reopen(because name: String) {
        reopen { [core] count, problem in
            if let problem {
                core.events.emit(
                    .error, .reopened, of: Event.Subject(kind: .log), because: problem,
                    "\(name): \(problem); lines go into the old file")
            } else if count > 0 {
                Log.line(
                    "\(name): \(count) log files were opened again", .info, deduplicationKey: nil)
            }
        }
    }

    var usage: [(name: String, usage: LogUsage)] {
        [("access", logs.access.writer.usage), ("error", logs.error.usage)]
    }

    // MARK: Watching

    /// The loop wakes up once a second anyway.
    var nextDeadline: Instant? { nil }

    /// Once a second: a log that loses lines may be unable to say so itself.
    func meetDeadlines(now: Instant) {
        guard nextLook <= now else { return }
        nextLook = now.advanced(by: .seconds(1))
        for news in logs.news(now: now) { report(news) }
        expireDebugging(now: now)
    }

    private func report(_ news: LogWatch.News) {
        func subject(_ log: String) -> Event.Subject {
            Event.Subject(kind: .log, name: String(log.prefix { $0 != " " }))
        }
        switch news {
        case .failed(let log, let why):
            core.events.emit(
                .error, .unwritten, of: subject(log), because: why,
                "\(log) cannot be written: \(why)")
        case .returned(let log):
            core.events.emit(.notice, .returned, of: subject(log), "\(log) is written again")
        case .lost(let log, let count, let why):
            core.events.emit(
                .error, .lost, of: subject(log), to: String(count), because: why,
                "\(log) lost \(count) lines: \(why)")
        }
    }

    // MARK: Debugging

    func debug(_ filters: DebugFilters, then finish: @escaping (Int) -> Void) {
        debugged = filters
        core.workers.ask({ .trace(filters.traced, question: $0) }) { replies in
            finish(
                replies.reduce(0) { sum, reply in
                    if case .traced(let count) = reply { sum + count } else { sum }
                })
        }
    }

    private func expireDebugging(now: Instant) {
        var filters = debugged
        let over = filters.expire(now: now)
        guard !over.isEmpty else { return }
        for filter in over {
            core.events.emit(
                .info, .debug, of: .daemon, "debug \(filter.text) ended: its time is over")
        }
        debug(filters) { _ in }
    }
}
