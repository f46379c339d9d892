internal import Glibc
internal import Shared

/// What a probe has to do: say something over a connection, or run a script.
enum ProbeWork {
    case exchange(any ProbeExchange)
    case script(ScriptJob)
    /// Nothing that could be done; in words, why.
    case impossible(String)

    /// `target` is where it goes; nil: there is nowhere.
    init(_ probe: ProbeConfiguration, of channel: Channel, at target: Endpoint?) {
        guard let target else {
            self = .impossible("no port to probe: add “port” to the probe")
            return
        }
        switch probe.check {
        // The handshake comes in front of every exchange, and is all that `tls` asks for.
        case .connect, .tls: self = .exchange(ConnectExchange(proves: probe.check == .tls))
        case .exchange(let steps):
            do throws(ValueError) {
                let isSMTP = probe.name == ProbeKind.smtp.rawValue
                self = .exchange(try StepExchange(steps, isSMTP: isSMTP))
            } catch {
                self = .impossible(error.problem)
            }
        case .http(let check):
            self = .exchange(HTTPExchange(check, host: probe.host(of: channel)))
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
    /// Where the probe of a channel goes: to all addresses of a name. Empty when it would need a port that a Unix
    /// socket does not have.
    func targets(of channel: Channel) -> [Endpoint] {
        let places = address.map { [$0] } ?? channel.addresses
        return places.compactMap { place in
            switch place {
            case .ip(let address, let own):
                let port = port ?? (own > 0 ? own : channel.endpoint.ipPort)
                return port.map { .ip(address, port: $0) }
            case .name, .unix: return place
            }
        }
    }

    /// Whether it speaks TLS with that channel.
    func usesTLS(with channel: Channel) -> Bool {
        usesTLS ?? (check == .tls || channel.tls != nil)
    }

    /// The `Host` of a request: what the file calls the channel, not what its name has resolved to.
    fileprivate func host(of channel: Channel) -> String {
        let name: String
        switch address ?? channel.endpoint {
        case .ip(.v6(let high, let low, _), _):
            // A zone is known on this machine only.
            name = "[\(IPAddress.v6(high: high, low: low, scope: 0))]"
        case .ip(let address, _): name = "\(address)"
        case .name(let text, _): name = text
        case .unix: return "localhost"
        }
        let own = address?.ipPort ?? 0
        let port = port ?? (own > 0 ? own : channel.endpoint.ipPort)
        guard let port, port != (usesTLS(with: channel) ? 443 : 80) else { return name }
        return "\(name):\(port)"
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
