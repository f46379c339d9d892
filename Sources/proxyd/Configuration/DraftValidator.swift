internal import Shared

/// The rules that hold between values: names, addresses, and that nothing is missing. The same for
/// the file and the command line.
struct DraftValidator {
    var mistakes: Diagnostics
    /// Where each address is listened on already.
    private var listened: [Endpoint: Place] = [:]

    init(mistakes: Diagnostics) { self.mistakes = mistakes }

    mutating func configuration(
        from draft: ConfigurationDraft
    ) throws(ConfigurationErrors) -> Configuration {
        var configuration = Configuration(
            control: draft.control, metrics: draft.metrics, privileges: draft.privileges,
            log: draft.log, stateFile: draft.stateFile, workers: draft.workers,
            maxSessions: draft.maxSessions)
        if let services = draft.services {
            if services.isEmpty {
                mistakes.add("there is no service", "add one under “services”", at: draft.place)
            }
            let names = names(of: services.map(\.name), as: "services of this daemon")
            for (service, name) in zip(services, names) {
                configuration.services.append(self.service(service, name: name))
            }
            checkRoutes(of: services, names)
        }
        guard mistakes.isEmpty else { throw mistakes.errors }
        return configuration
    }

    /// What a route names has to be there, and a rule that nobody reaches is a slip.
    private mutating func checkRoutes(of services: [ServiceDraft], _ names: [String]) {
        for service in services {
            let groups = self.groupNames(of: service)
            for listener in service.listeners ?? [] {
                for (index, rule) in listener.route.enumerated() {
                    switch rule.value.target {
                    case .group(let name) where !groups.contains(name):
                        mistakes.add(
                            "“route” leads to group “\(name)”, which the service does not have",
                            NearestWord.nearest(to: name, among: groups).map {
                                "did you mean “\($0)”?"
                            } ?? "name one of its groups, or write service: \(name)",
                            at: rule.place)
                    case .service(let name) where !names.contains(name):
                        mistakes.add(
                            "“route” leads to service “\(name)”, which there is not",
                            NearestWord.nearest(to: name, among: names).map {
                                "did you mean “\($0)”?"
                            } ?? "add the service, or name another", at: rule.place)
                    case .group, .service: break
                    }
                    if rule.value.conditions.isEmpty, index < listener.route.count - 1 {
                        mistakes.add(
                            "this rule of “route” fits everybody, so those below it are never used",
                            "make it the last one", at: rule.place)
                    }
                }
            }
        }
    }

    private func groupNames(of service: ServiceDraft) -> [String] {
        (service.groups ?? []).enumerated().map { $1.name?.value ?? String($0) }
    }

    private mutating func service(_ draft: ServiceDraft, name: String) -> ServiceConfiguration {
        var service = ServiceConfiguration(
            name: name, timeouts: draft.timeouts, grace: draft.grace,
            resolve: draft.resolve, health: draft.health,
            limits: draft.limits, access: draft.access, ownSource: draft.source,
            whenEmpty: draft.whenEmpty, onRemove: draft.onRemove, ownProbes: draft.probes)
        if let listeners = draft.listeners {
            if listeners.isEmpty {
                mistakes.add(
                    "the service listens nowhere", "add an address under “listen”", at: draft.place)
            }
            let names = names(of: listeners.map(\.name), as: "listeners of this service")
            for (listener, name) in zip(listeners, names) {
                if let listener = self.listener(listener, name: name) {
                    service.listeners.append(listener)
                }
            }
        }
        if let groups = draft.groups {
            if groups.isEmpty {
                mistakes.add(
                    "the service has no group of channels",
                    "add one under “groups”, or its channels under “channels”", at: draft.place)
            }
            let names = names(of: groups.map(\.name), as: "groups of this service")
            for (group, name) in zip(groups, names) {
                service.groups.append(
                    self.group(group, name: name, probes: draft.probes, source: draft.source))
            }
        }
        return service
    }

    private mutating func listener(
        _ draft: ListenerDraft, name: String
    ) -> ListenerConfiguration? {
        guard let endpoint = draft.endpoint else { return nil }
        let ofUnix = [
            ("mode", draft.mode != nil), ("user", draft.user != nil), ("group", draft.group != nil),
        ]
        for (key, isGiven) in ofUnix where isGiven && !endpoint.isUnix {
            mistakes.add(
                "“\(key)” is for Unix sockets, and \(endpoint) is none", "remove it",
                at: draft.place)
        }
        if !endpoint.isEphemeral {
            if let first = listened[endpoint] {
                mistakes.add(
                    "\(endpoint) is listened on twice", "it was taken at \(first.text); keep one",
                    at: draft.place)
            } else {
                listened[endpoint] = draft.place
            }
        }
        var listener = ListenerConfiguration(name: name, endpoint: endpoint)
        listener.mode = draft.mode ?? listener.mode
        listener.user = draft.user
        listener.group = draft.group
        listener.onBindFailure = draft.onBindFailure
        listener.whenEmpty = draft.whenEmpty
        listener.backlog = draft.backlog ?? listener.backlog
        listener.maxSessions = draft.maxSessions
        listener.rate = draft.rate
        listener.access = draft.access
        listener.waitForBytes = draft.waitForBytes
        listener.socket = draft.socket
        listener.proxyProtocol = draft.proxyProtocol
        listener.tls = draft.tls
        listener.route = draft.route.map(\.value)
        if draft.socket != nil, endpoint.isUnix {
            mistakes.add(
                "“socket” has options of TCP, and \(endpoint) is a Unix socket", "remove it",
                at: draft.place)
        }
        return listener
    }

    private mutating func group(
        _ draft: GroupDraft, name: String, probes: ProbeDraft, source: ConnectionSource?
    ) -> GroupConfiguration {
        var group = GroupConfiguration(name: name, balance: draft.balance)
        group.ownProbes = draft.probes
        (group.ownSource, group.ownSocket) = (draft.source, draft.socket)
        group.ownProxyProtocol = draft.proxyProtocol
        group.ownTLS = draft.tls
        let probes = draft.probes.inheriting(from: probes)
        group.maxSessions = draft.maxSessions
        group.slowStart = draft.slowStart
        group.rebalance = draft.rebalance
        group.election = draft.election?.value ?? group.election
        if let election = draft.election, draft.balance.policy != .primary {
            mistakes.add(
                "“election” is for groups with “balance: primary”",
                "add that to the group, or remove the election", at: election.place)
        }
        if draft.slowStart != nil, draft.balance.policy.isByClient {
            mistakes.add(
                "“slow-start” has no effect with \(draft.balance.policy.rawValue), which sends each "
                    + "client to its own channel", "remove it, or choose another policy",
                at: draft.place)
        }
        group.mayBeEmpty = draft.mayBeEmpty
        guard let channels = draft.channels else { return group }
        if channels.isEmpty {
            guard !draft.mayBeEmpty else { return group }
            mistakes.add("the group is empty", "give it a channel", at: draft.place)
        } else if channels.allSatisfy({ $0.weight == 0 }) {
            mistakes.add(
                "no channel of the group has a weight above zero, so none would get a session",
                "give one of them a weight of 1 or more", at: draft.place)
        }
        let names = names(of: channels.map(\.name), as: "channels of this group")
        for (channel, name) in zip(channels, names) {
            guard let endpoint = channel.endpoint else { continue }
            let departure = channel.source ?? draft.source ?? source
            check(departure, of: channel, at: endpoint)
            let tls = (channel.tls ?? draft.tls)?.configuration
            check(tls, of: channel, at: endpoint)
            group.channels.append(
                ChannelConfiguration(
                    name: name, endpoint: endpoint, weight: channel.weight, maxc: channel.maxc,
                    label: channel.label, isEnabled: channel.isEnabled,
                    probes: channel.probes.inheriting(from: probes).plan,
                    ownProbes: channel.probes, source: endpoint.isUnix ? nil : departure,
                    socket: endpoint.isUnix ? nil : channel.socket ?? draft.socket,
                    proxyProtocol: (channel.proxyProtocol ?? draft.proxyProtocol)?.form,
                    tls: tls, ownSource: channel.source, ownSocket: channel.socket,
                    ownProxyProtocol: channel.proxyProtocol, ownTLS: channel.tls))
        }
        return group
    }

    /// A source of the other family leads nowhere, and a Unix socket has none.
    private mutating func check(
        _ source: ConnectionSource?, of channel: ChannelDraft, at endpoint: Endpoint
    ) {
        if endpoint.isUnix, channel.source != nil || channel.socket != nil {
            mistakes.add(
                "\(endpoint) is a Unix socket, which has neither “source” nor “socket”",
                "remove them", at: channel.place)
        }
        guard case .ip(let address, _) = endpoint, case .addresses(let sources)? = source,
            !sources.contains(where: { $0.isV4 == address.isV4 })
        else { return }
        mistakes.add(
            "no address of “source” is of the family of \(endpoint)",
            address.isV4 ? "add an IPv4 address" : "add an IPv6 address", at: channel.place)
    }

    /// A Unix socket's path is no name that a certificate could be for.
    private mutating func check(
        _ tls: TLSChannelConfiguration?, of channel: ChannelDraft, at endpoint: Endpoint
    ) {
        guard let tls, endpoint.isUnix, tls.verifies, tls.name == nil else { return }
        mistakes.add(
            "\(endpoint) has no name that its certificate could be for",
            "add “name” to its “tls”, or verify: no", at: channel.place)
    }

    /// Every sibling's name, its index where none was given.
    private mutating func names(of siblings: [Placed<String>?], as noun: String) -> [String] {
        var first: [String: Place] = [:]
        return siblings.enumerated().map { index, given in
            guard let given else { return String(index) }
            do throws(ValueError) {
                let name = try ValueReader.name(given.value)
                if let place = first[name] {
                    mistakes.add(
                        "two of the \(noun) are called “\(name)”",
                        "the first is at \(place.text); give one of them another name",
                        at: given.place)
                } else {
                    first[name] = given.place
                }
                return name
            } catch {
                mistakes.add(error, at: given.place)
                return String(index)
            }
        }
    }
}

extension Endpoint {
    /// Whether the kernel chooses the port, so that several may be asked for.
    fileprivate var isEphemeral: Bool {
        switch self {
        case .ip(_, let port), .name(_, let port): port == 0
        case .unix: false
        }
    }
}
