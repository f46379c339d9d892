internal import Shared

/// What an nginx configuration means, as far as it relays TCP: a service for each `server` in `stream`.
struct NginxImport {
    private let directives: [NginxDirective]
    private var upstreams: [String: NginxUpstream] = [:]
    private var names = ImportNames()
    private var remarks = ImportRemarks()
    private(set) var configuration = Configuration()
    private(set) var options = RunOptions()

    init(_ directives: [NginxDirective], remarks: [ForeignRemark]) {
        self.directives = directives
        for remark in remarks { self.remarks.add(remark) }
    }

    var told: [ForeignRemark] { remarks.all }

    mutating func translate() throws(ImportMistake) {
        options.isInBackground = true
        for directive in directives {
            switch (directive.name, directive.block) {
            case ("stream", let block?): try translateStream(block)
            case ("worker_processes", nil):
                if directive[1] != "auto" {
                    configuration.workers = Int(directive[1]).flatMap {
                        ValueReader.workers.contains($0) ? $0 : nil
                    }
                }
            case ("user", nil):
                configuration.privileges = PrivilegesConfiguration(
                    user: directive[1], group: directive.words.count > 2 ? directive[2] : nil,
                    keepsBind: true)
            case ("pid", nil): options.pidFile = directive[1]
            case ("daemon", nil): options.isInBackground = directive[1] != "off"
            case ("error_log", nil): takeErrorLog(directive)
            case ("http", _), ("mail", _):
                remarks.drop(directive.text, at: directive.place, "only “stream” is relayed")
            case ("worker_connections", _), ("events", _):
                remarks.drop(directive.text, at: directive.place, "see max-sessions")
            default: remarks.drop(directive.text, at: directive.place)
            }
        }
        guard !configuration.services.isEmpty else {
            throw ImportMistake(at: "", "no server of a stream block could be carried over")
        }
    }

    private mutating func takeErrorLog(_ directive: NginxDirective) {
        if directive[1] == "stderr" { return }
        guard directive[1].hasPrefix("/") else {
            return remarks.drop(directive.text, at: directive.place, "write log: error:")
        }
        configuration.log.error.target = LogTarget(.file(directive[1]))
    }

    private mutating func translateStream(_ block: [NginxDirective]) throws(ImportMistake) {
        for directive in block where directive.name == "upstream" {
            var upstream = NginxUpstream(directive)
            upstream.translate()
            for remark in upstream.remarks.all { remarks.add(remark) }
            upstreams[directive[1]] = upstream
        }
        let inherited = block.filter { $0.block == nil }
        for directive in block {
            switch directive.name {
            case "upstream": break
            case "server" where directive.block != nil: translateServer(directive, inherited)
            case let name where NginxServer.inheritable.contains(name): break
            default: remarks.drop(directive.text, at: directive.place)
            }
        }
    }

    private mutating func translateServer(
        _ directive: NginxDirective, _ inherited: [NginxDirective]
    ) {
        var server = NginxServer(place: directive.place)
        for line in inherited where NginxServer.inheritable.contains(line.name) {
            server.take(line)
        }
        for line in directive.block ?? [] { server.take(line) }
        for remark in server.remarks.all { remarks.add(remark) }
        guard !server.listeners.isEmpty else {
            return remarks.drop("server { … }", at: directive.place, "it listens nowhere")
        }
        guard let pass = server.pass else {
            return remarks.drop("server { … }", at: directive.place, "it has no proxy_pass")
        }
        var service = ServiceConfiguration(name: names.name(server.name(pass[1])))
        let others = configuration.services.flatMap(\.listeners)
        for var listener in server.listeners {
            if others.contains(where: { $0.endpoint == listener.endpoint }) {
                remarks.drop(
                    "listen \(listener.endpoint)", at: directive.place,
                    "it is listened on by another server")
                continue
            }
            listener.name = String(service.listeners.count)
            service.listeners.append(listener)
        }
        guard !service.listeners.isEmpty else { return }
        service.access = server.access
        service.timeouts.connect = server.connect
        service.timeouts.idle = server.idle
        if let upstream = upstreams[pass[1]] {
            service.groups = upstream.groups
            service.grace = upstream.grace
            service.health.failures = upstream.failures
            if upstream.hasLimits { service.limits.overload = .close }
        } else if let channel = NginxUpstream.channel(pass[1], name: "0") {
            var group = GroupConfiguration(name: "main")
            group.channels = [channel]
            service.groups = [group]
            service.grace = .zero
        } else {
            return remarks.drop(pass.text, at: pass.place, "neither an upstream nor an address")
        }
        service.health.graceMax = max(.seconds(1), service.grace)
        guard !service.groups.isEmpty else {
            return remarks.drop("server { … }", at: directive.place, "its upstream has no server")
        }
        if server.sendsHeader, let header = try? ProxyProtocolChoice(words: ["v1"]) {
            for index in service.groups.indices { service.groups[index].ownProxyProtocol = header }
        }
        if let source = server.source {
            for index in service.groups.indices { service.groups[index].ownSource = source }
        }
        if !server.triesNext {
            remarks.differ(
                at: directive.place,
                "proxy_next_upstream off: another channel is tried all the same")
        }
        configuration.services.append(service)
    }
}

/// `server { … }` in `stream`.
struct NginxServer {
    let place: String
    var listeners: [ListenerConfiguration] = []
    var pass: NginxDirective?
    /// nginx's own defaults.
    var connect = Duration.seconds(60)
    var idle: Duration? = .seconds(600)
    var triesNext = true
    var serverName: String?
    var access: [AccessRule] = []
    var source: ConnectionSource?
    /// `proxy_protocol on`.
    var sendsHeader = false
    var remarks = ImportRemarks()

    init(place: String) { self.place = place }

    /// What may stand in `stream` for every server of it.
    static let inheritable: Set = [
        "proxy_timeout", "proxy_connect_timeout", "proxy_next_upstream",
        "proxy_next_upstream_timeout", "proxy_next_upstream_tries", "proxy_buffer_size",
        "tcp_nodelay", "access_log", "error_log", "log_format", "resolver", "resolver_timeout",
        "preread_buffer_size", "preread_timeout", "proxy_socket_keepalive",
        "variables_hash_max_size",
        "proxy_protocol", "proxy_protocol_timeout", "proxy_half_close", "allow", "deny",
        "proxy_download_rate", "proxy_upload_rate", "proxy_bind", "ssl_preread", "limit_conn",
        "limit_conn_zone", "limit_conn_log_level", "set_real_ip_from", "map_hash_max_size",
    ]

    func name(_ pass: String) -> String {
        serverName ?? (pass.contains(":") || pass.contains("/") ? "stream" : pass)
    }

    mutating func take(_ line: NginxDirective) {
        switch line.name {
        case "listen": takeListen(line)
        case "proxy_pass": pass = line
        case "proxy_timeout":
            idle = time(line)?.bounded(ValueReader.shortest...ValueReader.year) ?? idle
        case "proxy_connect_timeout":
            connect = time(line)?.bounded(ValueReader.shortest...ValueReader.year) ?? connect
        case "proxy_next_upstream": triesNext = line[1] != "off"
        case "allow", "deny": takeRule(line)
        case "proxy_protocol": sendsHeader = line[1] == "on"
        case "proxy_bind":
            switch line[1] {
            case "off": source = nil
            case "$remote_addr" where line.words.contains("transparent"): source = .client
            default:
                guard let address = IPAddress(line[1]), address != .anyV4, address != .anyV6 else {
                    return remarks.drop(line.text, at: line.place)
                }
                source = .addresses([address])
            }
        case "server_name": serverName = line.words.count > 1 ? line[1] : nil
        case "tcp_nodelay", "proxy_buffer_size", "preread_buffer_size", "resolver",
            "resolver_timeout", "proxy_next_upstream_timeout", "proxy_next_upstream_tries",
            "proxy_half_close", "variables_hash_max_size", "map_hash_max_size":
            remarks.drop(line.text, at: line.place, "not needed")
        case "access_log", "log_format", "error_log":
            remarks.drop(line.text, at: line.place, "write log: for the whole daemon")
        default: remarks.drop(line.text, at: line.place)
        }
    }

    private mutating func time(_ line: NginxDirective) -> Duration? {
        guard let time = NginxTime.duration(line.words.dropFirst().joined()) else {
            remarks.drop(line.text, at: line.place, "no time")
            return nil
        }
        return time
    }

    private mutating func add(_ listener: ListenerConfiguration) {
        guard !listeners.contains(where: { $0.endpoint == listener.endpoint }) else { return }
        listeners.append(listener)
    }

    /// `allow` and `deny`, of which the first that fits decides in both programs.
    private mutating func takeRule(_ line: NginxDirective) {
        let verdict: AccessRule.Verdict = line.name == "allow" ? .allow : .deny(.close)
        switch line[1] {
        case "all": access.append(AccessRule(verdict: verdict, clients: .all))
        case "unix:": access.append(AccessRule(verdict: verdict, clients: .unix))
        default:
            guard let network = Network(rule: line[1]) else {
                return remarks.drop(line.text, at: line.place, "no network")
            }
            access.append(AccessRule(verdict: verdict, clients: .networks([network])))
        }
    }

    private mutating func takeListen(_ line: NginxDirective) {
        let parameters = Set(line.words.dropFirst(2))
        guard !parameters.contains("udp") else {
            return remarks.drop(line.text, at: line.place, "datagrams are not relayed")
        }
        var text = line[1]
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            text = "*:" + text
        }
        var listener: ListenerConfiguration
        do throws(ValueMistake) {
            listener = ListenerConfiguration(name: "0", endpoint: try EndpointReader.listener(text))
        } catch {
            return remarks.drop(line.text, at: line.place, "\(error.problem); \(error.remedy)")
        }
        if let backlog = line.value(of: "backlog").flatMap({ Int($0) }) {
            listener.backlog = Int32(clamping: min(max(1, backlog), 65_535))
        }
        if parameters.contains("proxy_protocol") { listener.proxyProtocol = .require }
        add(listener)
        if case .ip(.anyV6, let port) = listener.endpoint, parameters.contains("ipv6only=off") {
            listener.endpoint = .ip(.anyV4, port: port)
            add(listener)
        }
        let known: Set = ["bind", "reuseport", "ipv6only=on", "ipv6only=off", "default_server", "proxy_protocol"]
        for word in line.words.dropFirst(2)
        where !known.contains(word) && !word.hasPrefix("backlog=") {
            remarks.drop("listen … \(word)", at: line.place)
        }
    }
}

/// `upstream NAME { … }`.
struct NginxUpstream {
    private let directive: NginxDirective
    private(set) var groups: [GroupConfiguration] = []
    private(set) var grace = Duration.seconds(10)
    private(set) var failures = 1
    private(set) var hasLimits = false
    private(set) var remarks = ImportRemarks()

    init(_ directive: NginxDirective) { self.directive = directive }

    mutating func translate() {
        var main = GroupConfiguration(name: "main")
        var backup = GroupConfiguration(name: "backup")
        var times: Set<Duration> = []
        var counts: Set<Int> = []
        for line in directive.block ?? [] {
            switch line.name {
            case "server":
                let isBackup = line.words.contains("backup")
                let siblings = isBackup ? backup.channels : main.channels
                guard let channel = server(line, name: String(siblings.count), &times, &counts)
                else { continue }
                if isBackup {
                    backup.channels.append(channel)
                } else {
                    main.channels.append(channel)
                }
            case "least_conn": main.balance = BalanceConfiguration(policy: .leastConnections)
            case "least_time": main.balance = BalanceConfiguration(policy: .leastLatency)
            case "random": main.balance = BalanceConfiguration(policy: .randomTwoChoices)
            case "hash": main.balance = hash(line)
            case "zone", "state", "resolver", "resolver_timeout":
                remarks.drop(line.text, at: line.place, "not needed")
            default: remarks.drop(line.text, at: line.place)
            }
        }
        backup.balance = main.balance
        grace = times.max() ?? grace
        failures = counts.max() ?? failures
        if times.count > 1 || counts.count > 1 {
            remarks.differ(
                at: directive.place,
                "max_fails and fail_timeout: the largest of upstream \(directive[1]) count for all its servers"
            )
        }
        if failures == 0 { (grace, failures) = (.zero, 1) }
        groups = [main, backup].filter { group in group.channels.contains { $0.weight > 0 } }
    }

    private mutating func server(
        _ line: NginxDirective, name: String, _ times: inout Set<Duration>,
        _ counts: inout Set<Int>
    ) -> ChannelConfiguration? {
        guard var channel = Self.channel(line[1], name: name) else {
            remarks.drop(line.text, at: line.place, "no address with a port")
            return nil
        }
        times.insert(
            (line.value(of: "fail_timeout").flatMap(NginxTime.duration) ?? .seconds(10))
                .bounded(.zero...ValueReader.year))
        counts.insert(
            min(max(0, line.value(of: "max_fails").flatMap { Int($0) } ?? 1), 1000))
        for word in line.words.dropFirst(2) {
            let value = word.split(separator: "=", maxSplits: 1).last.map(String.init) ?? ""
            switch word.split(separator: "=").first.map(String.init) ?? "" {
            case "weight":
                channel.weight =
                    Int(value).map { min(max(1, $0), ValueReader.weights.upperBound) } ?? 1
            case "max_conns":
                channel.maxc = Int(value).flatMap { ValueReader.sessions.contains($0) ? $0 : nil }
                hasLimits = hasLimits || channel.maxc != nil
            case "down": channel.isEnabled = false
            case "backup", "max_fails", "fail_timeout": break
            case "resolve": remarks.drop("server … resolve", at: line.place, "not needed")
            default: remarks.drop("server … \(word)", at: line.place)
            }
        }
        return channel
    }

    static func channel(_ text: String, name: String) -> ChannelConfiguration? {
        guard !text.contains("$") else { return nil }
        let text = text.hasPrefix("unix:") && text.hasSuffix(":") ? String(text.dropLast()) : text
        guard let endpoint = try? EndpointReader.channel(text) else { return nil }
        return ChannelConfiguration(name: name, endpoint: endpoint)
    }

    private mutating func hash(_ line: NginxDirective) -> BalanceConfiguration {
        let isConsistent = line.words.contains("consistent")
        var key = HashKey.source
        switch line[1] {
        case "$remote_addr", "$binary_remote_addr": break
        case "$remote_addr$remote_port", "$binary_remote_addr$remote_port": key = .sourceAndPort
        case "$server_addr", "$server_port", "$server_addr:$server_port": key = .destination
        default:
            remarks.drop(line.text, at: line.place, "by the client's address instead")
        }
        remarks.differ(at: line.place, "hash: with other numbers than nginx's")
        return isConsistent
            ? BalanceConfiguration(policy: .sticky, key: key)
            : BalanceConfiguration(policy: .hash, key: key, failover: true)
    }
}
