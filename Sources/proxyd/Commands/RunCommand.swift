internal import ArgumentParser

extension RelayMode: ExpressibleByArgument {}

/// `proxyd run FILE`, or `proxyd run -l ADDRESS… -- CHANNEL… [! CHANNEL…]`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the daemon from a file, or from listeners and channels given here.",
        usage: """
            proxyd run FILE [--workers N] [--max-sessions N] [--control PATH] [--environment WORD]
            proxyd run -l ADDRESS [-l ADDRESS …] [OPTIONS] -- CHANNEL [CHANNEL …] [! CHANNEL …]
            """,
        discussion: """
            A channel is HOST[:PORT[:MAXC]] or unix:/path; IPv6 stands in brackets. The port defaults to that of \
            the first listener, MAXC is the number of sessions at once. “!” ends a group; groups are tried in order.

            Times are written 500ms, 5s, 10m or 2h; a bare number is seconds.
            """)

    @Option(
        name: [.customShort("l"), .customLong("listen")],
        help: ArgumentHelp(
            "Where clients connect: 0.0.0.0:143, [::]:143, *:143 or unix:/path.",
            valueName: "address"))
    var listen: [String] = []

    @Option(help: ArgumentHelp("How long a channel may take to accept (5s).", valueName: "time"))
    var connectTimeout: String?

    @Option(
        help: ArgumentHelp(
            "Close a session after this long without traffic in either direction.",
            valueName: "time"))
    var idleTimeout: String?

    @Option(
        help: ArgumentHelp(
            "Close a session after one side has ended and the other was silent for this long.",
            valueName: "time"))
    var halfClosedTimeout: String?

    @Option(
        help: ArgumentHelp("Bytes unacknowledged for so long end a session.", valueName: "time"))
    var deadPeer: String?

    @Option(
        help: ArgumentHelp(
            "How long a channel that failed to connect is left alone (60s).", valueName: "time"))
    var grace: String?

    @Option(
        help: ArgumentHelp(
            "What a client meets when no channel can take it: close, reset, refuse or “hold 10s”.",
            valueName: "what"))
    var whenEmpty: String?

    @Option(help: ArgumentHelp("Data threads: a number, or auto for one per core.", valueName: "n"))
    var workers: String?

    @Option(help: ArgumentHelp("Sessions at once in the whole daemon.", valueName: "n"))
    var maxSessions: String?

    @Option(help: ArgumentHelp("The control socket.", valueName: "path"))
    var control: String?

    @Option(help: ArgumentHelp("A word that screens show, such as PROD.", valueName: "word"))
    var environment: String?

    @Option(
        help: ArgumentHelp(
            "Where GET /metrics and GET /healthz are answered: 127.0.0.1:9101 or unix:/path.",
            valueName: "address"))
    var metricsListen: String?

    @Option(
        help: ArgumentHelp(
            "Persist channel states and counters across restarts.",
            valueName: "path"))
    var stateFile: String?

    @Option(help: ArgumentHelp("User to switch to after binding.", valueName: "user"))
    var user: String?

    @Option(help: ArgumentHelp("Its group; the user's own otherwise.", valueName: "group"))
    var group: String?

    @Option(help: ArgumentHelp("The directory that becomes its /.", valueName: "path"))
    var chroot: String?

    @Flag(help: "Ports below 1024 can be bound later, too, although privileges are given up.")
    var keepBind = false

    @Option(
        help: ArgumentHelp(
            "How bytes are moved: adaptive, copy or splice. For tests and comparisons.",
            valueName: "how"))
    var relay = RelayMode.adaptive

    @Option(
        help: ArgumentHelp(
            "How long sessions may take to end after SIGTERM or SIGQUIT (5s); never waits for the last.",
            valueName: "time"))
    var drain: String?

    @Option(
        help: ArgumentHelp(
            "How long sessions that cannot be moved may take to end after an upgrade (1h); or never.",
            valueName: "time"))
    var linger: String?

    @Option(
        help: ArgumentHelp(
            "Where the process id is written, in a file that is locked meanwhile.",
            valueName: "path"))
    var pidFile: String?

    @Flag(
        help: "Go into the background once all is well; before that, say what is wrong and how.")
    var daemon = false

    @Flag(name: .shortAndLong, help: "Say on standard error how every session ended.")
    var verbose = false

    @Flag(help: "Write everything into the error log, whatever its level says.")
    var debug = false

    @Argument(help: ArgumentHelp("A file, or with -l the channels.", valueName: "file-or-channel"))
    var operands: [String] = []

    func validate() throws {
        if listen.isEmpty { _ = try file() }
        _ = try drainTime
        _ = try lingerTime
    }

    /// nil: without end.
    private var drainTime: Duration? {
        get throws { try time(drain, RunOptions.standardDrain, "--drain") }
    }

    private var lingerTime: Duration? {
        get throws { try time(linger, RunOptions.standardLinger, "--linger") }
    }

    private func time(_ word: String?, _ standard: Duration?, _ option: String) throws -> Duration?
    {
        guard let word else { return standard }
        if word == "never" { return nil }
        do throws(ValueError) {
            return try ValueReader.duration(word, in: .zero...ValueReader.year, as: option)
        } catch {
            throw ValidationError("\(error.problem); \(error.remedy)")
        }
    }

    func run() throws {
        StandardDescriptors.fill()
        let invocation = Invocation.current(CommandLine.arguments)
        var options = RunOptions(
            file: listen.isEmpty ? try file() : nil, overrides: commandLine, relay: relay,
            isVerbose: verbose, isDebugging: debug, pidFile: pidFile, isInBackground: daemon,
            drain: try drainTime, invocation: invocation, linger: try lingerTime)
        // A daemon works elsewhere than its caller.
        if daemon {
            options.file = options.file.map { $0 == "-" ? $0 : FilePlace.absolute($0) }
            options.pidFile = options.pidFile.map(FilePlace.absolute)
        }
        var configuration = Configuration()
        // A mistake in the options is the caller's, one in the file is the file's.
        var status = ExitStatus.usage
        do throws(ConfigurationErrors) {
            try commandLine.apply(to: &configuration)
            if options.file != nil { status = .configuration }
            if let read = try options.reload() {
                configuration = read
            } else {
                configuration = try commandLine.configuration()
            }
        } catch {
            guard error.isUnreadable, OldProcessLink.isThere else {
                StandardError.write(error)
                OldProcessLink.refuse(error.summary)
                return try (error.isUnreadable ? .noInput : status).finish()
            }
            options.unreadFile = error.summary
        }
        try Supervisor.run(configuration: configuration, options: options).finish()
    }

    /// Without `-l` there is one operand, the file, and the options of a service belong in it.
    private func file() throws -> String {
        let service = [
            ("--connect-timeout", connectTimeout), ("--idle-timeout", idleTimeout),
            ("--half-closed-timeout", halfClosedTimeout), ("--dead-peer", deadPeer),
            ("--grace", grace), ("--when-empty", whenEmpty),
        ]
        guard let file = operands.first, operands.count == 1 else {
            throw ValidationError(
                operands.isEmpty
                    ? "nothing to run; name a FILE, or listeners with -l and channels behind --"
                    : "more than one FILE; name one, or listeners with -l to make them channels")
        }
        if let given = service.first(where: { $0.1 != nil }) {
            throw ValidationError("\(given.0) does not go with a FILE; write it there")
        }
        return file
    }

    private var commandLine: NativeCommandLine {
        NativeCommandLine(
            listen: listen, operands: operands, connectTimeout: connectTimeout,
            idleTimeout: idleTimeout, halfClosedTimeout: halfClosedTimeout, deadPeer: deadPeer,
            grace: grace, whenEmpty: whenEmpty, workers: workers, maxSessions: maxSessions,
            control: control, environment: environment, metricsListen: metricsListen,
            stateFile: stateFile.map(FilePlace.absolute), user: user, group: group, chroot: chroot,
            keepsBind: keepBind)
    }
}
