internal import Shared

/// What `run` knows besides the configuration.
struct RunOptions: Sendable {
    /// The file to read again on reload; nil: the command line was the configuration.
    var file: String?
    /// The options given beside the file, which win over it at every reload too.
    var overrides = NativeCommandLine()
    /// How bytes are moved; other than `adaptive` only to test and to compare.
    var relay = RelayMode.adaptive
    /// A line per ended session on standard error.
    var isVerbose = false
    /// Everything goes into the error log, whatever its level.
    var isDebugging = false
    /// Where our process id is written; nil: nowhere.
    var pidFile: String?
    /// Whether the caller gets its prompt back once all is well.
    var isInBackground = false
    /// How long sessions may take to end after SIGTERM; nil: as long as it takes.
    var drain: Duration? = RunOptions.standardDrain
    /// Why the file could not be read, which only matters where nothing else says what to run.
    var unreadFile: String?
    /// How the program was started, so that an upgrade can start it again; nil: there is none.
    var invocation: Invocation?
    /// How long sessions that another process cannot take over may go on after an upgrade; nil: as long as
    /// it takes.
    var linger: Duration? = RunOptions.standardLinger
    /// For a dialect.
    var dialect: DialectBehavior?

    /// Shorter than what service managers and containers wait before they kill.
    static let standardDrain = Duration.seconds(5)
    static let standardLinger = Duration.seconds(3600)

    /// Reads the configuration again, as at the start; nil without a file.
    func reload() throws(ConfigurationErrors) -> Configuration? {
        if let dialect { return try dialect.reload?() }
        guard let file else { return nil }
        var configuration = try ConfigurationFile.load(path: file, isServing: true)
        try overrides.apply(to: &configuration)
        return configuration
    }

    /// The options of `proxyd run` that say the same.
    var words: [String] {
        var words: [String] = []
        if isInBackground { words.append("--daemon") }
        if let pidFile { words += ["--pid-file", pidFile] }
        if isVerbose { words.append("--verbose") }
        if isDebugging { words.append("--debug") }
        if drain != Self.standardDrain {
            words += ["--drain", drain.map(\.exactText) ?? "never"]
        }
        return words
    }

    /// What the program ends with: a dialect keeps its original's.
    func status(of error: StartError) -> ExitStatus {
        guard let exits = dialect?.exits else { return ExitStatus(rawValue: error.code.rawValue) }
        switch error.cause {
        case .control(_, _, let isOccupied)?:
            if let control = exits.control {
                return ExitStatus(rawValue: isOccupied ? control : exits.system)
            }
        case .unresolvedListener?:
            if let status = exits.unresolvedListener { return ExitStatus(rawValue: status) }
        case .unresolved?, .listener?, nil: break
        }
        return switch error.code {
        case .unavailable: ExitStatus(rawValue: exits.unavailable)
        case .system: ExitStatus(rawValue: exits.system)
        case .permission: ExitStatus(rawValue: exits.permission)
        case .configuration: ExitStatus(rawValue: exits.configuration)
        }
    }
}

/// How a daemon behaves that was started in a dialect, where that is not our own way.
struct DialectBehavior: Sendable {
    /// What it is called, in front of messages.
    var program: String
    /// The command line, which the control protocol's “hello” reports.
    var words: [String] = []
    /// What the program ends with when it cannot start.
    var exits = Exits()
    /// What it says first, in the original's words.
    var greeting: [String] = []
    /// What it logs in the original's words.
    var messages: (any DialectMessages)?
    /// Reads its file again; nil: it has none.
    var reload: (@Sendable () throws(ConfigurationErrors) -> Configuration)?
    /// What signals mean that mean something else to us.
    var signals: [Int32: SignalMeaning] = [:]
    /// Whether the next instance may start at the same place while this one drains: the control socket and the
    /// file with the process id make room for its own.
    var makesRoom = false
    /// A name that does not resolve at the start makes its channel unreachable for now, not the start fail.
    var toleratesUnresolved = false
    /// Sessions that were idle for too long are logged in the original's words.
    var tellsIdleEnds = false
    /// Without a control socket it does not start; otherwise that is only logged.
    var needsControl = false
    /// A signal that ends it is what its parent sees, as of a program that handles none.
    var endsBySignal = false
    /// Checks and triggers write to our own standard output and error.
    var showsScripts = false
    /// Where the control socket is to be, if that has to be made first.
    var folder: Folder?
    /// Everything that goes by is written to standard output.
    var transcript: (any Transcript)?

    init(program: String) { self.program = program }

    struct Folder: Equatable, Sendable {
        var path: String
        var mode: UInt32
        /// An empty file in the socket's place, which the original has left behind.
        var leftover: String
        /// What the program says, and ends with, when it cannot be made.
        var complaint: String
        var status: Int32
    }

    struct Exits: Equatable, Sendable {
        /// An address, a control socket or a file with a process id is another's.
        var unavailable: Int32 = 69
        var system: Int32 = 71
        var permission: Int32 = 77
        /// A name does not resolve, or something else of the configuration cannot be.
        var configuration: Int32 = 78
        /// Something else is in the control socket's place; nil: as for everything else.
        var control: Int32?
        /// A listener's name does not resolve; nil: as for any other name.
        var unresolvedListener: Int32?
    }
}

/// What a signal asks of the daemon.
enum SignalMeaning: Equatable, Sendable {
    /// No further clients, and the end with the last session; another one ends at once.
    case drain
    case end
    /// The log files are opened again, and the configuration is read again.
    case reload
    case reopenLogs
    case dumpState
    /// Another process takes over.
    case upgrade
}
