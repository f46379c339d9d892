internal import Shared

/// `bind ADDRESS[,ADDRESS…] [PARAMETERS]`.
struct HAProxyBind {
    private let line: HAProxyLine
    private let defaults: HAProxyTLSDefaults
    private let hostEnvironment: HostEnvironment
    private(set) var remarks = ImportRemarks()

    init(_ line: HAProxyLine, _ defaults: HAProxyTLSDefaults, in hostEnvironment: HostEnvironment) {
        self.line = line
        self.defaults = defaults
        self.hostEnvironment = hostEnvironment
    }

    private static let mostPorts = 100

    mutating func listeners() -> [ListenerConfiguration] {
        var listeners: [ListenerConfiguration] = []
        var alsoV4 = false
        var options = SocketOptions()
        var settings = ListenerConfiguration(name: "0", endpoint: .unix(path: "/"))
        var tls = defaults.bind
        var index = 2
        func value() -> String { line[index + 1] }
        while index < line.words.count {
            let word = line.words[index]
            switch word {
            case "mode":
                settings.mode = UInt32(value(), radix: 8) ?? settings.mode
                index += 1
            case "user", "uid":
                settings.user = value()
                index += 1
            case "group", "gid":
                settings.group = value()
                index += 1
            case "backlog":
                settings.backlog = Int32(clamping: min(max(1, Int(value()) ?? 4096), 65_535))
                index += 1
            case "maxconn":
                settings.maxSessions = Int(value()).flatMap {
                    ValueReader.sessions.contains($0) ? $0 : nil
                }
                index += 1
            case "v4v6": alsoV4 = true
            case "interface":
                if let interface = try? ValueReader.interface(value(), as: "it") {
                    options.interface = interface
                } else {
                    remarks.drop("bind … interface \(value())", at: line.place)
                }
                index += 1
            case "accept-proxy": settings.proxyProtocol = .require
            case "tfo": options.fastOpen = true
            case "mptcp": options.mptcp = true
            case "defer-accept": options.deferAccept = 1
            case "v6only": break
            case "transparent", "prefer-client-ciphers", "no-prefer-client-ciphers", "allow-0rtt",
                "generate-certificates", "accept-netscaler-cip":
                remarks.drop("bind … \(word)", at: line.place)
            default:
                if let count = tls.read(word, value()) {
                    index += count
                } else {
                    remarks.drop("bind … \(word) \(value())", at: line.place)
                    index += 1
                }
            }
            index += 1
        }
        settings.socket = options.isEmpty ? nil : options
        do throws(HAProxyTLSProblem) {
            settings.tls = try tls.listener(defaults, in: hostEnvironment)
        } catch {
            remarks.drop(
                line.text, at: line.place,
                "\(error.text); it is left out, as it would be in the clear")
            return []
        }
        for text in line[1].split(separator: ",") {
            for endpoint in endpoints(String(text)) {
                var listener = settings
                listener.endpoint = endpoint
                if endpoint.isUnix {
                    listener.socket = nil
                } else {
                    (listener.settings.mode, listener.user, listener.group) = (nil, nil, nil)
                }
                listeners.append(listener)
                if alsoV4, case .ip(.anyV6, let port) = endpoint {
                    listener.endpoint = .ip(.anyV4, port: port)
                    listeners.append(listener)
                }
            }
        }
        return listeners
    }

    private mutating func endpoints(_ text: String) -> [Endpoint] {
        guard let address = HAProxyAddress.plain(text) else {
            remarks.drop(
                "bind \(text)", at: line.place, "an address of a kind that is not available")
            return []
        }
        if address.hasPrefix("unix:") { return endpoint(address).map { [$0] } ?? [] }
        guard let colon = address.lastIndex(of: ":") else {
            remarks.drop("bind \(text)", at: line.place, "the address names no port")
            return []
        }
        var host = String(address[..<colon])
        if host.isEmpty { host = "*" }
        // ":::80" and "::1:80" are IPv6 addresses whose last group is the port.
        if host.contains(":"), !host.hasPrefix("[") { host = "[\(host)]" }
        let ports = address[address.index(after: colon)...].split(separator: "-")
        guard let first = ports.first.flatMap({ Int($0) }),
            let last = ports.last.flatMap({ Int($0) }),
            (0...65_535).contains(first), (first...65_535).contains(max(first, last)),
            last - first < Self.mostPorts
        else {
            remarks.drop(
                "bind \(text)", at: line.place, "no port, or more than \(Self.mostPorts) of them")
            return []
        }
        guard last >= first else { return [] }
        return (first...last).compactMap { endpoint("\(host):\($0)") }
    }

    private mutating func endpoint(_ text: String) -> Endpoint? {
        do throws(ValueError) {
            return try EndpointReader.listener(text)
        } catch {
            remarks.drop(line.text, at: line.place, error.problem)
            return nil
        }
    }
}

/// Addresses as HAProxy writes them.
enum HAProxyAddress {
    /// Without its family's prefix, a Unix socket with ours; nil: a kind that we have not.
    static func plain(_ text: String) -> String? {
        for prefix in ["ipv4@", "ipv6@", "tcp4@", "tcp6@", "tcp@", "stream+ipv4@", "stream+ipv6@"]
        where text.hasPrefix(prefix) {
            return String(text.dropFirst(prefix.count))
        }
        if text.hasPrefix("/") { return "unix:" + text }
        if text.hasPrefix("unix@") { return "unix:" + text.dropFirst(5) }
        return text.contains("@") ? nil : text
    }
}
