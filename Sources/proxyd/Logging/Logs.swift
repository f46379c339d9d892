internal import Shared

/// Both logs, from the start of the daemon to its end; the supervisor's, except for what workers put in.
final class Logs {
    let access: AccessLog
    let error: ErrorLog
    private var settings = LogConfiguration()
    private var isRunning = false
    /// `--debug`: whatever the file says.
    private let isDebugging: Bool
    /// No message about a syslog that does not answer: other programs do not notice it.
    private let isQuiet: Bool
    /// Opened for a change that is about to be made.
    private var opened: (settings: LogConfiguration, access: LogSink?, error: LogSink?)?
    private var watches: [LogWatch]

    static let errorQueueLimit = 8192

    init(isDebugging: Bool = false, isQuiet: Bool = false) throws(SystemError) {
        self.isDebugging = isDebugging
        self.isQuiet = isQuiet
        access = try AccessLog()
        error = try LogWriter(name: "error log", limit: Self.errorQueueLimit)
        watches = [LogWatch(name: access.writer.name), LogWatch(name: error.name)]
    }

    // MARK: Settings

    /// Opens what another configuration wants, and changes nothing yet.
    func prepare(_ settings: LogConfiguration) throws(StartError) {
        let isNew = !isRunning
        var outlets: (access: LogSink?, error: LogSink?) = (nil, nil)
        if let wanted = settings.access, isNew || wanted.target != self.settings.access?.target {
            outlets.access = try open(wanted.target, isAccess: true)
        }
        if isNew || settings.error.target != self.settings.error.target {
            outlets.error = try open(settings.error.target, isAccess: false)
        }
        opened = (settings, outlets.access, outlets.error)
    }

    /// A file that cannot be opened is a mistake of the configuration; a syslog that does not answer may do so
    /// soon, and traffic does not wait for it.
    private func open(_ target: LogTarget, isAccess: Bool) throws(StartError) -> LogSink? {
        do throws(LogSink.Failure) {
            return try LogSink(target, isAccess: isAccess)
        } catch {
            let log = isAccess ? "access log" : "error log"
            guard target.isSyslogOrJournald else {
                throw StartError(
                    code: .system, message: "cannot open the \(log) \(target.word): \(error.words)")
            }
            if !isQuiet {
                Log.line("\(log): \(target.word) does not answer: \(error.words)", .error)
            }
            return LogSink(unanswered: target)
        }
    }

    /// Starts the threads; `prepare` came before.
    func start() throws(StartError) {
        guard let opened else { return }
        do throws(SystemError) {
            let lines = AccessLines(format: opened.settings.access?.format ?? .httpd)
            try access.writer.start(opened.access, lines)
            try error.start(opened.error, errorLines(opened.settings))
        } catch {
            throw StartError(code: .system, message: "cannot start a log: \(error)")
        }
        isRunning = true
        settings = opened.settings
        access.want(settings.access)
        self.opened = nil
        Log.speak(through: error)
    }

    /// From now on with what `prepare` got.
    func commit() {
        guard let opened else { return }
        self.opened = nil
        let before = settings
        settings = opened.settings
        if before.access != settings.access {
            if let wanted = settings.access {
                access.writer.order(.use(opened.access, AccessLines(format: wanted.format)))
            } else {
                access.writer.order(.useNothing)
            }
            access.want(settings.access)
        }
        if before.error != settings.error {
            error.order(.use(opened.error, errorLines(settings)))
        }
    }

    private func errorLines(_ settings: LogConfiguration) -> ErrorLines {
        ErrorLines(level: isDebugging ? .debug : settings.error.level)
    }

    // MARK: Files

    /// Opens log files again; `finish` gets on another thread, once, how many there are and what went wrong.
    func reopen(_ finish: @escaping @Sendable (Int, String?) -> Void) {
        let isAccess = settings.access?.target.isFile ?? false
        let isError = settings.error.target.isFile
        let count = (isAccess ? 1 : 0) + (isError ? 1 : 0)
        let (accessPath, errorPath) = (
            settings.access?.target.word ?? "", settings.error.target.word
        )
        let error = self.error
        let second = { @Sendable (problem: String?) in
            guard isError else { return finish(count, problem) }
            error.order(
                .reopen { failure in
                    let own = failure.map { "cannot open \(errorPath): \($0.words)" }
                    finish(count, problem ?? own)
                })
        }
        guard isAccess else { return second(nil) }
        access.writer.order(
            .reopen { failure in
                second(failure.map { "cannot open \(accessPath): \($0.words)" })
            })
    }

    /// Standard output and error lead elsewhere from now on.
    func followStandardStreams() {
        if let target = settings.access?.target, target.isStandardStream,
            let outlet = try? LogSink(target, isAccess: true)
        {
            access.writer.order(
                .use(outlet, AccessLines(format: settings.access?.format ?? .httpd)))
        }
        let target = settings.error.target
        if target.isStandardStream, let outlet = try? LogSink(target, isAccess: false) {
            error.order(.use(outlet, errorLines(settings)))
        }
    }

    // MARK: Watching

    /// What people have to know of a log that loses lines.
    func news(now: Instant) -> [LogWatch.News] {
        let usages = [access.writer.usage, error.usage]
        let targets = [settings.access?.target.word ?? "-", settings.error.target.word]
        return zip(watches.indices, zip(usages, targets)).flatMap { index, told in
            watches[index].look(at: told.0, target: told.1, now: now)
        }
    }

    // MARK: The end

    /// Writes what waits, as far as there is time.
    func finishAccess(within duration: Duration) {
        access.want(nil)
        guard isRunning, !access.writer.finish(within: duration) else { return }
        let left = access.writer.usage.waiting
        if left > 0 {
            Log.line("access log lost \(left) lines: they could not be written in time", .error)
        }
    }
}
