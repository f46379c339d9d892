internal import Glibc
internal import Shared

/// lighttpd with mod_sockproxy.
enum SockproxyDialect: Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        let line: SockproxyCommandLine
        do throws(SockproxyCommandLine.ParseError) {
            line = try SockproxyCommandLine(call.arguments, program: call.program)
        } catch {
            guard case .usage(let text) = error else { throw refusal("", of: call) }
            throw refusal(text, of: call)
        }
        switch line.task {
        case .help: return .text(SockproxyCommandLine.help(call.program))
        case .version(let withFeatures):
            let version = SockproxyCommandLine.version(call.program)
            return .text(version + (withFeatures ? SockproxyCommandLine.features : ""))
        case .run, .parse, .check, .print: break
        }
        guard let file = line.file else {
            throw refusal("No configuration available. Try using the -f option.", of: call)
        }
        do throws(LighttpdError) {
            let reader = try self.reader(file, hostEnvironment)
            if line.task == .parse { return .text("Syntax OK\n") }
            let plan = try plan(reader, line, call, hostEnvironment)
            return try meaning(of: plan, line, call)
        } catch {
            throw refusal(
                error.place.isEmpty
                    ? "\(file): \(error.problem)" : "\(error.place): \(error.problem)", of: call)
        }
    }

    private static func refusal(_ text: String, of call: DialectCall) -> DialectError {
        DialectError(text, status: SockproxyCommandLine.failed)
    }

    private static func meaning(
        of plan: DialectPlan, _ line: SockproxyCommandLine, _ call: DialectCall
    ) throws(LighttpdError) -> DialectResult {
        let warnings = (plan.options.dialect?.greeting ?? []).map { $0 + "\n" }.joined()
        switch line.task {
        case .check: return .rehearse(plan, text: warnings + "Syntax OK\n")
        case .print: return .text(plan.yaml(for: call))
        default: return .run(plan)
        }
    }

    private static func reader(
        _ file: String, _ hostEnvironment: HostEnvironment
    ) throws(LighttpdError) -> LighttpdReader {
        switch hostEnvironment.file(file) {
        case .failure(let error): throw LighttpdError(at: file, error.reason)
        case .success(let text):
            var reader = LighttpdReader(in: hostEnvironment, folder: file.folderOfPath)
            try reader.read(text, file: file)
            return reader
        }
    }

    private static func plan(
        _ reader: LighttpdReader, _ line: SockproxyCommandLine, _ call: DialectCall,
        _ hostEnvironment: HostEnvironment
    ) throws(LighttpdError) -> DialectPlan {
        var translation = SockproxyTranslation(
            reader, absolute: hostEnvironment.absolute, isInForeground: line.isInForeground)
        try translation.translate()
        var configuration = translation.configuration
        configuration.control.path = hostEnvironment.control(
            of: "sockproxy", at: configuration.services.first?.listeners.first?.endpoint)
        var manner = DialectBehavior(program: call.program)
        let failed = SockproxyCommandLine.failed
        manner.exits = DialectBehavior.Exits(
            unavailable: failed, system: failed, permission: failed, configuration: failed)
        manner.greeting = translation.remarks.map(\.line)
        manner.messages = SockproxyMessages(configuration)
        manner.signals = SockproxyMessages.signals
        let control = configuration.control
        manner.reload = { () throws(ConfigurationErrors) in
            try reloaded(line, call, hostEnvironment, control: control)
        }
        return DialectPlan(
            configuration: configuration,
            options: RunOptions(
                pidFile: translation.pidFile.map(hostEnvironment.absolute),
                isInBackground: !line.isInForeground, drain: nil, dialect: manner),
            notes: standardNotes + translation.remarks.map(DialectNote.init))
    }

    private static let standardNotes = [
        DialectNote(
            "server.max-read-idle",
            "60 s unless said otherwise; what either side sends counts, so a session that only receives is not cut"
        ),
        DialectNote("hosts that refuse", "cost no client anything: another one is tried"),
        DialectNote(
            "messages",
            "“re-enabled” and “establishing connection failed” are not in a file's daemon"),
    ]

    /// SIGUSR1: the same file, again.
    private static func reloaded(
        _ line: SockproxyCommandLine, _ call: DialectCall, _ hostEnvironment: HostEnvironment,
        control: ControlConfiguration
    ) throws(ConfigurationErrors) -> Configuration {
        let file = line.file ?? ""
        do throws(LighttpdError) {
            let reader = try reader(file, hostEnvironment)
            var configuration = try plan(reader, line, call, hostEnvironment).configuration
            configuration.control = control
            return configuration
        } catch {
            throw ConfigurationErrors(errors: [
                ConfigurationError(
                    location: error.place.isEmpty ? file : error.place, problem: error.problem)
            ])
        }
    }
}

/// lighttpd's messages, as far as scripts may look for them.
struct SockproxyMessages: DialectMessages {
    /// Channels by their paths.
    private let addresses: [String: Endpoint]

    init(_ configuration: Configuration) {
        var addresses: [String: Endpoint] = [:]
        for service in configuration.services {
            for group in service.groups {
                for channel in group.channels {
                    addresses["\(service.name)/\(group.name)/\(channel.name)"] = channel.endpoint
                }
            }
        }
        self.addresses = addresses
    }

    static let signals: [Int32: SignalMeaning] = [
        SIGTERM: .end, SIGINT: .drain, SIGHUP: .reopenLogs, SIGUSR1: .reload,
    ]

    func lines(about event: Event) -> [String] {
        guard event.subject.kind == .channel, let address = addresses[event.subject.name] else {
            return []
        }
        let name = address.isUnix ? "\(address)" : "tcp:\(address)"
        switch event.kind {
        case .failed:
            return ["establishing connection failed: socket: \(name): \(event.cause ?? "")"]
        case .returned: return ["gw-server re-enabled: \(name)"]
        default: return []
        }
    }
}
