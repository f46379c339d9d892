internal import Shared

/// tcprelay with its built-in spawnd, of Marc Huber's event-driven servers.
enum TcprelayDialect: Dialect {
    static func read(
        _ call: DialectCall, in hostEnvironment: HostEnvironment
    ) throws(DialectError) -> DialectResult {
        let line: TcprelayCommandLine
        do throws(TcprelayCommandLine.ParseError) {
            line = try TcprelayCommandLine(call.arguments, program: call.program)
        } catch {
            guard case .usage(let text) = error else { throw DialectError("", status: 64) }
            throw DialectError(
                (text.isEmpty ? "" : text + "\n") + TcprelayCommandLine.usage(call.program),
                status: TcprelayStatus.usage.rawValue)
        }
        if line.showsVersion {
            // On standard error, as the original has it.
            throw DialectError(
                "\(call.program) version proxyd-\(Version.string)",
                status: TcprelayStatus.good.rawValue)
        }
        let plan: DialectPlan
        do throws(TcprelayError) {
            plan = try self.plan(line, call, hostEnvironment)
        } catch {
            throw DialectError(error.text, status: error.status.rawValue)
        }
        guard line.checksOnly else { return .run(plan) }
        _ = try plan.validated(for: call)
        return .text("")
    }

    private static func plan(
        _ line: TcprelayCommandLine, _ call: DialectCall, _ hostEnvironment: HostEnvironment
    ) throws(TcprelayError) -> DialectPlan {
        var translation = try translation(line, hostEnvironment)
        var configuration = try translation.configuration()
        let settings = translation.settings
        let isInBackground = line.isInBackground ?? settings.spawnd.isInBackground ?? false
        configuration.log.error.target = target(
            settings.log, isQuiet: isInBackground, toStandardError: line.logsToStandardError)
        configuration.control.path = hostEnvironment.control(
            of: "tcprelay", at: configuration.services.first?.listeners.first?.endpoint)
        var manner = DialectBehavior(program: call.program)
        manner.exits = DialectBehavior.Exits(
            unavailable: TcprelayStatus.temporary.rawValue, system: TcprelayStatus.system.rawValue,
            permission: TcprelayStatus.system.rawValue,
            configuration: TcprelayStatus.configuration.rawValue)
        manner.messages = TcprelayMessages(configuration)
        manner.greeting =
            ["startup (version proxyd-\(Version.string))"]
            + translation.remarks.map(\.line)
        manner.signals = TcprelayMessages.signals
        let control = configuration.control
        manner.reload = { () throws(ConfigurationErrors) in
            try reloaded(line, call, hostEnvironment, control: control)
        }
        let pidFile = (line.pidFile ?? settings.spawnd.pidFile).map(hostEnvironment.absolute)
        return DialectPlan(
            configuration: configuration,
            options: RunOptions(
                isDebugging: line.isDebugging, pidFile: pidFile, isInBackground: isInBackground,
                drain: nil, dialect: manner),
            notes: standardNotes + translation.remarks.map(DialectNote.init))
    }

    private static let standardNotes = [
        DialectNote(
            "ends", "a direction that has ended leaves the other one open; tcprelay ends both"),
        DialectNote(
            "dead remotes",
            "one that does not accept within 5 s is left out for a minute, or until “rebalance”, and asked again "
                + "then; tcprelay waits for the kernel, and never asks it again"),
        DialectNote("weights", "hold for all clients together, not within each worker process"),
        DialectNote("messages", "tcprelay's own are not in a file's daemon"),
    ]

    private static func translation(
        _ line: TcprelayCommandLine, _ hostEnvironment: HostEnvironment
    ) throws(TcprelayError) -> TcprelayTranslation {
        if let end = line.file.firstRange(of: "://") {
            throw TcprelayError(
                at: line.file,
                "\(line.file[..<end.lowerBound])-URLs are not fetched; fetch it before, with: "
                    + "curl -fsSo tcprelay.cfg URL", status: .noInput)
        }
        switch hostEnvironment.file(line.file) {
        case .failure(let error):
            throw TcprelayError(
                at: "",
                "Couldn't open \(line.file): \(error.reason.withoutPrefix("cannot be read: "))\nExiting.",
                status: .noInput)
        case .success(let text):
            let file = TcprelayFile(
                spawnd: line.spawnd ?? "spawnd", relay: line.relay ?? "tcprelay",
                hostEnvironment: hostEnvironment)
            return TcprelayTranslation(
                try file.settings(text, name: line.file), in: hostEnvironment)
        }
    }

    /// SIGHUP: the same file, again.
    private static func reloaded(
        _ line: TcprelayCommandLine, _ call: DialectCall, _ hostEnvironment: HostEnvironment,
        control: ControlConfiguration
    ) throws(ConfigurationErrors) -> Configuration {
        do throws(TcprelayError) {
            var configuration = try plan(line, call, hostEnvironment).configuration
            configuration.control = control
            return configuration
        } catch {
            throw ConfigurationErrors(errors: [
                ConfigurationError(
                    location: error.place.isEmpty ? line.file : error.place,
                    problem: error.problem)
            ])
        }
    }

    /// syslog in the background, or where the file configures it.
    private static func target(
        _ log: TcprelayLog, isQuiet: Bool, toStandardError: Bool
    ) -> LogTarget {
        guard !toStandardError, isQuiet || log.isSaid else { return LogTarget(.standardError) }
        var target = LogTarget(.syslog)
        target.ident = log.ident ?? "tcprelay"
        target.facility = log.facility ?? .uucp
        target.severity = log.severity
        return target
    }
}

extension TcprelayError {
    /// As the original tells it.
    fileprivate var text: String {
        let line = place.isEmpty ? problem : "\(place): \(problem)"
        guard status == .configuration else { return line }
        return line + "\nDetected fatal configuration error. Exiting."
    }
}

extension String {
    fileprivate func withoutPrefix(_ prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }
}
