internal import Shared

/// `server { … }` in `stream`.
struct NginxServer {
    let place: String
    private(set) var listeners: [ListenerConfiguration] = []
    private var bound: Set<Endpoint> = []
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
    /// `preread_timeout`.
    var prereadTime: Duration?
    private(set) var tls: NginxTLS
    /// `listen … ssl`.
    private var secured: [Endpoint: NginxDirective] = [:]
    var remarks = ImportRemarks()

    init(place: String, tls: NginxTLS) { (self.place, self.tls) = (place, tls) }

    /// What may stand in `stream` for every server of it.
    static let inheritable = NginxTLS.known.union(NginxTLS.notNeeded).union([
        "proxy_timeout", "proxy_connect_timeout", "proxy_next_upstream",
        "proxy_next_upstream_timeout", "proxy_next_upstream_tries", "proxy_buffer_size",
        "tcp_nodelay", "access_log", "error_log", "log_format", "resolver", "resolver_timeout",
        "preread_buffer_size", "preread_timeout", "proxy_socket_keepalive",
        "variables_hash_max_size",
        "proxy_protocol", "proxy_protocol_timeout", "proxy_half_close", "allow", "deny",
        "proxy_download_rate", "proxy_upload_rate", "proxy_bind", "limit_conn",
        "limit_conn_zone", "limit_conn_log_level", "set_real_ip_from", "map_hash_max_size",
    ])

    func name(_ pass: String) -> String {
        serverName ?? (pass.contains(":") || pass.contains("/") ? "stream" : pass)
    }

    mutating func read(_ line: NginxDirective) {
        switch line.name {
        case "listen": readListen(line)
        case "proxy_pass": pass = line
        case "proxy_timeout":
            idle = time(line)?.bounded(ValueReader.shortest...ValueReader.year) ?? idle
        case "proxy_connect_timeout":
            connect = time(line)?.bounded(ValueReader.shortest...ValueReader.year) ?? connect
        case "proxy_next_upstream": triesNext = line[1] != "off"
        case "allow", "deny": readRule(line)
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
        case "preread_timeout": prereadTime = time(line)
        case let name where NginxTLS.notNeeded.contains(name):
            remarks.drop(line.text, at: line.place, "not needed")
        default: if !tls.read(line) { remarks.drop(line.text, at: line.place) }
        }
    }

    /// Once every line is read: listeners with `ssl` get theirs, or are left out.
    mutating func secure() {
        guard let first = secured.values.min(by: { $0.place < $1.place }) else { return }
        do throws(NginxTLS.Problem) {
            let configuration = try tls.listener()
            for index in listeners.indices where secured[listeners[index].endpoint] != nil {
                listeners[index].tls = configuration
            }
        } catch {
            listeners.removeAll { secured[$0.endpoint] != nil }
            remarks.drop(
                first.text, at: first.place,
                "\(error.text); it is left out, as it would be in the clear")
        }
        for remark in tls.remarks.all { remarks.add(remark) }
    }

    private mutating func time(_ line: NginxDirective) -> Duration? {
        guard let time = NginxTime.duration(line.words.dropFirst().joined()) else {
            remarks.drop(line.text, at: line.place, "no time")
            return nil
        }
        return time
    }

    private mutating func add(_ listener: ListenerConfiguration, _ line: NginxDirective) {
        guard bound.insert(listener.endpoint).inserted else { return }
        listeners.append(listener)
        if line.words.dropFirst(2).contains("ssl") { secured[listener.endpoint] = line }
    }

    /// `allow` and `deny`, of which the first that fits decides in both programs.
    private mutating func readRule(_ line: NginxDirective) {
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

    private mutating func readListen(_ line: NginxDirective) {
        let parameters = Set(line.words.dropFirst(2))
        guard !parameters.contains("udp") else {
            return remarks.drop(line.text, at: line.place, "datagrams are not relayed")
        }
        var text = line[1]
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            text = "*:" + text
        }
        var listener: ListenerConfiguration
        do throws(ValueError) {
            listener = ListenerConfiguration(name: "0", endpoint: try EndpointReader.listener(text))
        } catch {
            return remarks.drop(line.text, at: line.place, "\(error.problem); \(error.remedy)")
        }
        if let backlog = line.value(of: "backlog").flatMap({ Int($0) }) {
            listener.backlog = Int32(clamping: min(max(1, backlog), 65_535))
        }
        if parameters.contains("proxy_protocol") { listener.proxyProtocol = .require }
        add(listener, line)
        if case .ip(.anyV6, let port) = listener.endpoint, parameters.contains("ipv6only=off") {
            listener.endpoint = .ip(.anyV4, port: port)
            add(listener, line)
        }
        let known: Set = [
            "bind", "reuseport", "ipv6only=on", "ipv6only=off", "default_server", "proxy_protocol",
            "ssl",
        ]
        for word in line.words.dropFirst(2)
        where !known.contains(word) && !word.hasPrefix("backlog=") {
            remarks.drop("listen … \(word)", at: line.place)
        }
    }
}
