internal import Shared

/// What a tcprelay configuration means: one service with one group.
struct TcprelayTranslation {
    let settings: TcprelaySettings
    let hostEnvironment: HostEnvironment
    private(set) var remarks: [ForeignRemark]

    init(_ settings: TcprelaySettings, in hostEnvironment: HostEnvironment) {
        self.settings = settings
        self.hostEnvironment = hostEnvironment
        remarks = settings.remarks
    }

    static let serviceName = "tcprelay"

    mutating func configuration() throws(TcprelayError) -> Configuration {
        var service = ServiceConfiguration(name: Self.serviceName)
        service.listeners = try listeners()
        reportTLS()
        guard !service.listeners.isEmpty else {
            throw TcprelayError(at: "", "FATAL: No listeners defined.", status: .system)
        }
        service.groups = [try group()]
        service.access = access()
        limit(&service)
        // Tcprelay ends both directions with the first; a reply may still come here, but does not keep the slot.
        service.timeouts.halfClosed = .seconds(4)
        service.settings.tryAllChannels()
        if let idle = settings.relay.idleTimeout, idle.value > 0 {
            service.timeouts.idle = .seconds(min(idle.value, Self.longestIdle))
            if idle.value > Self.longestIdle {
                remark(.differs, at: idle.place, "idle timeout: a year is the longest there is")
            }
        }
        var configuration = Configuration()
        configuration.services = [service]
        configuration.privileges = try privileges()
        return configuration
    }

    static let longestIdle = 365 * 86_400

    mutating func remark(_ kind: ForeignRemark.Kind, at place: String? = nil, _ text: String) {
        remarks.append(ForeignRemark(kind, at: place, text))
    }

    // MARK: Limits

    private mutating func limit(_ service: inout ServiceConfiguration) {
        let spawnd = settings.spawnd
        let overload = spawnd.overload?.value ?? .queue
        switch overload {
        case .queue:
            service.limits.overload = .queue
            service.limits.queueSize = Self.longestQueue
            service.limits.queueTimeout = .seconds(86_400)
        case .close: service.limits.overload = .close
        case .reset: service.limits.overload = .refuse
        }
        if let limit = settings.relay.retireLimit {
            remark(
                .ignored, at: limit.place,
                "retire limit has no effect: no worker process ages, and none is replaced")
        }
        guard spawnd.usersMax != nil || spawnd.instancesMax != nil else {
            if spawnd.overload == nil { service.limits = ServiceLimits() }
            return remark(
                .differs,
                "no limit of connections is configured; the original has one of 480 (60 users × 8 instances)"
            )
        }
        guard !spawnd.isSingleProcess else {
            return remark(
                .differs,
                "users max and instances max are for workers, and with “single process” there are none"
            )
        }
        let users = spawnd.usersMax?.value ?? Self.standardUsers
        let instances = spawnd.instancesMax?.value ?? Self.standardInstances
        let product = users.multipliedReportingOverflow(by: instances)
        service.limits.maxSessions = min(
            product.overflow ? Int.max : product.partialValue, ValueReader.sessions.upperBound)
        remark(
            .differs,
            "\(users) users × \(instances) instances are a limit of \(service.limits.maxSessions ?? 0) "
                + "sessions for the whole daemon: it has threads, not worker processes")
    }

    static let standardUsers = 60
    static let standardInstances = 8
    /// Each of those who wait has a descriptor.
    private static let longestQueue = 65_536

    // MARK: Privileges

    private mutating func privileges() throws(TcprelayError) -> PrivilegesConfiguration {
        var privileges = PrivilegesConfiguration()
        privileges.user = try settings.spawnd.user.map { value throws(TcprelayError) in
            try Self.account(value, ValueReader.user)
        }
        privileges.group = try settings.spawnd.group.map { value throws(TcprelayError) in
            try Self.account(value, ValueReader.unixGroup)
        }
        if privileges.isAsked {
            privileges.keepsBind = true
            remark(
                .differs,
                "userid and groupid are for the whole daemon, as there are no workers; it keeps the right to bind low ports"
            )
        }
        return privileges
    }

    static func account(
        _ value: TcprelayValue<String>, _ read: (String, String) throws(ValueError) -> String
    ) throws(TcprelayError) -> String {
        do throws(ValueError) {
            return try read(value.value, "it")
        } catch {
            throw TcprelayError(at: value.place, "\(error.problem); \(error.remedy)")
        }
    }

    // MARK: Remotes

    private mutating func group() throws(TcprelayError) -> GroupConfiguration {
        var group = GroupConfiguration(name: "0")
        group.balance.policy = .leastConnections
        if let rebalance = settings.relay.rebalance, rebalance.value > 0 {
            group.rebalance = min(rebalance.value, 1_000_000)
        }
        if let local = settings.relay.localAddress {
            guard let address = IPAddress(local.value), address != .anyV4, address != .anyV6 else {
                throw TcprelayError(
                    at: local.place,
                    "Expected an IP address of this machine, but got '\(local.value.prefix(80))'.")
            }
            group.ownSource = .addresses([address])
        }
        guard !settings.relay.remotes.isEmpty else {
            throw TcprelayError(at: "", "No remote services defined! Exiting.", status: .usage)
        }
        for remote in settings.relay.remotes {
            let endpoint = try endpoint(of: remote)
            guard !endpoint.isAnyPort else {
                remark(.differs, at: remote.place, "port = 0 can never be reached; it is left out")
                continue
            }
            if let local = settings.relay.localAddress, !endpoint.isReachable(from: local.value) {
                throw TcprelayError(
                    at: local.place,
                    "Expected an address of the family of \(endpoint), but got '\(local.value)'.")
            }
            var channel = ChannelConfiguration(
                name: String(group.channels.count), endpoint: endpoint)
            let weight = remote.weight?.value ?? 1
            channel.weight = min(max(1, weight), ValueReader.weights.upperBound)
            if let weight = remote.weight, channel.weight != weight.value {
                remark(
                    .differs, at: weight.place,
                    "weight = \(weight.value) counts as \(channel.weight)")
            }
            group.channels.append(channel)
        }
        group.mayBeEmpty = group.channels.isEmpty
        return group
    }

    private func endpoint(of remote: TcprelayRemote) throws(TcprelayError) -> Endpoint {
        if let place = remote.isSCTP { throw Self.noSCTP(at: place) }
        guard let address = remote.address else {
            throw TcprelayError(
                at: remote.place, "Expected 'address' in this remote, but got none.")
        }
        if let path = Self.unixPath(address.value) {
            guard case .unix? = try? Endpoint("unix:\(path)") else {
                throw TcprelayError(
                    at: address.place,
                    "Expected a Unix socket's path, but got '\(path.prefix(120))'.")
            }
            return .unix(path: path)
        }
        var text = address.value
        for prefix in ["inet6:", "inet:"] where text.hasPrefix(prefix) {
            text = String(text.dropFirst(prefix.count))
            break
        }
        let port = try remote.port.map { value throws(TcprelayError) in
            try number(of: value)
        }
        let found: Endpoint?
        if let literal = IPAddress(text) {
            found = port.map { .ip(literal, port: $0) }
            guard found != nil else {
                throw TcprelayError(
                    at: remote.place, "Expected 'port' in this remote, but got none.")
            }
        } else {
            found = try? Endpoint(text, defaultPort: port)
        }
        guard case .ip(let host, let port)? = found, host != .anyV4, host != .anyV6 else {
            throw TcprelayError(
                at: address.place,
                "Expected an IP address, but got '\(address.value.prefix(80))'.")
        }
        return .ip(host, port: port)
    }

    private static func unixPath(_ text: String) -> String? {
        if text.hasPrefix("/") { return text }
        return text.hasPrefix("unix:") ? String(text.dropFirst(5)) : nil
    }

    /// A number, or a service's name.
    func number(of port: TcprelayValue<String>) throws(TcprelayError) -> UInt16 {
        let isNumber = port.value.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let number = isNumber ? UInt16(port.value) : hostEnvironment.port(port.value)
        guard let number else {
            throw TcprelayError(
                at: port.place,
                "Expected a port, or the name of a service, but got '\(port.value.prefix(80))'.")
        }
        return number
    }

    static func noSCTP(at place: String) -> TcprelayError {
        TcprelayError(
            at: place, "Expected 'TCP', but got 'SCTP', which is not available in this version.")
    }
}

extension Endpoint {
    /// Sockets of the file system have no source address.
    fileprivate func isReachable(from source: String) -> Bool {
        guard case .ip(let address, _) = self, let source = IPAddress(source) else { return true }
        return switch (address, source) {
        case (.v4, .v4), (.v6, .v6): true
        default: false
        }
    }
}
