internal import Shared

/// fproxy 0.41: clusters `--` backends.
enum FproxyDialect: Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        if call.arguments.prefix(while: { $0 != "--" }).contains("--help") {
            return .text(FproxyUsage.help(call.program))
        }
        let line: FproxyCommandLine
        do throws(FproxyCommandLine.ParseError) {
            line = try FproxyCommandLine(call.arguments)
        } catch {
            throw DialectError(
                error.words(of: call.program) + "\n" + FproxyUsage.text(call.program), status: 1)
        }
        if line.wantsHelp { return .text(FproxyUsage.help(call.program)) }
        return .run(try plan(line, call, hostEnvironment))
    }

    private static func plan(
        _ line: FproxyCommandLine, _ call: DialectCall, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectPlan {
        var service = ServiceConfiguration(name: "fproxy")
        service.settings.tryAllChannels()
        service.grace = .seconds(Int64(line.grace))
        // The same time after every failure, however often it fails.
        service.health.graceMax = max(service.grace, .seconds(1))
        // It waits for -y's bytes as long as they take, or for -t.
        service.timeouts.clientHello = nil
        if line.timeout > 0 { service.timeouts.idle = .seconds(Int64(line.timeout)) }
        for text in line.clusters {
            let endpoint = try endpoint(text, "cluster", call, hostEnvironment)
            var listener = ListenerConfiguration(
                name: String(service.listeners.count), endpoint: endpoint)
            listener.waitForBytes = line.bytes
            service.listeners.append(listener)
        }
        var group = GroupConfiguration(name: "backends")
        group.balance.policy = line.strategy.policy
        for text in line.backends {
            let endpoint = try endpoint(text, "backend", call, hostEnvironment)
            guard !endpoint.isNowhere else {
                throw refusal(text, "backend", "port 0 cannot be connected to", call)
            }
            group.channels.append(
                ChannelConfiguration(
                    name: String(group.channels.count),
                    endpoint: endpoint.destination))
        }
        service.groups = [group]
        var configuration = Configuration(services: [service])
        configuration.control.path = hostEnvironment.control(
            of: "fproxy", at: service.listeners.first?.endpoint)
        configuration.log = log(line, hostEnvironment)
        var manner = DialectBehavior(program: call.program)
        manner.exits = .init(unavailable: 1, system: 1, permission: 1, configuration: 1)
        manner.makesRoom = true
        var options = RunOptions(drain: nil, dialect: manner)
        options.isInBackground = !line.isInForeground
        if !line.isInForeground { options.pidFile = hostEnvironment.absolute(line.pidFile) }
        return DialectPlan(configuration: configuration, options: options, notes: notes(line))
    }

    private static func log(
        _ line: FproxyCommandLine, _ hostEnvironment: HostEnvironment
    ) -> LogConfiguration {
        func place(_ path: String, _ standard: LogTarget.Place) -> LogTarget {
            LogTarget(line.isInForeground ? standard : .file(hostEnvironment.absolute(path)))
        }
        var log = LogConfiguration()
        log.access = AccessLogConfiguration(target: place(line.accessLog, .standardOutput))
        log.error.target = place(line.errorLog, .standardError)
        return log
    }

    private static func notes(_ line: FproxyCommandLine) -> [DialectNote] {
        var notes = [
            DialectNote(
                "SIGTERM, SIGQUIT",
                "both let running clients finish, without a limit, and the address is free at once"),
            DialectNote("connects", "a backend that does not answer has failed after 5 seconds"),
        ]
        if line.isInForeground {
            notes.append(DialectNote("-f", "no files: -o, -e and -p are of no effect with it"))
        }
        if line.strategy == .workload {
            notes.append(
                DialectNote(
                    "-s4",
                    "the sum of a backend's shares of connections, bytes and time, the least first")
            )
        }
        return notes
    }

    // MARK: Addresses

    /// With a slash it is a Unix socket; the port is 80 if there is none.
    private static func endpoint(
        _ text: String, _ noun: String, _ call: DialectCall, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> Endpoint {
        do throws(Endpoint.ParseError) {
            guard !text.contains("/") else {
                let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
                return try Endpoint(hostEnvironment.absolute(path))
            }
            return try Endpoint(text, defaultPort: 80)
        } catch {
            throw refusal(text, noun, error.description, call)
        }
    }

    private static func refusal(
        _ text: String, _ noun: String, _ problem: String, _ call: DialectCall
    ) -> DialectError {
        DialectError(
            "\(call.program): \(noun) '\(text)': \(problem)\n" + FproxyUsage.text(call.program),
            status: 1)
    }
}

extension Endpoint {
    /// Whether it cannot be connected to.
    fileprivate var isNowhere: Bool {
        switch self {
        case .ip(_, let port), .name(_, let port): port == 0
        case .unix: false
        }
    }
}
