internal import Shared

/// What `frontend`, `backend`, `listen` and `defaults` say, line after line.
struct HAProxyProxy {
    struct Route {
        var name: String
        var place: String
    }

    var name: String
    var place: String
    var isTCP = true
    var modePlace: String?
    var isDisabled = false
    var listeners: [ListenerConfiguration] = []
    var servers: [HAProxyServer] = []
    var defaultBackend: Route?
    var balance: HAProxyLine?
    var isConsistent = false
    var maxConnections: Int?
    var backlog: Int?
    var times = Times()
    var probe: HAProxyProbe = .connect
    var expects: [HAProxyLine] = []
    var serverDefaults: [String] = []
    /// `use_backend`, in their order.
    var routes: [Choice] = []
    /// `tcp-request inspect-delay`.
    var inspection: Duration?
    private var acl = HAProxyACL()
    private var bound: Set<Endpoint> = []
    private let tls: HAProxyTLSDefaults
    var remarks = ImportRemarks()

    /// `timeout NAME TIME`; nil: it says nothing.
    struct Times {
        var connect: Duration?
        var client: Duration?
        var server: Duration?
        var tunnel: Duration?
        var clientEnd: Duration?
        var serverEnd: Duration?
        var queue: Duration?
        var check: Duration?
    }

    /// `use_backend NAME if …`: any of the alternatives, of each all conditions.
    struct Choice {
        var route: Route
        var alternatives: [[RouteRule.Condition]]
    }

    init(name: String, place: String, _ tls: HAProxyTLSDefaults) {
        self.name = name
        self.place = place
        self.tls = tls
    }

    /// Lines that change nothing about how bytes are moved, here or there.
    private static let harmless: Set = [
        "description", "id", "retries", "log-tag", "unique-id-format", "log-format",
        "error-log-format", "log-format-sd", "hash-balance-factor", "guid",
    ]
    private static let harmlessOptions: Set = [
        "tcplog", "dontlognull", "dontlog-normal", "log-separate-errors", "logasap", "redispatch",
        "splice-auto", "splice-request", "splice-response", "tcp-smart-accept",
        "tcp-smart-connect", "socket-stats", "httplog", "http-server-close", "http-keep-alive",
        "forwardfor", "clitcpka", "srvtcpka", "tcpka", "log-health-checks", "abortonclose",
        "prefer-last-server", "allbackups",
    ]

    /// A line of `defaults` is reported once, where it stands.
    mutating func read(_ line: HAProxyLine, in hostEnvironment: HostEnvironment) {
        let text = line.text
        switch line[0] {
        case "mode":
            isTCP = line[1] == "tcp"
            modePlace = line.place
        case "bind": readBind(line, in: hostEnvironment)
        case "server": readServer(line, in: hostEnvironment)
        case "default-server": serverDefaults += line.words.dropFirst()
        case "balance": balance = line
        case "hash-type": isConsistent = line[1] == "consistent"
        case "timeout": readTimeout(line)
        case "contimeout": times.connect = time(line, 1)
        case "clitimeout": times.client = time(line, 1)
        case "srvtimeout": times.server = time(line, 1)
        case "maxconn": maxConnections = number(line, 1, 1...ValueReader.sessions.upperBound)
        case "backlog": backlog = number(line, 1, 1...65_535)
        case "default_backend": defaultBackend = Route(name: line[1], place: line.place)
        case "use_backend": readBackendChoice(line)
        case "use-server":
            remarks.drop(text, at: line.place, "not carried over: every client goes to the default")
        case "acl":
            if !acl.read(line) { remarks.drop(text, at: line.place) }
        case "tcp-request" where line[1] == "inspect-delay":
            inspection = time(line, 2)
        case "tcp-request" where Self.isWaiting(line):
            remarks.drop(text, at: line.place, "not needed")
        case "tcp-request", "tcp-response", "stick", "stick-table", "filter":
            remarks.drop(text, at: line.place)
        case "disabled": isDisabled = true
        case "enabled": isDisabled = false
        case "option", "no": readOption(line)
        case "tcp-check", "http-check": expects.append(line)
        case "log":
            remarks.drop(
                text, at: line.place, "write log: access: or log: error: for the whole daemon")
        case "fullconn", "source", "dispatch", "email-alert", "persist", "rate-limit":
            remarks.drop(text, at: line.place)
        case let word where Self.harmless.contains(word):
            remarks.drop(text, at: line.place, "not needed")
        case let word where word.hasPrefix("http-") || word == "errorfile" || word == "compression":
            remarks.drop(text, at: line.place, "HTTP is not parsed")
        default: remarks.drop(text, at: line.place)
        }
    }

    // MARK: Values

    private mutating func time(_ line: HAProxyLine, _ index: Int) -> Duration? {
        guard let duration = HAProxyTime.duration(line[index]) else {
            remarks.drop(line.text, at: line.place, "“\(line[index].prefix(40))” is not a duration")
            return nil
        }
        return duration
    }

    private mutating func number(
        _ line: HAProxyLine, _ index: Int, _ range: ClosedRange<Int>
    ) -> Int? {
        guard let number = Int(line[index]), range.contains(number) else {
            remarks.drop(line.text, at: line.place, "“\(line[index].prefix(40))” is out of range")
            return nil
        }
        return number
    }

    private mutating func readTimeout(_ line: HAProxyLine) {
        guard let time = time(line, 2) else { return }
        switch line[1] {
        case "connect": times.connect = time
        case "client": times.client = time
        case "server": times.server = time
        case "tunnel": times.tunnel = time
        case "client-fin": times.clientEnd = time
        case "server-fin": times.serverEnd = time
        case "queue": times.queue = time
        case "check": times.check = time
        default: remarks.drop(line.text, at: line.place)
        }
    }

    private mutating func readOption(_ line: HAProxyLine) {
        if line[0] == "no" {
            if line[1] != "option" { remarks.drop(line.text, at: line.place) }
            return
        }
        switch line[1] {
        case "tcp-check": probe = .exchange
        case "httpchk": probe = .http(line)
        case "redis-check": probe = .redis
        case "smtpchk": probe = .smtp
        case "mysql-check": probe = .mysql(user: line.value(behind: "user"))
        case "pgsql-check": probe = .postgres(user: line.value(behind: "user"))
        case "ssl-hello-chk", "ldap-check", "spop-check", "external-check":
            probe = .connect
            remarks.drop(
                line.text, at: line.place,
                "there is no such probe; channels are probed by connecting")
        case let word where Self.harmlessOptions.contains(word):
            remarks.drop(line.text, at: line.place, "not needed")
        default: remarks.drop(line.text, at: line.place)
        }
    }

    // MARK: use_backend

    private mutating func readBackendChoice(_ line: HAProxyLine) {
        let route = Route(name: line[1], place: line.place)
        let alternatives =
            line.words.count == 2
            ? [[]] : line[2] == "if" ? acl.alternatives(line.words.dropFirst(3)) : nil
        guard let alternatives, !line[1].contains("%[") else {
            return remarks.drop(
                line.text, at: line.place,
                "not carried over: its clients go where the other lines send them")
        }
        routes.append(Choice(route: route, alternatives: alternatives))
    }

    /// `tcp-request content accept if { req_ssl_hello_type 1 }`, which routes wait for by themselves.
    private static func isWaiting(_ line: HAProxyLine) -> Bool {
        line[1] == "content" && line[2] == "accept"
            && line.words.contains { $0.hasPrefix("req_ssl_") || $0.hasPrefix("req.ssl_") }
    }

    // MARK: bind

    private mutating func readBind(_ line: HAProxyLine, in hostEnvironment: HostEnvironment) {
        var bind = HAProxyBind(line, tls, in: hostEnvironment)
        let found = bind.listeners()
        for remark in bind.remarks.all { remarks.add(remark) }
        for listener in found where bound.insert(listener.endpoint).inserted {
            listeners.append(listener)
        }
    }

    // MARK: server

    private mutating func readServer(_ line: HAProxyLine, in hostEnvironment: HostEnvironment) {
        var server = HAProxyServer(line, tls, in: hostEnvironment)
        server.read(serverDefaults, silently: true)
        server.read(Array(line.words.dropFirst(3)), silently: false)
        for remark in server.remarks.all { remarks.add(remark) }
        servers.append(server)
    }
}

extension HAProxyLine {
    /// The word that follows another.
    func value(behind word: String) -> String? {
        guard let index = words.firstIndex(of: word), index + 1 < words.count else { return nil }
        return words[index + 1]
    }
}
