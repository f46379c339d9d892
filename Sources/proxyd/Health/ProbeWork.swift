internal import Glibc
internal import Shared

/// What a probe has to do: say something over a connection, or run a script.
enum ProbeWork {
    case exchange(any ProbeExchange)
    case script(ScriptJob)
    /// Nothing that could be done; in words, why.
    case impossible(String)

    init(_ probe: ProbeConfiguration, of channel: Channel) {
        guard let target = probe.target(of: channel) else {
            self = .impossible("no port to probe: add “port” to the probe")
            return
        }
        switch probe.check {
        // The handshake comes in front of every exchange, and is all that `tls` asks for.
        case .connect, .tls: self = .exchange(ConnectExchange(proves: probe.check == .tls))
        case .exchange(let steps):
            do throws(ValueError) {
                self = .exchange(try StepExchange(steps))
            } catch {
                self = .impossible(error.problem)
            }
        case .http(let check):
            let isUnix = if case .unix = target { true } else { false }
            self = .exchange(HTTPExchange(check, host: isUnix ? "localhost" : "\(target)"))
        case .postgres(let user, let provesPrimary):
            self = .exchange(PostgresExchange(user: user, provesPrimary: provesPrimary))
        case .mysql(let user): self = .exchange(MySQLExchange(user: user))
        case .script(let path): self = .script(Self.script(path, probe, channel, target))
        }
    }

    private static func script(
        _ path: String, _ probe: ProbeConfiguration, _ channel: Channel, _ target: Endpoint
    ) -> ScriptJob {
        let names = channel.path.split(separator: "/").map(String.init)
        let variables = ["PROXYD_SERVICE", "PROXYD_GROUP", "PROXYD_CHANNEL"]
        return ScriptJob(
            path: path, arguments: ["\(target)"],
            environment: Dictionary(zip(variables, names)) { $1 }, timeout: probe.timeout)
    }
}

extension ProbeResult {
    /// What a script's end says: its own last line is worth more than a number.
    init(_ script: ScriptResult) {
        let line = script.tail.split(whereSeparator: \.isNewline).last.map(String.init)
        let said = line.map { ": " + ProbeText.quoted($0) } ?? ""
        switch script.outcome {
        case .exited(0): self = .good("ok" + said)
        case .cannotStart(let number):
            self = .failed(SystemError("posix_spawn", number))
            if number == EAGAIN { isCounted = false }
        case .timedOut: self = .bad("timeout" + said)
        case let outcome: self = .bad("\(outcome)" + said)
        }
        nanoseconds = script.nanoseconds
    }
}

extension ProbeConfiguration {
    /// Where the probe of a channel goes: of a name's addresses to the first. nil when it would need a
    /// port that a Unix socket does not have.
    func target(of channel: Channel) -> Endpoint? {
        guard let place = address ?? channel.firstAddress else { return nil }
        switch place {
        case .ip(let address, let own):
            guard let port = port ?? (own > 0 ? own : channel.firstAddress?.ipPort) else {
                return nil
            }
            return .ip(address, port: port)
        case .name, .unix: return place
        }
    }
}

extension Endpoint {
    fileprivate var ipPort: UInt16? {
        switch self {
        case .ip(_, let port), .name(_, let port): port
        case .unix: nil
        }
    }
}
