internal import Glibc
internal import Shared

/// balance 3.54: groups of channels, round robin or by the client's address, tried in order.
enum BalanceDialect: Dialect {
    static let version = "3.54"
    /// Where the original has its files; ours are sockets.
    static let folder = "/var/run/balance"
    /// The variable that names another place for them.
    static let folderVariable = "PROXYD_BALANCE_DIRECTORY"

    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        if call.arguments.prefix(while: { $0 != "--" }).contains("--help") {
            return .text(BalanceUsage.help(call.program))
        }
        let line: BalanceCommandLine
        do throws(BalanceCommandLine.ParseError) {
            line = try BalanceCommandLine(call.arguments, services: hostEnvironment.port)
        } catch {
            throw refusal(error, of: call)
        }
        let socket = try socket(of: line, hostEnvironment)
        guard !line.isInteractive else {
            return .converse(BalanceRequest(socket: socket, command: line.command))
        }
        return .run(try plan(line, socket, call, hostEnvironment))
    }

    private static func refusal(
        _ mistake: BalanceCommandLine.ParseError, of call: DialectCall
    ) -> DialectError {
        switch mistake {
        case .said(let text, let status): DialectError(text, status: status)
        case .usage(let mistake):
            DialectError(
                (mistake.map { $0.words(of: call.program) + "\n" } ?? "")
                    + BalanceUsage.text(call.program), status: 64)
        }
    }

    /// Where master and controller meet: by the port and the literal text of `-b`.
    private static func socket(
        of line: BalanceCommandLine, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> String {
        let variable = hostEnvironment.variable(folderVariable) ?? ""
        let folder = variable.isEmpty ? folder : hostEnvironment.absolute(variable)
        let host = line.bindHost ?? "0.0.0.0"
        let path = "\(folder)/balance.\(line.port).\(host)"
        guard !host.contains("/"), !host.isEmpty, path.utf8.count <= Endpoint.longestPath else {
            throw DialectError("cannot create rendezvous file \(path)", status: 71)
        }
        return path
    }

    // MARK: The daemon

    private static func plan(
        _ line: BalanceCommandLine, _ socket: String, _ call: DialectCall,
        _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectPlan {
        // A failed channel is tried again by the very next client.
        var service = ServiceConfiguration(name: "balance")
        service.grace = .zero
        service.timeouts.connect = .seconds(Int64(line.connectTimeout))
        // Balance ends both directions with the first; a reply may still come here, but does not keep the slot.
        service.timeouts.halfClosed = .seconds(4)
        service.settings.tryAllChannels()
        service.timeouts.idle = line.idleTimeout.map { .seconds(Int64($0)) }
        service.health.autodisable = line.isAutodisabling
        service.health.panic = line.isAutodisabling
        if let host = line.sourceHost {
            service.ownSource = .addresses([try source(host, hostEnvironment)])
        }
        service.listeners = try listeners(line, hostEnvironment).enumerated().map {
            ListenerConfiguration(name: String($0), endpoint: $1)
        }
        service.groups = line.groups.enumerated().map { group($1, index: $0, of: line) }
        var configuration = Configuration(services: [service])
        configuration.control.path = socket
        configuration.log.error = errorLog(line)
        return DialectPlan(
            configuration: configuration, options: options(line, call, socket),
            notes: notes(line))
    }

    private static func group(
        _ group: BalanceCommandLine.Destinations, index: Int, of line: BalanceCommandLine
    ) -> GroupConfiguration {
        var result = GroupConfiguration(name: String(index))
        result.mayBeEmpty = group.list.isEmpty
        if group.isHash {
            result.balance = BalanceConfiguration(
                policy: .hash, function: .balance, failover: line.failsOver)
        }
        result.channels = group.list.enumerated().map { index, destination in
            var settings = ChannelSettings(maxc: destination.maxc)
            if let cap = destination.maxc, cap < 0 {
                (settings.maxc, settings.isEnabled) = (nil, false)
                settings.label = BalanceCap(cap).label
            }
            return ChannelConfiguration(
                name: String(index), endpoint: destination.endpoint, settings: settings)
        }
        return result
    }

    private static func listeners(
        _ line: BalanceCommandLine, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> [Endpoint] {
        guard let host = line.bindHost else {
            let four = Endpoint.ip(.anyV4, port: line.port)
            guard line.isIPv6 else { return [four] }
            return [four, .ip(.anyV6, port: line.port)]
        }
        if let address = IPAddress(host) {
            if line.isIPv6, case .v4 = address {
                throw unresolved("Address family for hostname not supported")
            }
            return Endpoint.ip(address.unmapped, port: line.port).bothFamilies
        }
        guard let endpoint = try? Endpoint("\(host):\(line.port)"), !endpoint.isUnix else {
            throw unresolved("Name or service not known")
        }
        return [endpoint]
    }

    /// In the original's words, which has getaddrinfo(3) look at the address to listen on.
    static func unresolved(_ problem: String) -> DialectError {
        DialectError("error at getaddrinfo: \(problem)\nexiting.", status: 71)
    }

    private static func source(
        _ host: String, _ hostEnvironment: HostEnvironment
    ) throws(DialectError) -> IPAddress {
        guard let address = IPAddress(host) ?? hostEnvironment.address(host) else {
            throw DialectError("unknown or invalid address [\(host)]", status: 65)
        }
        return address.unmapped
    }

    /// In the background it logs to syslog, and else to standard error.
    private static func errorLog(_ line: BalanceCommandLine) -> ErrorLogConfiguration {
        var log = ErrorLogConfiguration()
        log.level = line.isDebugging ? .debug : .notice
        if !line.isInForeground {
            log.target = LogTarget(.syslog)
            log.target.ident = "Balance"
        }
        return log
    }

    private static func options(
        _ line: BalanceCommandLine, _ call: DialectCall, _ socket: String
    ) -> RunOptions {
        var manner = DialectBehavior(program: call.program)
        manner.words = [call.dialect.rawValue] + call.arguments
        manner.exits = .init(unavailable: 71, system: 71, permission: 71, configuration: 65)
        manner.exits.control = 66
        manner.exits.unresolvedListener = 71
        manner.needsControl = true
        manner.messages = BalanceMessages(isTerse: line.isInForeground && !line.isDebugging)
        manner.endsBySignal = true
        manner.makesRoom = true
        manner.tellsIdleEnds = line.idleTimeout != nil && line.isInForeground
        manner.signals = [SIGHUP: .drain]
        let folder = socket.folderOfPath
        manner.folder = DialectBehavior.Folder(
            path: folder, mode: 0o1777, leftover: socket,
            complaint: "ERROR: rendezvous directory not available and/or creatable\n"
                + "       please create \(folder)/ with mode 01777 like this: \n"
                + "       # mkdir -m 01777 \(folder)/", status: 69)
        if line.dumps, line.isInForeground { manner.transcript = BalanceTranscript() }
        // Its connections survive their master's end.
        var options = RunOptions(drain: nil, dialect: manner)
        options.isDebugging = line.isDebugging
        options.isInBackground = !line.isInForeground
        return options
    }

    private static func notes(_ line: BalanceCommandLine) -> [DialectNote] {
        var notes = [
            DialectNote(
                "failover", "never takes a session to a channel that is disabled or at its maxc"),
            DialectNote(
                "half-close", "a direction that has ended leaves the other one open; -T ends both"),
            DialectNote(
                "names", "are resolved again every 30 s, and all of their addresses are tried"),
        ]
        if line.groups.contains(where: \.isHash) {
            notes.append(
                DialectNote(
                    "%",
                    "hashes IPv4 clients, too, as balance does on an IPv6 listener; 3.54 sends "
                        + "all of them to the first channel"))
        }
        if line.dumps {
            notes.append(
                DialectNote("-p", "is of the command line only; “proxyd ctl dump” shows traffic"))
        }
        if line.isMapped { notes.append(DialectNote("-M", "is of no effect: no memory is shared")) }
        return notes
    }
}

/// What `-i` and `-c` want of the daemon.
struct BalanceRequest: Equatable, Sendable {
    /// The control socket.
    var socket: String
    /// nil: commands are typed.
    var command: String?
}
