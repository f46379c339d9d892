internal import Glibc
internal import Shared

/// From what runs to what another configuration says: what stays is kept, with its sessions, states and
/// counters, and what is new is made.
///
/// Everything that can fail comes first and changes nothing. The start is a change of nothing into something.
struct Reconfiguration {
    /// What runs at one time.
    struct State {
        var configuration = Configuration()
        var topology = Topology(services: [])
        /// Of the listeners that are open.
        var sockets: [ListeningSocket] = []
        var tls = TLSMaterial()
    }

    /// What has come of it.
    struct Outcome {
        var state: State
        var removals: [Removal] = []

        var removed: [Channel] { removals.flatMap(\.channels) }
    }

    /// What a service has no longer; sessions still run on it.
    struct Removal {
        var channels: [Channel] = []
        var listeners: [Listener] = []
        var policy: OnRemove

        /// Of those that have sessions.
        var serialsInUse: Set<UInt64> {
            Set(
                channels.filter { $0.current > 0 }.map(\.serial)
                    + listeners.filter { $0.current > 0 }.map(\.serial))
        }
    }

    private let old: State
    private let target: Configuration
    private let addresses: [Endpoint: [Endpoint]]
    private let serials: Serials
    private let workerCount: Int
    private let now: Instant
    private let passed: InheritedSockets
    /// New listeners' sockets, by service and listener.
    private var opened: [Place: OpenedSocket] = [:]
    private var removals: [Removal] = []
    /// Why listeners that may do without one have no socket.
    private var unopened: [Place: StartError] = [:]
    private let tls: TLSMaterial

    private struct Place: Hashable {
        var service: String
        var listener: String

        var path: String { "\(service)/\(listener)" }
    }

    /// `addresses` are of every name in `NameLookups`, `tls` is what the target's files hold.
    init(
        from old: State, to target: Configuration, addresses: [Endpoint: [Endpoint]],
        tls: TLSMaterial, serials: Serials, workerCount: Int, now: Instant,
        passed: InheritedSockets
    ) {
        self.tls = tls
        self.old = old
        self.target = target
        self.addresses = addresses
        self.serials = serials
        self.workerCount = workerCount
        self.now = now
        self.passed = passed
    }

    // MARK: Names

    /// The address of a name that was looked up, or is known already; an address is its own.
    private func addresses(of endpoint: Endpoint) -> [Endpoint] {
        guard case .name = endpoint else { return [endpoint] }
        return addresses[endpoint] ?? []
    }

    // MARK: What can fail

    /// Opens the listeners that are new; nothing else has changed when it throws.
    mutating func open() throws(StartError) {
        do throws(StartError) {
            for service in target.services {
                try SocketOptionCheck(old.configuration).check(service)
                for listener in service.listeners where present(listener, of: service) == nil {
                    let place = Place(service: service.name, listener: listener.name)
                    // It refuses clients, as it did before another process took it over.
                    guard passed.closedPlace(of: place.path, asking: listener.endpoint) == nil
                    else { continue }
                    if let socket = inherited(listener) {
                        opened[place] = socket
                    } else {
                        try open(listener, of: service, at: place)
                    }
                }
            }
            try checkWhetherAnyIsOpen()
        } catch {
            abandon()
            throw error
        }
    }

    private mutating func open(
        _ listener: ListenerConfiguration, of service: ServiceConfiguration, at place: Place
    ) throws(StartError) {
        do throws(StartError) {
            opened[place] = try fresh(listener, of: service)
        } catch {
            if listener.onBindFailure == .fail { throw error }
            unopened[place] = error
        }
    }

    /// A daemon that no client can reach, and that will not try again, need not start.
    private func checkWhetherAnyIsOpen() throws(StartError) {
        let listeners = target.services.flatMap(\.listeners)
        guard let first = unopened.first?.value, unopened.count == listeners.count,
            listeners.allSatisfy({ $0.onBindFailure == .skip })
        else { return }
        throw StartError(
            code: .unavailable,
            message: "no listener could be opened, the first because: \(first.message)")
    }

    /// Closes what `open` has opened, as the change is not made after all.
    mutating func abandon() {
        let kept = old.sockets.map(\.socket)
        for socket in opened.values where !kept.contains(where: { $0 === socket }) {
            socket.file?.remove()
        }
        opened = [:]
    }

    private func fresh(
        _ listener: ListenerConfiguration, of service: ServiceConfiguration
    ) throws(StartError) -> OpenedSocket {
        let endpoint = addresses(of: listener.endpoint).first ?? listener.endpoint
        // From 0.0.0.0:80 to 127.0.0.1:80: the kernel gives the port away only when both agree.
        let leaving = old.sockets.filter { socket in
            socket.listener.endpoint.overlaps(endpoint) && !isKept(socket.listener)
        }
        for socket in leaving { socket.socket.sharePort(true) }
        defer { for socket in leaving { socket.socket.sharePort(false) } }
        return try passed.open(
            listener, at: endpoint, deadPeer: service.timeouts.deadPeer,
            for: "\(service.name)/\(listener.name)", sharesPort: !leaving.isEmpty)
    }

    /// The same address under another name: its socket goes on, so that no client is refused in between.
    private func inherited(_ listener: ListenerConfiguration) -> OpenedSocket? {
        old.sockets.first { socket in
            socket.listener.settings.isSameSocket(as: listener) && !isKept(socket.listener)
                && !listener.endpoint.hasChosenPort
        }?.socket
    }

    // MARK: What stays

    private func service(_ name: String) -> Service? {
        old.topology.services.first { $0.name == name }
    }

    private func present(
        _ listener: ListenerConfiguration, of service: ServiceConfiguration
    ) -> Listener? {
        self.service(service.name)?.listeners.first {
            $0.name == listener.name && $0.settings.isSameSocket(as: listener)
        }
    }

    private func isKept(_ listener: Listener) -> Bool {
        target.services.contains { service in
            service.listeners.contains { present($0, of: service) === listener }
        }
    }

    // MARK: The change

    /// Makes the change, which nothing can stop any more.
    ///
    /// Channels that go are turned off when everything that takes their place is there: no client shall
    /// find neither.
    mutating func commit() -> Outcome {
        let services = target.services.map { service($0) }
        for service in old.topology.services where !services.contains(where: { $0 === service }) {
            let policy = old.configuration.services.first { $0.name == service.name }?.onRemove
            removals.append(
                Removal(
                    channels: service.channels, listeners: service.listeners,
                    policy: policy ?? .keep))
            service.apply(ServiceConfiguration(name: service.name), listeners: [], groups: [])
        }
        var sockets: [ListeningSocket] = []
        for (service, settings) in zip(services, target.services) {
            for (listener, settings) in zip(service.listeners, settings.listeners) {
                listener.apply(settings, tls: tls.servers[listener.path], among: services)
            }
            sockets += self.sockets(of: service, settings)
        }
        for channel in services.flatMap(\.channels) {
            channel.applyTLS(tls.clients[channel.path], probes: tls.probes[channel.path])
        }
        // Those that go know no services any more, which know them.
        for listener in removals.flatMap(\.listeners) { listener.dropRoutes() }
        for socket in old.sockets {
            let isUsed = sockets.contains { $0.socket === socket.socket }
            if !isUsed { socket.removeFile() }
        }
        for channel in removals.flatMap(\.channels) {
            channel.turn(.removed, by: "removed", now: now)
        }
        return Outcome(
            state: State(
                configuration: target, topology: Topology(services: services), sockets: sockets,
                tls: tls),
            removals: removals)
    }

    /// With its listeners, which go by their old settings as yet: theirs may lead to services that are not made.
    private mutating func service(_ settings: ServiceConfiguration) -> Service {
        let present = self.service(settings.name)
        let before = old.configuration.services.first { $0.name == settings.name }
        var removal = Removal(policy: settings.onRemove)
        var groups: [Group] = []
        for group in settings.groups {
            groups.append(self.group(group, of: settings.name, in: present, &removal.channels))
        }
        for group in present?.groups ?? [] where !groups.contains(where: { $0 === group }) {
            removal.channels += group.channels
        }
        var listeners: [Listener] = []
        for listener in settings.listeners {
            listeners.append(self.listener(listener, of: settings))
        }
        removal.listeners = (present?.listeners ?? []).filter { $0.isRemoved(by: settings) }
        if !removal.channels.isEmpty || !removal.listeners.isEmpty { removals.append(removal) }
        guard let present else {
            return Service(
                settings, serial: serials.next(for: Serials.key(service: settings.name)),
                listeners: listeners, groups: groups, workerCount: workerCount)
        }
        if before != settings { present.apply(settings, listeners: listeners, groups: groups) }
        return present
    }

    /// Of the listeners that are open, set up as they are meant to be now.
    private func sockets(
        of service: Service, _ settings: ServiceConfiguration
    ) -> [ListeningSocket] {
        let before = old.configuration.services.first { $0.name == settings.name }
        return service.listeners.compactMap { listener in
            let place = Place(service: settings.name, listener: listener.name)
            if let opened = opened[place] {
                let socket = ListeningSocket(listener: listener, service: service, socket: opened)
                if old.sockets.contains(where: { $0.socket === opened }) {
                    socket.setBacklog()
                    socket.setMode()
                }
                return socket
            }
            guard let socket = old.sockets.first(where: { $0.listener === listener }) else {
                return nil
            }
            if before?.timeouts.deadPeer != settings.timeouts.deadPeer {
                socket.setDeadPeer(settings.timeouts.deadPeer)
            }
            let present = before?.listeners.first { $0.name == listener.name }
            if present?.socket != listener.settings.socket {
                socket.setOptions(listener.settings.socket)
            }
            if present?.backlog != listener.settings.backlog { socket.setBacklog() }
            if present?.mode != listener.settings.mode { socket.setMode() }
            return socket
        }
    }

    private func listener(
        _ settings: ListenerConfiguration, of service: ServiceConfiguration
    ) -> Listener {
        if let present = present(settings, of: service) { return present }
        let place = Place(service: service.name, listener: settings.name)
        let closed = passed.closedPlace(of: place.path, asking: settings.endpoint)
        let bound = opened[place].flatMap { Socket.localEndpoint($0.descriptor) } ?? closed
        let endpoint =
            if case .unix = settings.endpoint { settings.endpoint } else {
                bound ?? settings.endpoint
            }
        let listener = Listener(
            settings, in: service.name,
            serial: serials.next(for: Serials.key(listener: place.path)),
            endpoint: endpoint, workerCount: workerCount, bindFailure: unopened[place]?.message)
        if closed != nil { listener.setOpen(false) }
        return listener
    }

    private mutating func group(
        _ settings: GroupConfiguration, of service: String, in presentService: Service?,
        _ removed: inout [Channel]
    ) -> Group {
        let present = presentService?.groups.first { $0.name == settings.name }
        let before = present?.settings
        if let present, let before, before == settings { return present }
        let path = "\(service)/\(settings.name)"
        let serial = present?.serial ?? serials.next(for: Serials.key(group: path))
        let slots = present?.slots ?? SessionLimit(limit: settings.maxSessions)
        let primaryState =
            present?.ownPrimaryState
            ?? PrimaryState(settings.election, isUsed: settings.balance.policy == .primary)
        let old = present?.channels ?? []
        var channels: [Channel] = []
        for channel in settings.channels {
            let addresses = addresses(of: channel.endpoint)
            if let kept = old.first(where: { $0.name == channel.name }) {
                let settings = before?.channels.first { $0.name == channel.name }
                if settings != channel {
                    let isProbedAlike = settings?.probes == channel.probes
                    var resolved = isProbedAlike ? channel : resolvingProbes(of: channel)
                    if isProbedAlike { resolved.probes = kept.probePlan }
                    kept.apply(
                        resolved, addresses: addresses, tls: tls.clients[kept.path],
                        probes: tls.probes[kept.path], now: now)
                }
                channels.append(kept)
            } else {
                channels.append(
                    Channel(
                        resolvingProbes(of: channel), in: path,
                        serial: serials.next(
                            for: Serials.key(channel: "\(path)/\(channel.name)")),
                        addresses: addresses,
                        workerCount: workerCount, now: now, groupSlots: slots,
                        primaryState: primaryState))
            }
        }
        removed += old.filter { channel in !channels.contains { $0 === channel } }
        guard let present else {
            return Group(
                settings, in: service, serial: serial, channels: channels,
                workerCount: workerCount, slots: slots, primaryState: primaryState)
        }
        present.apply(settings, channels, now: now)
        return present
    }

    /// A probe's name is looked up once.
    private func resolvingProbes(of channel: ChannelConfiguration) -> ChannelConfiguration {
        var channel = channel
        for index in channel.probes.probes.indices {
            guard let place = channel.probes.probes[index].address, case .name = place else {
                continue
            }
            channel.probes.probes[index].address = addresses(of: place).first ?? place
        }
        return channel
    }
}

extension Listener {
    /// Another socket in the same place, or under the same name, is the same listener to its clients.
    func isRemoved(by service: ServiceConfiguration) -> Bool {
        let place = settings.endpoint
        return !service.listeners.contains {
            $0.name == name || $0.endpoint == place && !place.hasChosenPort
        }
    }
}
