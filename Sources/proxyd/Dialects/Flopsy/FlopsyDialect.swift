internal import Glibc
internal import Shared

/// flopsy 0.1.0: one primary among hosts, elected.
enum FlopsyDialect: Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        let line: FlopsyCommandLine
        do throws(FlopsyCommandLine.ParseError) {
            line = try FlopsyCommandLine(call.arguments)
        } catch {
            throw refusal(error.text, of: call)
        }
        if let help = line.help {
            return .text(FlopsyUsage.help(isLong: help == .long, program: call.program))
        }
        return .run(try plan(line, call, hostEnvironment))
    }

    private static func refusal(_ text: String, of call: DialectCall) -> DialectError {
        DialectError(
            "error: \(text)\n\n\(FlopsyUsage.line(call.program))\n\n"
                + "For more information try '--help'", status: 2)
    }

    private static func plan(
        _ line: FlopsyCommandLine, _ call: DialectCall, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectPlan {
        var manner = DialectBehavior(program: call.program)
        manner.exits = fatal
        manner.toleratesUnresolved = true
        manner.showsScripts = true
        manner.endsBySignal = true
        // It handles none.
        manner.signals = [SIGTERM: .end, SIGINT: .end, SIGHUP: .end, SIGQUIT: .end]
        var notes = standardNotes
        var service = ServiceConfiguration(name: "flopsy")
        // Flopsy ends both directions with the first; a reply may still come here, but does not keep the slot.
        service.timeouts.halfClosed = .seconds(4)
        service.settings.tryAllChannels()
        service.whenEmpty = .refuse
        // It asks the name server at each use.
        service.resolve = .seconds(5)
        service.listeners = try listeners(line, call, hostEnvironment).enumerated().map {
            var listener = ListenerConfiguration(name: String($0), endpoint: $1)
            listener.whenEmpty = .refuse
            return listener
        }
        var group = GroupConfiguration(name: "hosts")
        group.balance.policy = .primary
        group.election = election(line, hostEnvironment, &notes)
        var unreachable: [String] = []
        var messages = FlopsyMessages()
        messages.triggers = line.triggers.map { (hostEnvironment.absolute($0), $0) }
        for host in line.hosts {
            guard let endpoint = endpoint(of: host) else {
                unreachable.append(host)
                messages.unreachable.append(FlopsyMessages.Unreachable(host: host))
                continue
            }
            for index in messages.unreachable.indices
            where messages.unreachable[index].next == nil {
                messages.unreachable[index].next = "\(endpoint)"
            }
            let name = String(group.channels.count)
            group.channels.append(ChannelConfiguration(name: name, endpoint: endpoint))
        }
        guard !group.channels.isEmpty else {
            let host = unreachable.first { !$0.isEmpty } ?? ""
            throw refusal(
                "invalid value '\(host)' for '--hosts <HOSTS>...': no host names a port; "
                    + "write it as \(host.isEmpty ? "HOST" : host):PORT", of: call)
        }
        manner.messages = messages
        for host in unreachable {
            notes.append(
                DialectNote("-H '\(host)'", "names no port, so it can never be reached; left out"))
        }
        service.groups = [group]
        var configuration = Configuration(services: [service])
        configuration.control.path = hostEnvironment.control(
            of: "flopsy", at: service.listeners.first?.endpoint)
        configuration.log.error.level = .warning
        return DialectPlan(
            configuration: configuration,
            options: RunOptions(drain: .zero, dialect: manner), notes: notes)
    }

    /// It aborts when it cannot bind, which a shell shows as 134.
    private static let fatal = DialectBehavior.Exits(
        unavailable: 134, system: 134, permission: 134, configuration: 134)

    private static let standardNotes = [
        DialectNote(
            "elections",
            "clients wait while a primary is selected, and are refused only once a whole "
                + "round has found none; the client whose connect fails gets the new primary"),
        DialectNote(
            "ends", "a direction that has ended leaves the other one open; flopsy ends both"),
        DialectNote(
            "names",
            "are looked up every 5 s; a file's daemon does not start while one does not resolve"),
        DialectNote("messages", "flopsy's own on standard error are not in a file's daemon"),
    ]

    /// `-p` is every address of both families, `-b` just that one.
    private static func listeners(
        _ line: FlopsyCommandLine, _ call: DialectCall, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> [Endpoint] {
        if let port = line.port {
            let (four, six) = (
                Endpoint.ip(.anyV4, port: port), Endpoint.ip(.anyV6, port: port)
            )
            // Two random ports would be two different ones.
            return hostEnvironment.hasIPv6 && port != 0 ? [four, six] : [four]
        }
        let text = line.bind ?? ""
        guard let endpoint = try? Endpoint(text), !endpoint.isUnix, !text.hasPrefix("*") else {
            throw refusal(
                "invalid value '\(text)' for '--bind <BIND>': it is no ADDRESS:PORT", of: call)
        }
        return endpoint.bothFamilies
    }

    /// nil: it names no port, or nothing at all.
    private static func endpoint(of text: String) -> Endpoint? {
        switch try? Endpoint(text) {
        case .ip(_, port: 0), .name(_, port: 0), .unix, nil: nil
        case .ip(.anyV4, _) where text.hasPrefix("*"): nil
        case .some(let endpoint): endpoint.destination
        }
    }

    private static func election(
        _ line: FlopsyCommandLine, _ hostEnvironment: HostEnvironment, _ notes: inout [DialectNote]
    ) -> ElectionConfiguration {
        var election = ElectionConfiguration()
        election.check = line.check.map { program($0, in: hostEnvironment) }
        election.triggers = line.triggers.map(hostEnvironment.absolute)
        // It has no limit; a year is the longest that there is.
        if election.check != nil { election.checkTimeout = ValueReader.year }
        if election.triggers != nil { election.triggerTimeout = ValueReader.year }
        if line.backoff == 0 {
            notes.append(DialectNote("-B 0", "would never rest; 1 second is taken"))
        }
        election.maxBackoff = min(.seconds(max(1, Int64(line.backoff))), ValueReader.year)
        return election
    }

    /// Without a slash it is looked for in `PATH`, as execvp(3) does.
    private static func program(_ name: String, in hostEnvironment: HostEnvironment) -> String {
        guard !name.contains("/") else { return hostEnvironment.absolute(name) }
        let path = hostEnvironment.variable("PATH") ?? "/bin:/usr/bin"
        for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
            let place = folder.isEmpty ? name : "\(folder)/\(name)"
            if case .file(isExecutable: true) = hostEnvironment.kind(place) {
                return hostEnvironment.absolute(place)
            }
        }
        // It is not there, and what has this name in the working directory is something else.
        return "/usr/bin/\(name)"
    }
}
