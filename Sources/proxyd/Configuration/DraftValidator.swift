internal import Shared

/// The rules that hold between values: names, addresses, and that nothing is missing. The same for
/// the file and the command line.
struct DraftValidator {
    var diagnostics: Diagnostics
    /// Where each address is listened on already.
    private var listened: [Endpoint: Place] = [:]

    init(diagnostics: Diagnostics) { self.diagnostics = diagnostics }

    mutating func configuration(
        from draft: ConfigurationDraft
    ) throws(ConfigurationErrors) -> Configuration {
        var configuration = Configuration(settings: draft.settings)
        if let services = draft.services {
            if services.isEmpty {
                diagnostics.add("there is no service", "add one under “services”", at: draft.place)
            }
            let names = names(of: services.map(\.name), as: "services of this daemon")
            for (service, name) in zip(services, names) {
                configuration.services.append(self.service(service, name: name))
            }
            checkRoutes(of: services, names)
        }
        guard diagnostics.isEmpty else { throw diagnostics.errors }
        return configuration
    }

    /// What a route names has to exist, and every rule has to be reachable.
    private mutating func checkRoutes(of services: [ServiceDraft], _ names: [String]) {
        for service in services {
            let groups = self.groupNames(of: service)
            for listener in service.listeners ?? [] {
                for (index, rule) in listener.settings.route.enumerated() {
                    let place = listener.routePlaces[index]
                    switch rule.target {
                    case .group(let name) where !groups.contains(name):
                        diagnostics.add(
                            "“route” leads to group “\(name)”, which the service does not have",
                            NearestWord.nearest(to: name, among: groups).map {
                                "did you mean “\($0)”?"
                            } ?? "name one of its groups, or write service: \(name)",
                            at: place)
                    case .service(let name) where !names.contains(name):
                        diagnostics.add(
                            "“route” leads to service “\(name)”, which there is not",
                            NearestWord.nearest(to: name, among: names).map {
                                "did you mean “\($0)”?"
                            } ?? "add the service, or name another", at: place)
                    case .group, .service: break
                    }
                    if rule.conditions.isEmpty, index < listener.routePlaces.count - 1 {
                        diagnostics.add(
                            "this rule of “route” fits everybody, so those below it are never used",
                            "make it the last one", at: place)
                    }
                }
            }
        }
    }

    private func groupNames(of service: ServiceDraft) -> [String] {
        (service.groups ?? []).enumerated().map { $1.name?.value ?? String($0) }
    }

    private mutating func service(_ draft: ServiceDraft, name: String) -> ServiceConfiguration {
        var service = ServiceConfiguration(name: name, settings: draft.settings)
        if let listeners = draft.listeners {
            if listeners.isEmpty {
                diagnostics.add(
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
                diagnostics.add(
                    "the service has no group of channels",
                    "add one under “groups”, or its channels under “channels”", at: draft.place)
            }
            let names = names(of: groups.map(\.name), as: "groups of this service")
            for (group, name) in zip(groups, names) {
                service.groups.append(
                    self.group(group, name: name, in: draft.settings))
            }
        }
        return service
    }

    private mutating func listener(
        _ draft: ListenerDraft, name: String
    ) -> ListenerConfiguration? {
        guard let endpoint = draft.endpoint else { return nil }
        var settings = draft.settings
        let ofUnix = [
            ("mode", settings.mode != nil), ("user", settings.user != nil),
            ("group", settings.group != nil),
        ]
        for (key, isGiven) in ofUnix where isGiven && !endpoint.isUnix {
            diagnostics.add(
                "“\(key)” is for Unix sockets, and \(endpoint) is not one", "remove it",
                at: draft.place)
        }
        if !endpoint.isEphemeral {
            if let first = listened[endpoint] {
                diagnostics.add(
                    "\(endpoint) is listened on twice", "it was taken at \(first.text); keep one",
                    at: draft.place)
            } else {
                listened[endpoint] = draft.place
            }
        }
        if settings.socket != nil, endpoint.isUnix {
            diagnostics.add(
                "“socket” has options of TCP, and \(endpoint) is a Unix socket", "remove it",
                at: draft.place)
        }
        // Two ways to say the same are one value.
        if settings.mode == ListenerSettings.standardMode { settings.mode = nil }
        return ListenerConfiguration(name: name, endpoint: endpoint, settings: settings)
    }

    private mutating func group(
        _ draft: GroupDraft, name: String, in service: ServiceSettings
    ) -> GroupConfiguration {
        let settings = draft.settings
        var group = GroupConfiguration(name: name, settings: settings)
        if let place = draft.electionPlace, settings.balance.policy != .primary {
            diagnostics.add(
                "“election” is for groups with “balance: primary”",
                "add that to the group, or remove the election", at: place)
        }
        if settings.slowStart != nil, settings.balance.policy.isByClient {
            diagnostics.add(
                "“slow-start” has no effect with \(settings.balance.policy.rawValue), which sends each "
                    + "client to its own channel", "remove it, or choose another policy",
                at: draft.place)
        }
        guard let channels = draft.channels else { return group }
        if channels.isEmpty {
            guard !settings.mayBeEmpty else { return group }
            diagnostics.add("the group is empty", "give it a channel", at: draft.place)
        } else if channels.allSatisfy({ $0.settings.weight == 0 }) {
            diagnostics.add(
                "no channel of the group has a weight above zero, so none would get a session",
                "give one of them a weight of 1 or more", at: draft.place)
        }
        let names = names(of: channels.map(\.name), as: "channels of this group")
        for (channel, name) in zip(channels, names) {
            guard let endpoint = channel.endpoint else { continue }
            let configuration = self.channel(
                channel.settings, name: name, at: endpoint, in: settings, service)
            check(configuration, as: channel)
            group.channels.append(configuration)
        }
        return group
    }

    /// A channel with what its group and its service say for it.
    private func channel(
        _ settings: ChannelSettings, name: String, at endpoint: Endpoint,
        in group: GroupSettings, _ service: ServiceSettings
    ) -> ChannelConfiguration {
        let probes = group.ownProbes.inheriting(from: service.ownProbes)
        return ChannelConfiguration(
            name: name, endpoint: endpoint, settings: settings,
            probes: settings.ownProbes.inheriting(from: probes).plan,
            source: endpoint.isUnix
                ? nil : settings.ownSource ?? group.ownSource ?? service.ownSource,
            socket: endpoint.isUnix ? nil : settings.ownSocket ?? group.ownSocket,
            proxyProtocol: (settings.ownProxyProtocol ?? group.ownProxyProtocol)?.form,
            tls: (settings.ownTLS ?? group.ownTLS)?.configuration)
    }

    /// A source of the other family leads nowhere, a Unix socket has none, and its path is not a name that a
    /// certificate could be for.
    private mutating func check(
        _ channel: ChannelConfiguration, as draft: ChannelDraft
    ) {
        let endpoint = channel.endpoint
        if endpoint.isUnix, channel.ownSource != nil || channel.ownSocket != nil {
            diagnostics.add(
                "\(endpoint) is a Unix socket, which has neither “source” nor “socket”",
                "remove them", at: draft.place)
        }
        if let tls = channel.tls, endpoint.isUnix, tls.verifies, tls.name == nil {
            diagnostics.add(
                "\(endpoint) has no name that its certificate could be for",
                "add “name” to its “tls”, or verify: no", at: draft.place)
        }
        guard case .ip(let address, _) = endpoint, case .addresses(let sources)? = channel.source,
            !sources.contains(where: { $0.isV4 == address.isV4 })
        else { return }
        diagnostics.add(
            "no address of “source” is of the family of \(endpoint)",
            address.isV4 ? "add an IPv4 address" : "add an IPv6 address", at: draft.place)
    }

    /// Every sibling's name, its index where none was given.
    private mutating func names(of siblings: [Placed<String>?], as noun: String) -> [String] {
        var first: [String: Place] = [:]
        return siblings.enumerated().map { index, given in
            guard let given else { return String(index) }
            do throws(ValueError) {
                let name = try ValueReader.name(given.value)
                if let place = first[name] {
                    diagnostics.add(
                        "two of the \(noun) are called “\(name)”",
                        "the first is at \(place.text); give one of them another name",
                        at: given.place)
                } else {
                    first[name] = given.place
                }
                return name
            } catch {
                diagnostics.add(error, at: given.place)
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
