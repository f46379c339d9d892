internal import Shared

/// `server NAME ADDRESS[:PORT] [PARAMETERS]`.
struct HAProxyServer {
    var name: String
    var place: String
    var address: String
    var weight = 1
    var maxConnections: Int?
    var isChecked = false
    var isBackup = false
    var isDisabled = false
    var inter: Duration = .seconds(2)
    var fastInter: Duration?
    var rise = 2
    var fall = 3
    var checkPort: UInt16?
    var checkAddress: Endpoint?
    var slowStart: Duration?
    var source: String?
    var proxyProtocol: ProxyProtocolChoice?
    var tls: HAProxyTLS
    private let defaults: HAProxyTLSDefaults
    private let hostEnvironment: HostEnvironment
    var remarks = ImportRemarks()

    init(
        _ line: HAProxyLine, _ defaults: HAProxyTLSDefaults, in hostEnvironment: HostEnvironment
    ) {
        (name, place, address) = (line[1], line.place, line[2])
        tls = defaults.server
        self.defaults = defaults
        self.hostEnvironment = hostEnvironment
    }

    /// Parameters that have a value which is passed with them.
    private static let withValue: Set = [
        "addr", "agent-addr", "agent-inter", "agent-port", "agent-send",
        "check-alpn", "check-proto", "check-sni", "cookie",
        "downinter", "error-limit", "hash-key", "id", "init-addr", "log-bufsize",
        "log-proto", "max-reuse", "maxqueue", "minconn", "namespace", "npn", "observe",
        "on-error", "on-marked-down", "on-marked-up", "pool-low-conn", "pool-max-conn",
        "pool-purge-delay", "port", "proto", "redir", "resolve-net", "resolve-opts",
        "resolve-prefer", "resolvers", "set-proxy-v2-tlv-fmt", "proxy-v2-options",
        "socks4", "tcp-ut", "track", "usesrc", "ws", "guid", "shard", "strict-maxconn",
    ]
    private static let notNeeded: Set = ["init-addr", "resolvers", "resolve-prefer", "id", "guid"]

    mutating func read(_ words: [String], silently: Bool) {
        var index = 0
        func value() -> String { index + 1 < words.count ? words[index + 1] : "" }
        while index < words.count {
            let word = words[index]
            if let count = tls.read(word, value()) {
                index += 1 + count
                continue
            }
            var takesValue = true
            switch word {
            case "weight":
                weight = Int(value()).map { min(max(0, $0), 256) } ?? weight
            case "maxconn":
                maxConnections = Int(value()).flatMap {
                    ValueReader.sessions.contains($0) ? $0 : nil
                }
            case "inter": inter = HAProxyTime.duration(value()) ?? inter
            case "fastinter": fastInter = HAProxyTime.duration(value())
            case "rise": rise = Int(value()).map { min(max(1, $0), 100) } ?? rise
            case "fall": fall = Int(value()).map { min(max(1, $0), 100) } ?? fall
            case "port": checkPort = UInt16(value()).flatMap { $0 > 0 ? $0 : nil }
            case "addr": checkAddress = IPAddress(value()).map { .ip($0, port: 0) }
            case "slowstart": slowStart = HAProxyTime.duration(value())
            case "source": source = value()
            default: takesValue = false
            }
            if !takesValue { takesValue = readFlag(word, value(), silently) }
            index += takesValue ? 2 : 1
        }
    }

    /// - Returns: whether the parameter has a value.
    private mutating func readFlag(_ word: String, _ value: String, _ silently: Bool) -> Bool {
        switch word {
        case "send-proxy": proxyProtocol = try? ProxyProtocolChoice(words: ["v1"])
        case "send-proxy-v2": proxyProtocol = try? ProxyProtocolChoice(words: ["v2"])
        case "no-send-proxy", "no-send-proxy-v2": proxyProtocol = nil
        case "check": isChecked = true
        case "no-check": isChecked = false
        case "backup": isBackup = true
        case "no-backup": isBackup = false
        case "disabled": isDisabled = true
        case "enabled": isDisabled = false
        default:
            let hasValue = Self.withValue.contains(word)
            let reason = Self.notNeeded.contains(word) ? "not needed" : "not carried over"
            remarks.drop(
                "server \(name) … \(word)" + (hasValue ? " \(value)" : ""), at: place, reason)
            return hasValue
        }
        return false
    }

    /// `port` is the frontend's, for servers that name none.
    mutating func channel(name: String, defaultPort port: UInt16?) -> ChannelConfiguration? {
        guard let text = HAProxyAddress.plain(address) else {
            remarks.drop(
                "server \(self.name) \(address)", at: place,
                "an address of a kind that is not available")
            return nil
        }
        do throws(ValueError) {
            let isBareV6 = IPAddress(text).map { if case .v6 = $0 { true } else { false } } ?? false
            let endpoint = try EndpointReader.channel(
                isBareV6 ? "[\(text)]" : text, defaultPort: port)
            var channel = ChannelConfiguration(name: name, endpoint: endpoint)
            channel.weight = weight
            channel.maxc = maxConnections
            channel.isEnabled = !isDisabled
            channel.ownProxyProtocol = proxyProtocol
            return secure(&channel) ? channel : nil
        } catch {
            remarks.drop("server \(self.name) \(address)", at: place, "\(error.problem)")
            return nil
        }
    }
}

extension HAProxyServer {
    /// - Returns: whether it has the TLS that it is to have, which may be none.
    private mutating func secure(_ channel: inout ChannelConfiguration) -> Bool {
        let tls: TLSChannelConfiguration?
        do throws(HAProxyTLSProblem) {
            tls = try self.tls.channel(defaults, in: hostEnvironment)
        } catch {
            remarks.drop(
                "server \(name) … ssl", at: place,
                "\(error.text); it is left out, as it would be in the clear")
            return false
        }
        guard let tls else { return true }
        if tls.verifies, tls.name == nil {
            if channel.endpoint.isUnix {
                remarks.drop(
                    "server \(name) … ssl", at: place,
                    "its certificate has to be for a name, and there is none; add verifyhost")
                return false
            }
            remarks.differ(
                at: place,
                "server \(name): its certificate has to be for the host of \(channel.endpoint); write “name” for another one"
            )
        }
        channel.ownTLS = .yes(tls)
        return true
    }
}

/// What `check` does.
enum HAProxyProbe {
    case connect, exchange, redis, smtp
    case http(HAProxyLine)
    case mysql(user: String?)
    case postgres(user: String?)
}

extension HAProxyServer {
    /// nil: it is not probed.
    func probe(
        _ kind: HAProxyProbe, _ lines: [HAProxyLine], timeout: Duration?,
        _ remarks: inout ImportRemarks
    ) -> ProbeConfiguration? {
        guard isChecked else { return nil }
        var probe = ProbeConfiguration()
        probe.interval = inter.bounded(.milliseconds(100)...ValueReader.longestHold)
        probe.fastInterval = min(
            (fastInter ?? inter).bounded(.milliseconds(100)...ValueReader.longestHold),
            probe.interval)
        probe.timeout = (timeout ?? inter).bounded(.milliseconds(1)...ValueReader.longestHold)
        probe.rise = rise
        probe.fall = fall
        probe.port = checkPort
        probe.address = checkAddress
        // As HAProxy has it: another place is asked without TLS, unless told otherwise.
        let isElsewhere = checkPort != nil || checkAddress != nil
        probe.usesTLS = tls.isChecked ?? (tls.isOn && isElsewhere ? false : nil)
        switch kind {
        case .connect: break
        case .redis:
            probe.name = ProbeKind.sendExpect.rawValue
            probe.check = .exchange([
                .send(Secret(Array("PING\r\n".utf8))), .text(Array("+PONG".utf8)),
            ])
        case .smtp:
            probe.name = ProbeKind.smtp.rawValue
            probe.check = .exchange(ProbeKind.smtpSteps)
        case .mysql(let user):
            probe.name = ProbeKind.mysql.rawValue
            probe.check = .mysql(user: user ?? "proxyd")
        case .postgres(let user):
            probe.name = ProbeKind.postgres.rawValue
            probe.check = .postgres(user: user ?? "proxyd", provesPrimary: false)
        case .exchange:
            let steps = HAProxySteps.steps(lines, &remarks)
            guard !steps.isEmpty else { break }
            probe.name = ProbeKind.sendExpect.rawValue
            probe.check = .exchange(steps)
        case .http(let option):
            probe.name = ProbeKind.http.rawValue
            probe.check = .http(HAProxySteps.http(option, lines, &remarks))
        }
        return probe
    }
}

/// `tcp-check` and `http-check` as our probes have them.
enum HAProxySteps {
    static func steps(_ lines: [HAProxyLine], _ remarks: inout ImportRemarks) -> [ProbeStep] {
        var steps: [ProbeStep] = []
        for line in lines where line[0] == "tcp-check" {
            switch (line[1], line[2]) {
            case ("connect", "") where steps.isEmpty: break
            case ("send", _) where !line[2].isEmpty && line.words.count == 3:
                steps.append(.send(Secret(Array(line[2].utf8))))
            case ("send-binary", _):
                if let step = step("hex:" + line[2], line, &remarks), case .bytes(let bytes) = step
                {
                    steps.append(.send(Secret(bytes)))
                }
            case ("expect", "string") where line.words.count == 4:
                // Anywhere in what has come, as HAProxy has it.
                let quoted = line[3].map { "\\.+*?()[]{}|^$/".contains($0) ? "\\\($0)" : "\($0)" }
                if let step = step("regex:" + quoted.joined(), line, &remarks) {
                    steps.append(step)
                }
            case ("expect", "rstring") where line.words.count == 4:
                if let step = step("regex:" + line[3], line, &remarks) { steps.append(step) }
            default: remarks.drop(line.text, at: line.place)
            }
        }
        return Array(steps.prefix(32))
    }

    private static func step(
        _ text: String, _ line: HAProxyLine, _ remarks: inout ImportRemarks
    ) -> ProbeStep? {
        do throws(ValueError) {
            return try ValueReader.expectation(text, as: "it")
        } catch {
            remarks.drop(line.text, at: line.place, error.problem)
            return nil
        }
    }

    /// `option httpchk [METHOD] [URI] [VERSION]`, and `http-check expect status 200`.
    static func http(
        _ option: HAProxyLine, _ lines: [HAProxyLine], _ remarks: inout ImportRemarks
    ) -> HTTPCheck {
        var check = HTTPCheck()
        // Without a method HAProxy asks for OPTIONS, which says less about a server than GET.
        let words = Array(option.words.dropFirst(2))
        var uri = words.count > 1 ? words[1] : words.first ?? "/"
        if let method = HTTPCheck.Method(rawValue: words.first ?? "") {
            check.method = method
            if words.count == 1 { uri = "/" }
        } else {
            remarks.differ(at: option.place, "\(option.text): GET is asked for")
        }
        if let path = try? ValueReader.httpPath(uri, as: "it") {
            check.path = path
        } else {
            remarks.drop(option.text, at: option.place, "“\(uri.prefix(40))” is not a path")
        }
        for line in lines where line[0] == "http-check" {
            if line[1] == "expect", line[2] == "status",
                let status = try? ValueReader.statuses(line[3], as: "it")
            {
                check.status = status
            } else if line[1] == "expect", line[2] == "string",
                let body = try? ValueReader.bodyText(line[3], as: "it")
            {
                check.body = body
            } else if line[1] == "send", line.words.contains("Host"),
                let host = line.value(behind: "Host"),
                let word = try? ValueReader.headerWord(host, as: "it")
            {
                check.host = word
            } else {
                remarks.drop(line.text, at: line.place)
            }
        }
        return check
    }
}
