internal import Shared

/// What an nginx configuration means, as far as it relays TCP: a service for each `server` in `stream`.
struct NginxImport {
    private let directives: [NginxDirective]
    private let folder: String
    private let hostEnvironment: HostEnvironment
    private var upstreams: [String: NginxUpstream] = [:]
    /// By their variables, with the dollar.
    private var maps: [String: NginxMap] = [:]
    private var names = ImportNames()
    private var remarks = ImportRemarks()
    private var bound: Set<Endpoint> = []
    /// Lines that were taken, those outside with each server, and channels that came of it.
    private var spent = 0
    static let mostSpent = 1_000_000
    private(set) var configuration = Configuration()
    private(set) var options = RunOptions()

    init(
        _ directives: [NginxDirective], remarks: [ForeignRemark], below folder: String,
        in hostEnvironment: HostEnvironment
    ) {
        self.directives = directives
        (self.folder, self.hostEnvironment) = (folder, hostEnvironment)
        for remark in remarks { self.remarks.add(remark) }
    }

    var told: [ForeignRemark] { remarks.all }

    mutating func translate() throws(ImportError) {
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
            case ("error_log", nil): readErrorLog(directive)
            case ("http", _), ("mail", _):
                remarks.drop(directive.text, at: directive.place, "only “stream” is relayed")
            case ("worker_connections", _), ("events", _):
                remarks.drop(directive.text, at: directive.place, "see max-sessions")
            default: remarks.drop(directive.text, at: directive.place)
            }
        }
        guard !configuration.services.isEmpty else {
            throw ImportError(at: "", "no server of a stream block could be carried over")
        }
    }

    private mutating func readErrorLog(_ directive: NginxDirective) {
        if directive[1] == "stderr" { return }
        guard directive[1].hasPrefix("/") else {
            return remarks.drop(directive.text, at: directive.place, "write log: error:")
        }
        configuration.log.error.target = LogTarget(.file(directive[1]))
    }

    private mutating func translateStream(_ block: [NginxDirective]) throws(ImportError) {
        for directive in block where directive.name == "upstream" {
            var upstream = NginxUpstream(directive)
            upstream.translate()
            for remark in upstream.remarks.all { remarks.add(remark) }
            upstreams[directive[1]] = upstream
        }
        for directive in block where directive.name == "map" && NginxMap.isOne(directive) {
            let map = NginxMap(directive)
            for remark in map.remarks.all { remarks.add(remark) }
            maps[directive[2]] = map
        }
        let inherited = block.filter {
            $0.block == nil && NginxServer.inheritable.contains($0.name)
        }
        for directive in block {
            switch directive.name {
            case "upstream": break
            case "map" where NginxMap.isOne(directive): break
            case "server" where directive.block != nil:
                translateServer(directive, inherited)
                spent += inherited.count
                guard spent <= Self.mostSpent else {
                    throw ImportError(
                        at: directive.place,
                        "the file means more than \(Self.mostSpent) lines and servers, what stands outside counted with every server"
                    )
                }
            case let name where NginxServer.inheritable.contains(name): break
            default: remarks.drop(directive.text, at: directive.place)
            }
        }
    }

    private mutating func translateServer(
        _ directive: NginxDirective, _ inherited: [NginxDirective]
    ) {
        var server = NginxServer(
            place: directive.place, tls: NginxTLS(below: folder, in: hostEnvironment))
        let own = Set((directive.block ?? []).map(\.name))
        for line in inherited {
            // Certificates of a server are instead of those outside, not besides them.
            if !NginxTLS.known.contains(line.name) || !own.contains(line.name) { server.read(line) }
        }
        for line in directive.block ?? [] { server.read(line) }
        server.secure()
        for remark in server.remarks.all { remarks.add(remark) }
        guard !server.listeners.isEmpty else {
            return remarks.drop("server { … }", at: directive.place, "it listens nowhere")
        }
        guard let pass = server.pass else {
            return remarks.drop("server { … }", at: directive.place, "it has no proxy_pass")
        }
        var service = ServiceConfiguration(name: names.name(server.name(pass[1])))
        for var listener in server.listeners {
            if bound.contains(listener.endpoint) {
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
        service.timeouts.halfClosed = nil
        // What each group is of, by its name.
        var destinations: [String: String] = [:]
        if let map = maps[pass[1]] {
            destinations = route(by: map, from: server, in: &service)
        } else if let upstream = upstreams[pass[1]] {
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
        guard secure(&service, server, to: destinations, or: pass[1]) else { return }
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
        bound.formUnion(service.listeners.map(\.endpoint))
        spent += service.groups.reduce(0) { $0 + $1.channels.count }
    }
}

extension NginxImport {
    /// A group for each destination of a map, and rules that lead there.
    private mutating func route(
        by map: NginxMap, from server: NginxServer, in service: inout ServiceConfiguration
    ) -> [String: String] {
        var routes = ImportRoutes()
        service.grace = .zero
        for choice in map.choices.prefix(FileReader.mostRoutes) {
            if !routes.knows(choice.destination) {
                let found = groups(choice.destination, in: &service)
                routes.add(choice.destination, found, at: choice.place, &remarks)
            }
            routes.lead(to: choice.destination, where: [choice.conditions])
        }
        _ = routes.apply(to: &service)
        if let time = server.prereadTime {
            service.timeouts.clientHello = time.bounded(
                ValueReader.shortest...ValueReader.longestHold)
        }
        return routes.destinations
    }

    /// Those of an upstream, or one of an address alone.
    private func groups(
        _ destination: String, in service: inout ServiceConfiguration
    ) -> [GroupConfiguration] {
        if let upstream = upstreams[destination] {
            service.grace = max(service.grace, upstream.grace)
            service.health.failures = max(service.health.failures, upstream.failures)
            if upstream.hasLimits { service.limits.overload = .close }
            return upstream.groups
        }
        guard let channel = NginxUpstream.channel(destination, name: "0") else { return [] }
        return [GroupConfiguration(name: "main", channels: [channel])]
    }

    /// - Returns: whether its channels have the TLS that they are to have, which may be none.
    private mutating func secure(
        _ service: inout ServiceConfiguration, _ server: NginxServer,
        to destinations: [String: String], or destination: String
    ) -> Bool {
        var problem: String?
        for index in service.groups.indices {
            var reader = server.tls
            do throws(NginxTLS.Problem) {
                guard
                    let tls = try reader.channel(
                        to: destinations[service.groups[index].name] ?? destination)
                else { continue }
                let isUnix = service.groups[index].channels.contains { $0.endpoint.isUnix }
                if tls.verifies, tls.name == nil, isUnix {
                    problem = "a Unix socket has no name; add proxy_ssl_name"
                }
                service.groups[index].ownTLS = .yes(tls)
            } catch {
                problem = error.text
            }
            for remark in reader.remarks.all { remarks.add(remark) }
        }
        guard let problem else { return true }
        remarks.drop(
            "server { … }", at: server.place,
            "proxy_ssl: \(problem); it is left out, as it would be in the clear")
        return false
    }
}
