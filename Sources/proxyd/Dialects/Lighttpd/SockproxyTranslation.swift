internal import Shared

/// What a lighttpd configuration means as far as mod_sockproxy has to do with it: a service for each
/// `sockproxy.server`.
struct SockproxyTranslation {
    private let global: LighttpdScope
    private let sockets: [LighttpdSocket]
    private var told = ImportRemarks()
    var remarks: [ForeignRemark] { told.all }
    private var names: Set<String> = []
    private(set) var configuration = Configuration()
    private(set) var pidFile: String?

    private let absolute: (String) -> String
    private let isInForeground: Bool

    init(
        _ reader: LighttpdReader, absolute: @escaping (String) -> String = { $0 },
        isInForeground: Bool = true
    ) {
        (self.absolute, self.isInForeground) = (absolute, isInForeground)
        (global, sockets) = (reader.global, reader.sockets)
        for remark in reader.remarks { told.add(remark) }
    }

    mutating func translate() throws(LighttpdError) {
        try translateServices()
        try translateDaemon()
        reportUnusedDirectives()
    }

    private mutating func remark(
        _ kind: ForeignRemark.Kind, at place: String? = nil, _ text: String
    ) {
        told.add(ForeignRemark(kind, at: place, text))
    }

    // MARK: Services

    private mutating func translateServices() throws(LighttpdError) {
        if let modules = global["server.modules"]?.value.entries,
            !modules.contains(where: { $0.value.text == "mod_sockproxy" })
        {
            remark(
                .suspicious, at: global["server.modules"]?.place,
                "server.modules does not load mod_sockproxy; it is taken as if it did")
        }
        // Sockets that say nothing themselves share what stands outside, and its balancing.
        var shared: [ListenerConfiguration] = []
        if global["sockproxy.server"] != nil {
            shared += try listeners(at: try mainAddress(), scope: [:], place: "")
        } else {
            remark(
                .ignored,
                "the web server at \(try mainAddress()) is not there: nothing but sockproxy is served"
            )
        }
        for socket in sockets {
            let listeners = try listeners(
                at: socket.address, scope: socket.scope, place: socket.place)
            if let server = socket.scope["sockproxy.server"] {
                try addService(server, listeners, socket.scope)
            } else if global["sockproxy.server"] == nil {
                remark(
                    .ignored, at: socket.place,
                    "\(socket.address) has no sockproxy.server, and is not listened on")
            } else {
                shared += listeners
            }
        }
        if let server = global["sockproxy.server"] {
            try addService(server, shared, [:], isFirst: true)
        }
        guard !configuration.services.isEmpty else {
            throw LighttpdError(at: "", "there is no sockproxy.server, so there is nothing to do")
        }
    }

    private mutating func addService(
        _ server: LighttpdSetting, _ listeners: [ListenerConfiguration], _ scope: LighttpdScope,
        isFirst: Bool = false
    ) throws(LighttpdError) {
        var reader = SockproxyServerReader(place: server.place)
        let hosts = try reader.server(server.value).hosts
        for remark in reader.remarks { told.add(remark) }
        var service = ServiceConfiguration(name: name(for: listeners))
        service.listeners = listeners.enumerated().map { index, listener in
            var listener = listener
            listener.name = String(index)
            return listener
        }
        var group = GroupConfiguration(name: "0")
        group.balance = balance(scope["sockproxy.balance"] ?? global["sockproxy.balance"])
        group.channels = hosts.enumerated().map { index, host in
            var channel = ChannelConfiguration(name: String(index), endpoint: host.endpoint)
            channel.label = host.label
            return channel
        }
        service.groups = [group]
        setTimes(of: hosts, at: server.place, in: &service)
        names.insert(service.name)
        if isFirst {
            configuration.services.insert(service, at: 0)
        } else {
            configuration.services.append(service)
        }
    }

    /// What listeners are called by where they are: `127.0.0.1-2222`.
    private func name(for listeners: [ListenerConfiguration]) -> String {
        let text = listeners.first.map { "\($0.endpoint)" } ?? ""
        let plain = text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }
        let word = String(plain.suffix(60).drop { $0 == "-" })
        let isTaken = names.contains(word)
        return word.isEmpty || isTaken ? "socket\(configuration.services.count)" : word
    }

    private mutating func balance(_ setting: LighttpdSetting?) -> BalanceConfiguration {
        guard let setting else { return BalanceConfiguration(policy: .leastConnections) }
        switch setting.value.text {
        case "fair", "least-connection":
            return BalanceConfiguration(policy: .leastConnections)
        case "round-robin": return BalanceConfiguration(policy: .roundRobin)
        case "sticky": return BalanceConfiguration(policy: .sticky, function: .lighttpd)
        case "hash":
            remark(
                .differs, at: setting.place,
                "hash sends every client to the same host, as there is nothing to tell them apart; sticky goes by the client"
            )
            return BalanceConfiguration(policy: .hash, function: .lighttpd)
        default:
            remark(
                .suspicious, at: setting.place,
                "sockproxy.balance has to be one of: fair, least-connection, round-robin, hash, sticky, "
                    + "but not: \(setting.value.text ?? setting.value.shown)")
            return BalanceConfiguration(policy: .leastConnections)
        }
    }

    private mutating func setTimes(
        of hosts: [SockproxyHost], at place: String, in service: inout ServiceConfiguration
    ) {
        func differs(_ value: (SockproxyHost) -> Int) -> Bool { Set(hosts.map(value)).count > 1 }
        let disable = hosts.map(\.disableTime).max() ?? 1
        service.grace = .seconds(disable)
        service.health.graceMax = .seconds(max(1, disable))
        if differs(\.disableTime) {
            remark(
                .differs, at: place,
                "disable-time is \(disable) s for all these hosts, the longest of theirs")
        }
        let timeouts = hosts.map { $0.connectTimeout == 0 ? Self.kernelTimeout : $0.connectTimeout }
        let connect = timeouts.max() ?? 8
        service.timeouts.connect = .seconds(connect)
        // Lighttpd releases the slot within a few seconds of the client's end.
        service.timeouts.halfClosed = .seconds(4)
        service.settings.tryAllChannels()
        if differs(\.connectTimeout) {
            remark(
                .differs, at: place,
                "connect-timeout is \(connect) s for all these hosts, the longest of theirs")
        }
        service.timeouts.idle = idle(besides: hosts, at: place)
        if let write = seconds("server.max-write-idle") {
            service.timeouts.deadPeer = write > 0 ? .seconds(min(write, Self.longestDeadPeer)) : nil
        }
    }

    /// What Linux takes to give a connect up (tcp(7), tcp_syn_retries).
    private static let kernelTimeout = 127
    private static let longestDeadPeer = 24 * 86_400

    private mutating func idle(besides hosts: [SockproxyHost], at place: String) -> Duration? {
        var seconds = self.seconds("server.max-read-idle") ?? 60
        let own = hosts.flatMap { [$0.readTimeout, $0.writeTimeout] }.filter { $0 > 0 }
        if let least = own.min() {
            remark(
                .differs, at: place,
                "read-timeout and write-timeout: nothing moving for \(least) s either way ends a session"
            )
            seconds = seconds == 0 ? least : min(seconds, least)
        }
        return seconds == 0 ? nil : .seconds(seconds)
    }

    private mutating func seconds(_ name: String) -> Int? {
        guard let setting = global[name] else { return nil }
        guard let number = setting.value.number, (0...31_536_000).contains(number) else {
            remark(
                .suspicious, at: setting.place,
                "\(name) is \(setting.value.shown), which is not a number of seconds")
            return nil
        }
        return number
    }

    // MARK: Listeners

    private func mainAddress() throws(LighttpdError) -> String {
        let bind = global["server.bind"]?.value.text ?? ""
        let port = global["server.port"]?.value.number ?? 80
        if bind.hasPrefix("/") { return bind }
        let isBare = bind.contains(":") && !bind.hasPrefix("[")
        return (isBare ? "[\(bind)]" : bind) + ":\(port)"
    }

    private mutating func listeners(
        at address: String, scope: LighttpdScope, place: String
    ) throws(LighttpdError) -> [ListenerConfiguration] {
        var endpoints: [Endpoint] = []
        do throws(ValueError) {
            var text = address
            if text.hasPrefix(":") { text = "*" + text }
            if text.hasPrefix("unix:") || text.hasPrefix("/") {
                text = "unix:" + (text.hasPrefix("/") ? text : String(text.dropFirst(5)))
            } else if !text.hasSuffix("]"), text.contains(":") {
                // As it is.
            } else {
                text += ":\(global["server.port"]?.value.number ?? 80)"
            }
            endpoints = [try EndpointReader.listener(text)]
        } catch {
            throw LighttpdError(at: place, "\(error.problem); \(error.remedy)")
        }
        let isV6Only = (scope["server.set-v6only"] ?? global["server.set-v6only"])?.value
        if case .ip(.anyV6, let port)? = endpoints.first, isV6Only.map({ !$0.isEnabled }) ?? false {
            endpoints.append(.ip(.anyV4, port: port))
        }
        var ssl = LighttpdTLS(scope: scope, global: global)
        let tls = try ssl.configuration()
        for remark in ssl.remarks { self.remark(remark.kind, at: remark.place, remark.text) }
        let backlog = (scope["server.listen-backlog"] ?? global["server.listen-backlog"])?.value
            .number
        return endpoints.enumerated().map { index, endpoint in
            var listener = ListenerConfiguration(name: String(index), endpoint: endpoint)
            listener.backlog = Int32(clamping: min(max(1, backlog ?? 1024), 65_535))
            listener.tls = tls
            return listener
        }
    }

    // MARK: The daemon

    private mutating func translateDaemon() throws(LighttpdError) {
        pidFile = global["server.pid-file"]?.value.text
        if let limit = global["server.max-connections"]?.value.number, limit > 0 {
            configuration.maxSessions = min(limit, ValueReader.sessions.upperBound)
        }
        if let workers = global["server.max-worker"]?.value.number, workers > 0 {
            configuration.workers = min(workers, ValueReader.workers.upperBound)
            remark(
                .differs, at: global["server.max-worker"]?.place,
                "server.max-worker: threads, not processes")
        }
        var privileges = PrivilegesConfiguration()
        privileges.user = try account("server.username", ValueReader.user)
        privileges.group = try account("server.groupname", ValueReader.unixGroup)
        if let setting = global["server.chroot"] {
            guard let chroot = setting.value.text, chroot.hasPrefix("/") else {
                throw LighttpdError(
                    at: setting.place,
                    "server.chroot is \(setting.value.shown); write the whole path of a directory")
            }
            privileges.chroot = chroot
        }
        privileges.keepsBind = privileges.user != nil
        configuration.privileges = privileges
        var error = ErrorLogConfiguration()
        if let setting = global["server.errorlog"] { error.target = try errorLog(setting) }
        if let syslog = global["server.errorlog-use-syslog"], syslog.value.isEnabled {
            error.target = LogTarget(.syslog)
            error.target.ident = "lighttpd"
            if let word = global["server.syslog-facility"]?.value.text {
                error.target.facility = SyslogFacility(rawValue: word) ?? .daemon
            }
        }
        configuration.log.error = error
    }

    /// A file, or where no file is named what is read in its place.
    private mutating func errorLog(_ setting: LighttpdSetting) throws(LighttpdError) -> LogTarget {
        guard let file = setting.value.text else {
            throw LighttpdError(
                at: setting.place,
                "server.errorlog is \(setting.value.shown); write the path of a file")
        }
        // As there: who says nothing writes to standard error.
        guard !file.isEmpty else { return LogTarget(.standardError) }
        guard file.hasPrefix("|") else { return LogTarget(.file(absolute(file))) }
        let place = isInForeground ? "standard error" : "syslog"
        remark(
            .differs, at: setting.place,
            "server.errorlog: no program is started for the log, it goes to \(place)")
        guard !isInForeground else { return LogTarget(.standardError) }
        var target = LogTarget(.syslog)
        target.ident = "lighttpd"
        return target
    }

    private func account(
        _ name: String, _ read: (String, String) throws(ValueError) -> String
    ) throws(LighttpdError) -> String? {
        guard let setting = global[name] else { return nil }
        do throws(ValueError) {
            return try read(setting.value.text ?? setting.value.shown, name)
        } catch {
            throw LighttpdError(at: setting.place, "\(name): \(error.problem); \(error.remedy)")
        }
    }

    // MARK: The rest

    private static let known: Set = [
        "server.modules", "server.port", "server.bind", "server.pid-file", "server.max-connections",
        "server.max-worker", "server.username", "server.groupname", "server.chroot",
        "server.errorlog", "server.errorlog-use-syslog", "server.syslog-facility",
        "server.max-read-idle", "server.max-write-idle", "server.listen-backlog",
        "server.set-v6only", "sockproxy.server", "sockproxy.balance",
    ]

    /// Directives that are nothing to us, each once.
    private mutating func reportUnusedDirectives() {
        for scope in [global] + sockets.map(\.scope) {
            for (name, setting) in scope.sorted(by: { $0.key < $1.key })
            where !Self.known.contains(name) && !name.hasPrefix("var.")
                && !LighttpdTLS.known.contains(name)
            {
                switch name {
                case "sockproxy.debug":
                    if setting.value.number ?? 0 > 0 {
                        remark(
                            .differs, at: setting.place,
                            "sockproxy.debug: see “proxyd ctl help debug”")
                    }
                case "server.max-request-size":
                    remark(
                        .ignored, at: setting.place,
                        "\(name): the bytes of a connection are not limited")
                case "server.max-fds":
                    remark(
                        .ignored, at: setting.place,
                        "\(name): as many descriptors are used as the system allows")
                case let name where name.hasPrefix("sockproxy."):
                    remark(.suspicious, at: setting.place, "\(name) is unknown")
                default:
                    remark(
                        .ignored, at: setting.place,
                        "\(name) is of the web server, and has no effect")
                }
            }
        }
    }
}
