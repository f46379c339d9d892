internal import Glibc
internal import Shared
internal import Synchronization

typealias ErrorLog = LogWriter<ErrorLines>

/// The daemon's one voice: `subject event: reason`, a line each.
///
/// Before the error log is there, and in commands that have none, lines go to standard error at once.
enum Log {
    private static let log = CountedMutex<ErrorLog?>(nil)

    static func line(_ text: String, _ severity: EventSnapshot.Severity = .info) {
        line(text, severity, deduplicationKey: text)
    }

    /// `deduplicationKey` is what it has in common with others of which only some are written; nil: it is always
    /// written.
    static func line(
        _ text: String, _ severity: EventSnapshot.Severity, deduplicationKey: String?
    ) {
        let record = ErrorLines.Record.line(
            text, severity, at: .now, deduplicationKey: deduplicationKey)
        let isTaken = log.withLock { log in
            guard let log else { return false }
            log.queue.post(record)
            return true
        }
        if !isTaken { write(text) }
    }

    /// Another program's words, as they are.
    static func verbatim(_ text: String, _ severity: EventSnapshot.Severity = .info) {
        let record = ErrorLines.Record.verbatim(text, severity, at: .now)
        let isTaken = log.withLock { log in
            guard let log else { return false }
            log.queue.post(record)
            return true
        }
        if !isTaken { write(text, isVerbatim: true) }
    }

    /// What stands in front of lines at a terminal, from now on.
    static func name(as program: String) { name.withLock { $0 = program } }

    static var dress: LogFraming { .called(name.withLock { $0 }) }

    private static let name = CountedMutex("proxyd")

    /// Traces take at most half of the queue; the rest is left to other lines.
    static func trace(_ record: TraceRecord) {
        log.withLock { log in
            if let log { log.queue.post(.trace(record), leaving: log.queue.limit / 2) }
        }
    }

    /// From now on lines go there.
    static func speak(through errorLog: ErrorLog) { log.withLock { $0 = errorLog } }

    /// Waits until what was said before is written, as far as that goes in so short a time.
    static func flush(within duration: Duration = .seconds(1)) {
        log.withLock { $0 }?.flush(within: duration)
    }

    /// Writes what has not been written yet, as far as that goes in so short a time.
    static func finish(within duration: Duration = .seconds(1)) {
        let last = log.withLock { log in
            defer { log = nil }
            return log
        }
        _ = last?.finish(within: duration)
    }

    /// A reader that stops reading loses lines rather than stopping us.
    private static func write(_ text: String, isVerbatim: Bool = false) {
        var event = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&event, 1, 0) != 0 else { return }
        var lines = LineBuffer(dress)
        lines.begin(.info, at: .now, isVerbatim: isVerbatim)
        lines.append(cleaning: text)
        lines.end()
        let bytes = lines.bytes
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
