/// What `run` knows besides the configuration.
struct RunOptions: Equatable, Sendable {
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
    /// Why the file could not be read, which only matters where nothing else says what to run.
    var unreadFile: String?
    /// How the program was started, so that an upgrade can start it again; nil: there is none.
    var invocation: Invocation?
    /// How long sessions that another process cannot take over may go on after an upgrade; nil: as long as
    /// it takes.
    var linger: Duration? = RunOptions.standardLinger
    /// How long sessions may take to end after SIGTERM; nil: as long as it takes.
    var drain: Duration? = RunOptions.standardDrain

    /// Shorter than what service managers and containers wait before they kill.
    static let standardDrain = Duration.seconds(5)
    static let standardLinger = Duration.seconds(3600)

    /// Reads the configuration again, as at the start; nil without a file.
    func reload() throws(ConfigurationErrors) -> Configuration? {
        guard let file else { return nil }
        var configuration = try ConfigurationFile.load(path: file)
        try overrides.apply(to: &configuration)
        return configuration
    }
}
