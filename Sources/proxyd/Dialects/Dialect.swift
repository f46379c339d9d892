/// A program whose command lines, or files, we understand: arguments in, what they mean out. Pure: all that it
/// knows of the machine it is told by `HostEnvironment`.
protocol Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult
}

/// A command line as it was typed: which program it was meant for, what that was called, and what followed.
struct DialectCall: Equatable, Sendable {
    var dialect: DialectName
    /// The word in front of messages.
    var program: String
    var arguments: [String]

    init(_ dialect: DialectName, _ arguments: [String]) {
        self.dialect = dialect
        program = dialect.rawValue
        self.arguments = arguments
    }

    /// A command line of ours, with the name of the program in front; nil: it is not a dialect's. The name that we
    /// are called by counts (`ln -s proxyd balance`), and after that the first word.
    init?(commandLine: [String]) {
        guard let path = commandLine.first else { return nil }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if let dialect = DialectName(word: name), dialect.runs {
            self.init(dialect, Array(commandLine.dropFirst()))
            program = name
            return
        }
        guard commandLine.count > 1, let dialect = DialectName(word: commandLine[1]), dialect.runs
        else { return nil }
        self.init(dialect, Array(commandLine.dropFirst(2)))
        program = commandLine[1]
    }

    func meaning(in hostEnvironment: HostEnvironment) throws(DialectError) -> DialectResult {
        try dialect.reader.read(self, in: hostEnvironment)
    }
}

/// The dialects that there are.
enum DialectName: String, CaseIterable, Sendable {
    case balance, fproxy, flopsy, tcprelay, sockproxy, haproxy, nginx

    /// Other names of the same programs.
    private static let aliases: [String: DialectName] = [
        "spawnd": .tcprelay, "lighttpd": .sockproxy,
    ]

    init?(word: String) {
        guard let name = Self.aliases[word] ?? Self(rawValue: word) else { return nil }
        self = name
    }

    var reader: any Dialect.Type {
        switch self {
        case .balance: BalanceDialect.self
        case .fproxy: FproxyDialect.self
        case .flopsy: FlopsyDialect.self
        case .tcprelay: TcprelayDialect.self
        case .sockproxy: SockproxyDialect.self
        case .haproxy: HAProxyDialect.self
        case .nginx: NginxDialect.self
        }
    }

    /// Whether its command lines are run, and not translated only.
    var runs: Bool {
        switch self {
        case .balance, .fproxy, .flopsy, .tcprelay, .sockproxy: true
        case .haproxy, .nginx: false
        }
    }
}

/// What a command line comes to.
enum DialectResult {
    /// Something is printed, and that is all: `--help`.
    case text(String)
    /// The daemon runs.
    case run(DialectPlan)
    /// Whether it would start, and what is printed if so.
    case rehearse(DialectPlan, text: String)
    /// A daemon that runs already is talked to.
    case converse(BalanceRequest)
}

/// How the daemon is to run.
struct DialectPlan: Sendable {
    var configuration: Configuration
    /// Ours say what ends how, too: see `RunOptions.exits`.
    var options = RunOptions()
    /// What differs from the original, and what a file cannot say; for `translate`.
    var notes: [DialectNote] = []
}

extension DialectPlan {
    /// Judged by the rules of the file.
    func validated(for call: DialectCall) throws(DialectError) -> Configuration {
        do throws(ConfigurationErrors) {
            var validator = DraftValidator(diagnostics: Diagnostics())
            return try validator.configuration(from: ConfigurationDraft(of: configuration))
        } catch {
            let status = options.dialect?.exits.configuration ?? ExitStatus.configuration.rawValue
            throw DialectError(
                error.errors.map { "\(call.program): \($0)\n" }.joined(), status: status)
        }
    }
}

/// Something that differs: about what (an option, a line of a file), and what.
struct DialectNote: Equatable, Sendable {
    var subject: String
    var text: String

    init(_ subject: String, _ text: String) {
        self.subject = subject
        self.text = text
    }
}

/// A command line that cannot be understood, told in the original's shape.
struct DialectError: Error, Equatable {
    /// For standard error, as it is; with its ends of lines.
    var text: String
    /// What the program ends with.
    var status: Int32

    init(_ text: String, status: Int32) {
        self.text = text.hasSuffix("\n") || text.isEmpty ? text : text + "\n"
        self.status = status
    }
}
