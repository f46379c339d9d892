internal import Shared

// A valid configuration as a draft again, so that a change of it is judged by the rules of the file.

extension ConfigurationDraft {
    init(of configuration: Configuration) {
        place = Place(path: "")
        control = configuration.control
        stateFile = configuration.stateFile
        workers = configuration.workers
        maxSessions = configuration.maxSessions
        metrics = configuration.metrics
        privileges = configuration.privileges
        log = configuration.log
        services = configuration.services.map { ServiceDraft(of: $0) }
    }
}

extension ServiceDraft {
    init(of service: ServiceConfiguration) {
        place = Place(path: service.name)
        name = Placed(service.name, at: place)
        listeners = service.listeners.map { ListenerDraft(of: $0, in: service.name) }
        timeouts = service.timeouts
        grace = service.grace
        probes = service.ownProbes
        resolve = service.resolve
        health = service.health
        limits = service.limits
        access = service.access
        source = service.ownSource
        whenEmpty = service.whenEmpty
        onRemove = service.onRemove
        groups = service.groups.map { GroupDraft(of: $0, in: service.name) }
    }
}

extension ListenerDraft {
    init(of listener: ListenerConfiguration, in service: String) {
        place = Place(path: "\(service)/\(listener.name)")
        name = Placed(listener.name, at: place)
        endpoint = listener.endpoint
        if case .unix = listener.endpoint { mode = listener.mode }
        user = listener.user
        group = listener.group
        onBindFailure = listener.onBindFailure
        whenEmpty = listener.whenEmpty
        backlog = listener.backlog
        maxSessions = listener.maxSessions
        rate = listener.rate
        access = listener.access
        waitForBytes = listener.waitForBytes
        socket = listener.socket
        proxyProtocol = listener.proxyProtocol
        tls = listener.tls
        let place = place
        route = listener.route.map { Placed($0, at: place) }
    }
}

extension GroupDraft {
    init(of group: GroupConfiguration, in service: String) {
        place = Place(path: "\(service)/\(group.name)")
        name = Placed(group.name, at: place)
        probes = group.ownProbes
        maxSessions = group.maxSessions
        slowStart = group.slowStart
        rebalance = group.rebalance
        balance = group.balance
        mayBeEmpty = group.mayBeEmpty
        source = group.ownSource
        socket = group.ownSocket
        proxyProtocol = group.ownProxyProtocol
        tls = group.ownTLS
        if group.balance.policy == .primary { election = Placed(group.election, at: place) }
        let path = "\(service)/\(group.name)"
        channels = group.channels.map { ChannelDraft(of: $0, in: path) }
    }
}

extension ChannelDraft {
    init(of channel: ChannelConfiguration, in group: String) {
        place = Place(path: "\(group)/\(channel.name)")
        name = Placed(channel.name, at: place)
        endpoint = channel.endpoint
        probes = channel.ownProbes
        weight = channel.weight
        maxc = channel.maxc
        label = channel.label
        isEnabled = channel.isEnabled
        source = channel.ownSource
        socket = channel.ownSocket
        proxyProtocol = channel.ownProxyProtocol
        tls = channel.ownTLS
    }
}
