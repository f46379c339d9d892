internal import Shared

/// What an HAProxy configuration means, as far as it relays TCP: a service for each `frontend` and each
/// `listen`, with a group for the servers behind it and one for their backups.
struct HAProxyImport {
    private let file: HAProxyFile
    private let hostEnvironment: HostEnvironment
    private var names = ImportNames()
    /// The sections that `use_backend` and its like may name, the first of each name.
    private var backends: [String: HAProxySection] = [:]
    /// What each `defaults` comes to, by its index among the sections.
    private var defaults: [Int: HAProxyProxy] = [:]
    private var bound: Set<Endpoint> = []
    private var channelCount = 0
    private var remarks = ImportRemarks()
    private var tls = HAProxyTLSDefaults()
    private(set) var configuration = Configuration()
    private(set) var options = RunOptions()

    init(_ file: HAProxyFile, in hostEnvironment: HostEnvironment) {
        self.file = file
        self.hostEnvironment = hostEnvironment
        for remark in file.remarks { remarks.add(remark) }
        for section in file.sections where ["backend", "listen"].contains(section.kind) {
            if backends[section.name] == nil { backends[section.name] = section }
        }
    }

    /// A backend may stand behind every frontend, and its servers count with each.
    static let mostChannels = 100_000

    /// In the order of the file, as far as they have a place.
    var told: [ForeignRemark] { remarks.all }

    mutating func translate() throws(ImportError) {
        for line in file.sections.filter({ $0.kind == "global" }).flatMap(\.lines) {
            for word in tls.read(line).dropped {
                remarks.drop("\(line[0]) … \(word)", at: line.place)
            }
        }
        // Each line of a `defaults` section is reported once, not with every proxy that it counts for.
        for (index, section) in file.sections.enumerated() where section.kind == "defaults" {
            var proxy = HAProxyProxy(name: section.name, place: section.place, tls)
            for line in section.lines { proxy.read(line, in: hostEnvironment) }
            for remark in proxy.remarks.all { remarks.add(remark) }
            proxy.remarks = ImportRemarks()
            defaults[index] = proxy
        }
        for section in file.sections {
            switch section.kind {
            case "global": translateGlobal(section)
            case "frontend", "listen": translate(section)
            case "backend", "defaults": break
            default:
                remarks.drop("\(section.kind) \(section.name)", at: section.place)
            }
            guard channelCount <= Self.mostChannels else {
                throw ImportError(
                    at: section.place,
                    "the file means more than \(Self.mostChannels) servers, each backend counted with every frontend before it"
                )
            }
        }
        guard !configuration.services.isEmpty else {
            throw ImportError(
                at: "", "no frontend and no listen section with “mode tcp” could be carried over")
        }
    }

    private mutating func proxy(_ section: HAProxySection) -> HAProxyProxy {
        var proxy =
            section.defaults.flatMap { defaults[$0] }
            ?? HAProxyProxy(name: section.name, place: section.place, tls)
        (proxy.name, proxy.place) = (section.name, section.place)
        for line in section.lines { proxy.read(line, in: hostEnvironment) }
        for remark in proxy.remarks.all { remarks.add(remark) }
        return proxy
    }

    // MARK: Services

    private mutating func translate(_ section: HAProxySection) {
        let front = proxy(section)
        let shown = "\(section.kind) \(section.name)"
        guard front.isTCP else {
            return remarks.drop(
                shown, at: section.place, "mode http is not relayed; write “mode tcp”")
        }
        guard !front.isDisabled else {
            return remarks.drop(shown, at: section.place, "it is disabled")
        }
        guard !front.listeners.isEmpty else {
            return remarks.drop(shown, at: section.place, "nothing is bound")
        }
        let listed = section.kind == "listen" && !front.servers.isEmpty ? front : nil
        let usual = listed ?? front.defaultBackend.flatMap { backend($0) }
        let choices = front.routes.compactMap { choice in
            backend(choice.route).map { (choice, $0) }
        }
        guard let back = usual ?? choices.first?.1 else {
            let isSaid = front.defaultBackend != nil || !front.routes.isEmpty
            return remarks.drop(
                shown, at: section.place,
                isSaid ? "none of its backends can be carried over" : "it has no default_backend")
        }
        var service = ServiceConfiguration(name: names.name(front.name))
        service.listeners = listeners(of: front, in: &service)
        if choices.isEmpty {
            service.groups = groups(of: back, port: front.listeners.first?.endpoint, in: &service)
        } else {
            route(choices, otherwise: usual, from: front, in: &service)
        }
        guard !service.groups.isEmpty else {
            return remarks.drop(shown, at: section.place, "no server of it could be carried over")
        }
        setTimes(front, back, in: &service)
        if let inspection = front.inspection, !choices.isEmpty {
            service.timeouts.clientHello = inspection.bounded(
                ValueReader.shortest...ValueReader.longestHold)
        }
        configuration.services.append(service)
        bound.formUnion(service.listeners.map(\.endpoint))
        channelCount += service.groups.reduce(0) { $0 + $1.channels.count }
    }

    private mutating func backend(_ route: HAProxyProxy.Route) -> HAProxyProxy? {
        guard let found = backends[route.name] else {
            remarks.drop("backend \(route.name)", at: route.place, "there is no such backend")
            return nil
        }
        let back = proxy(found)
        guard back.isTCP else {
            remarks.drop("backend \(route.name)", at: route.place, "it is “mode http”")
            return nil
        }
        return back
    }

    /// A group for each backend, and rules that lead there.
    private mutating func route(
        _ choices: [(HAProxyProxy.Choice, HAProxyProxy)], otherwise usual: HAProxyProxy?,
        from front: HAProxyProxy, in service: inout ServiceConfiguration
    ) {
        var routes = ImportRoutes()
        for (back, alternatives) in choices.map({ ($1, $0.alternatives) })
            + (usual.map { [($0, [[]])] } ?? [])
        {
            if !routes.knows(back.name) {
                let found = groups(
                    of: back, port: front.listeners.first?.endpoint, in: &service)
                routes.add(back.name, found, at: back.place, &remarks)
            }
            routes.lead(to: back.name, where: alternatives)
            // Rules behind it are never reached.
            if alternatives.contains([]) { break }
        }
        if !routes.apply(to: &service) {
            remarks.drop(
                "use_backend", at: front.place, "more than \(FileReader.mostRoutes) rules")
        }
    }

    private mutating func listeners(
        of front: HAProxyProxy, in service: inout ServiceConfiguration
    ) -> [ListenerConfiguration] {
        var listeners: [ListenerConfiguration] = []
        for var listener in front.listeners {
            if bound.contains(listener.endpoint) {
                remarks.drop(
                    "bind \(listener.endpoint)", at: front.place, "it is bound by another section")
                continue
            }
            listener.name = String(listeners.count)
            if let backlog = front.backlog { listener.backlog = Int32(clamping: backlog) }
            listeners.append(listener)
        }
        if let most = front.maxConnections {
            if listeners.count == 1, listeners[0].maxSessions == nil {
                listeners[0].maxSessions = most
            } else {
                service.limits.maxSessions = most
                service.limits.overload = .queue
            }
        }
        return listeners
    }

    private mutating func groups(
        of back: HAProxyProxy, port: Endpoint?, in service: inout ServiceConfiguration
    ) -> [GroupConfiguration] {
        var defaultPort: UInt16?
        if case .ip(_, let port)? = port, port > 0 { defaultPort = port }
        var groups: [GroupConfiguration] = []
        for isBackup in [false, true] {
            let servers = back.servers.filter { $0.isBackup == isBackup }
            var group = GroupConfiguration(name: isBackup ? "backup" : "main")
            group.balance = balance(of: back)
            // HAProxy gives everything to the first backup that is up.
            if isBackup { group.balance = BalanceConfiguration(policy: .first) }
            var channelNames = ImportNames()
            for var server in servers {
                if let channel = server.channel(
                    name: channelNames.name(server.name), defaultPort: defaultPort)
                {
                    var channel = channel
                    if let source = server.source {
                        let address = source.split(separator: ":").first.flatMap { IPAddress($0) }
                        if let address, address != .anyV4, !channel.endpoint.isUnix {
                            channel.ownSource = .addresses([address])
                        } else {
                            remarks.drop(
                                "server \(server.name) … source \(source)", at: server.place)
                        }
                    }
                    let probe = server.probe(
                        back.probe, back.expects, timeout: back.times.check, &remarks)
                    channel.ownProbes = ProbeDraft(probes: probe.map { [$0] })
                    group.channels.append(channel)
                }
                for remark in server.remarks.all { remarks.add(remark) }
                if let slow = server.slowStart, !group.balance.policy.isByClient {
                    group.slowStart = max(group.slowStart ?? .zero, slow)
                        .bounded(ValueReader.shortest...ValueReader.longestHold)
                }
            }
            guard !group.channels.isEmpty else { continue }
            if group.channels.allSatisfy({ $0.weight == 0 }) {
                remarks.drop(
                    "weight 0", at: back.place, "no server of \(back.name) would get a session")
                continue
            }
            if group.channels.contains(where: { $0.maxc != nil }) {
                service.limits.overload = .queue
            }
            groups.append(group)
        }
        return groups
    }

    private mutating func balance(of back: HAProxyProxy) -> BalanceConfiguration {
        guard let line = back.balance else { return BalanceConfiguration() }
        switch line[1] {
        case "roundrobin", "static-rr": return BalanceConfiguration(policy: .roundRobin)
        case "leastconn": return BalanceConfiguration(policy: .leastConnections)
        case "first": return BalanceConfiguration(policy: .first)
        case "source":
            remarks.differ(
                at: line.place,
                "balance source: by the client's address, with other numbers than HAProxy's")
            return back.isConsistent
                ? BalanceConfiguration(policy: .sticky)
                : BalanceConfiguration(policy: .hash, failover: true)
        case let word where word.hasPrefix("random"):
            return BalanceConfiguration(policy: .randomTwoChoices)
        default:
            remarks.drop(line.text, at: line.place, "not carried over: in turn instead")
            return BalanceConfiguration()
        }
    }

    private mutating func setTimes(
        _ front: HAProxyProxy, _ back: HAProxyProxy, in service: inout ServiceConfiguration
    ) {
        let range = ValueReader.shortest...ValueReader.year
        if let connect = back.times.connect { service.timeouts.connect = connect.bounded(range) }
        let sides = [front.times.client, back.times.server].compactMap { $0 }.filter { $0 > .zero }
        let idle = back.times.tunnel ?? sides.min()
        if let idle, idle > .zero {
            service.timeouts.idle = idle.bounded(range)
            if back.times.tunnel == nil, Set(sides).count > 1 {
                remarks.differ(
                    at: front.place,
                    "timeout client and timeout server: both sides silent for the shorter of the two ends a session"
                )
            }
        }
        let ends = [front.times.clientEnd, back.times.serverEnd].compactMap { $0 }.filter {
            $0 > .zero
        }
        service.timeouts.halfClosed = ends.min()?.bounded(range)
        if service.limits.overload == .queue {
            service.limits.queueTimeout = (back.times.queue ?? back.times.connect ?? .seconds(10))
                .bounded(ValueReader.shortest...ValueReader.longestHold)
        }
    }

    // MARK: global

    private mutating func translateGlobal(_ section: HAProxySection) {
        var privileges = PrivilegesConfiguration()
        for line in section.lines {
            switch line[0] {
            case "maxconn":
                configuration.maxSessions = Int(line[1]).flatMap {
                    ValueReader.sessions.contains($0) ? $0 : nil
                }
            case "nbthread":
                configuration.workers = Int(line[1]).flatMap {
                    ValueReader.workers.contains($0) ? $0 : nil
                }
            case "user", "uid": privileges.user = line[1]
            case "group", "gid": privileges.group = line[1]
            case "chroot":
                if line[1].hasPrefix("/") { privileges.chroot = line[1] }
            case "daemon": options.isInBackground = true
            case "pidfile": options.pidFile = line[1]
            default:
                var defaults = HAProxyTLSDefaults()
                if !defaults.read(line).isKnown { remarks.drop(line.text, at: line.place) }
            }
        }
        privileges.keepsBind = privileges.user != nil
        configuration.privileges = privileges
        if privileges.chroot != nil {
            remarks.differ(at: section.place, "chroot: files are written below it")
        }
    }
}
