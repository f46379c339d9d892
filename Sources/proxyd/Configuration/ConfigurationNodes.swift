internal import Shared
internal import Yams

// The configuration as the file would have it: for `save`, `show config` and `diff`, and for `set`, which
// changes one key and has the file's own reader judge it.

extension Configuration {
    func node(_ extent: NodeWriter.Extent = .difference) -> Node {
        var writer = settings(extent)
        writer.put("services", Node(services.map { $0.node(extent) }))
        return writer.node
    }

    /// What concerns the daemon as a whole, with the way to each value.
    var daemonSettings: [(key: String, text: String)] { settings(.whole).node.leaves }

    private func settings(_ extent: NodeWriter.Extent) -> NodeWriter {
        var writer = NodeWriter(extent)
        var control = NodeWriter(extent)
        let standard = ControlConfiguration()
        control.put("socket", self.control.path)
        control.put("mode", self.control.mode, default: standard.mode) { $0.octalText }
        control.put("group", self.control.group)
        control.put("environment", self.control.environment)
        control.put("admins", self.control.admins)
        control.put("operators", self.control.operators)
        control.put("viewers", self.control.viewers)
        control.put("idle", self.control.idle, default: standard.idle)
        writer.put("control", control)
        writer.put("metrics", metrics.writer(extent))
        writer.put("privileges", privileges.writer(extent))
        writer.put("log", log.writer(extent))
        writer.put("state-file", stateFile)
        writer.put("workers", workers, default: nil) { $0.map { String($0) } ?? "auto" }
        writer.put("max-sessions", maxSessions)
        return writer
    }
}

extension MetricsConfiguration {
    fileprivate func writer(_ extent: NodeWriter.Extent) -> NodeWriter {
        var writer = NodeWriter(extent)
        if let listen {
            var inner = NodeWriter(extent)
            inner.put("address", "\(listen.endpoint)")
            if case .unix = listen.endpoint {
                let standard = Listen(endpoint: listen.endpoint).mode
                inner.put("mode", listen.mode, default: standard) { $0.octalText }
            }
            writer.put("listen", inner)
        }
        if let statsd {
            let standard = StatsdConfiguration(endpoint: statsd.endpoint)
            var inner = NodeWriter(extent)
            inner.put("address", "\(statsd.endpoint)")
            inner.put("interval", statsd.interval, default: standard.interval)
            inner.put("prefix", statsd.prefix, default: standard.prefix) { $0 }
            writer.put("statsd", inner)
        }
        return writer
    }
}

extension PrivilegesConfiguration {
    fileprivate func writer(_ extent: NodeWriter.Extent) -> NodeWriter {
        var writer = NodeWriter(extent)
        writer.put("user", user)
        writer.put("group", group)
        writer.put("chroot", chroot)
        writer.put("keep-bind", keepsBind, default: false)
        return writer
    }
}

extension ServiceConfiguration {
    func node(_ extent: NodeWriter.Extent = .difference) -> Node {
        var writer = settings(extent)
        writer.put("listen", Node(listeners.map { $0.node(extent, in: self) }))
        writer.put("groups", Node(groups.enumerated().map { $1.node(extent, index: $0) }))
        return writer.node
    }

    /// Its own keys, without its listeners and groups.
    func settings(_ extent: NodeWriter.Extent, isNamed: Bool = true) -> NodeWriter {
        let standard = ServiceConfiguration(name: name)
        var writer = NodeWriter(extent)
        if isNamed { writer.put("name", name) }
        var times = NodeWriter(extent)
        times.put("connect", timeouts.connect, default: standard.timeouts.connect)
        times.put("idle", timeouts.idle, default: standard.timeouts.idle)
        times.put("half-closed", timeouts.halfClosed, default: standard.timeouts.halfClosed)
        times.put("dead-peer", timeouts.deadPeer, default: standard.timeouts.deadPeer)
        times.put("client-hello", timeouts.clientHello, default: standard.timeouts.clientHello)
        writer.put("timeouts", times)
        writer.put("grace", grace, default: standard.grace)
        writer.put("grace-max", health.graceMax, default: standard.health.graceMax)
        writer.put("failures", health.failures, default: standard.health.failures)
        writer.put("autodisable", health.autodisable, default: standard.health.autodisable)
        writer.put("panic", health.panic, default: standard.health.panic)
        writer.put("resolve", resolve, default: standard.resolve)
        writer.put("when-empty", whenEmpty, default: standard.whenEmpty) { $0.text }
        writer.put("on-remove", onRemove, default: standard.onRemove) { $0.text }
        put(limits, in: &writer)
        writer.put("access", access)
        writer.put("source", ownSource?.text)
        ownProbes.put(in: &writer)
        return writer
    }

    private func put(_ limits: ServiceLimits, in writer: inout NodeWriter) {
        let standard = ServiceLimits()
        writer.put("max-sessions", limits.maxSessions)
        if let source = limits.perSource {
            var inner = NodeWriter(writer.extent)
            inner.put("max", source.max)
            inner.put(source.rate)
            inner.put("prefix4", source.prefix4, default: PerSource().prefix4)
            inner.put("prefix6", source.prefix6, default: PerSource().prefix6)
            writer.put("per-source", inner)
        }
        writer.put("overload", limits.overload, default: standard.overload)
        guard limits.overload == .queue else { return }
        var queue = NodeWriter(writer.extent)
        queue.put("size", limits.queueSize, default: standard.queueSize)
        queue.put("timeout", limits.queueTimeout, default: standard.queueTimeout)
        writer.put("queue", queue)
    }
}

extension ListenerConfiguration {
    func node(
        _ extent: NodeWriter.Extent, in service: ServiceConfiguration, isNamed: Bool = true
    ) -> Node {
        let index = service.listeners.firstIndex { $0.name == name }
        let standard = ListenerConfiguration(name: name, endpoint: endpoint)
        var writer = NodeWriter(extent)
        writer.put("address", "\(endpoint)")
        if isNamed, extent == .whole || name != index.map({ String($0) }) {
            writer.put("name", name)
        }
        if case .unix = endpoint {
            writer.put("mode", mode, default: standard.mode) { $0.octalText }
        }
        writer.put("user", user)
        writer.put("group", group)
        writer.put("on-bind-failure", onBindFailure, default: standard.onBindFailure) { $0.text }
        writer.put("when-empty", whenEmpty, default: service.whenEmpty) { $0.text }
        writer.put("backlog", Int(backlog), default: Int(standard.backlog))
        writer.put("max-sessions", maxSessions)
        writer.put(rate)
        writer.put("access", access)
        writer.put("proxy-protocol", proxyProtocol, default: .never) { $0.text }
        if !route.isEmpty { writer.put("route", Node(route.map { $0.node(extent) })) }
        writer.put("wait-for-bytes", waitForBytes, default: standard.waitForBytes)
        if let tls { writer.put("tls", tls.writer(extent)) }
        if let socket { writer.put("socket", socket.writer(extent)) }
        return writer.node
    }
}

extension GroupConfiguration {
    func node(_ extent: NodeWriter.Extent = .difference, index: Int? = nil) -> Node {
        var writer = settings(extent, index: index)
        writer.put(
            "channels", Node(channels.enumerated().map { $1.node(extent, index: $0) }))
        return writer.node
    }

    /// Its own keys, without its channels.
    func settings(
        _ extent: NodeWriter.Extent, index: Int? = nil, isNamed: Bool = true
    ) -> NodeWriter {
        var writer = NodeWriter(extent)
        if isNamed, extent == .whole || name != index.map({ String($0) }) {
            writer.put("name", name)
        }
        balance.put(in: &writer)
        writer.put("max-sessions", maxSessions)
        writer.put("slow-start", slowStart)
        writer.put("rebalance", rebalance)
        writer.put("may-be-empty", mayBeEmpty, default: false)
        writer.put("source", ownSource?.text)
        if let ownSocket { writer.put("socket", ownSocket.writer(extent)) }
        writer.put("proxy-protocol", ownProxyProtocol?.text)
        ownTLS?.put(in: &writer)
        if balance.policy == .primary { election.put(in: &writer) }
        ownProbes.put(in: &writer)
        return writer
    }
}

extension ChannelConfiguration {
    func node(
        _ extent: NodeWriter.Extent = .difference, index: Int? = nil, isNamed: Bool = true
    ) -> Node {
        var writer = NodeWriter(extent)
        writer.put("address", "\(endpoint)")
        if isNamed, extent == .whole || name != index.map({ String($0) }) {
            writer.put("name", name)
        }
        writer.put("weight", weight, default: 1)
        writer.put("maxc", maxc)
        writer.put("label", label)
        writer.put("enabled", isEnabled, default: true)
        writer.put("source", ownSource?.text)
        if let ownSocket { writer.put("socket", ownSocket.writer(extent)) }
        writer.put("proxy-protocol", ownProxyProtocol?.text)
        ownTLS?.put(in: &writer)
        ownProbes.put(in: &writer)
        return writer.node
    }
}

extension BalanceConfiguration {
    fileprivate func put(in writer: inout NodeWriter) {
        let words = description.split(separator: " ").map(String.init)
        guard writer.extent == .whole || description != BalanceConfiguration().description else {
            return
        }
        // On one line it is what `set … balance` takes.
        guard words.count > 1, writer.extent == .difference else {
            return writer.put("balance", description)
        }
        var inner = NodeWriter(writer.extent)
        inner.put("policy", words[0])
        for option in words.dropFirst() {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            inner.put(parts[0], parts[1])
        }
        writer.put("balance", inner)
    }
}

extension ElectionConfiguration {
    fileprivate func put(in writer: inout NodeWriter) {
        let standard = ElectionConfiguration()
        var inner = NodeWriter(writer.extent)
        inner.put("check", check)
        inner.put("check-timeout", checkTimeout, default: standard.checkTimeout)
        inner.put("triggers", triggers)
        inner.put("trigger-timeout", triggerTimeout, default: standard.triggerTimeout)
        inner.put("max-backoff", maxBackoff, default: standard.maxBackoff)
        inner.put("prefer", prefer, default: standard.prefer)
        inner.put("failback", failback, default: standard.failback)
        inner.put("failback-delay", failbackDelay, default: standard.failbackDelay)
        inner.put("on-change", onChange, default: standard.onChange)
        inner.put("while-electing", whileElecting, default: standard.whileElecting)
        writer.put("election", inner)
    }
}

extension NodeWriter {
    /// A rule a line; on one line where it is what `set` takes.
    fileprivate mutating func put(_ key: String, _ access: [AccessRule]) {
        guard extent == .difference else { return put(key, access.text) }
        if !access.isEmpty { put(key, Node(access.map { Node.text($0.description) })) }
    }

    /// Numbers, which mean the same whatever becomes of the names.
    fileprivate mutating func put(_ key: String, _ principals: Principals) {
        let words =
            principals.users.sorted().map { String($0) }
            + principals.groups.sorted().map { "@\($0)" }
        if !words.isEmpty { put(key, Node(words.map { Node.text($0) })) }
    }

    fileprivate mutating func put(_ key: String, _ value: Duration?) {
        if let value { put(key, value.exactText) }
    }

    /// `rate`, and `burst` where it is not a second's worth.
    fileprivate mutating func put(_ rate: ConnectionRate?) {
        guard let rate else { return }
        put("rate", rate.text)
        put("burst", rate.burst, default: max(1, Int(rate.perSecond.rounded(.up))))
    }
}

extension ConnectionRate {
    /// In the unit that says it without a fraction.
    var text: String {
        for (seconds, unit) in [(1.0, "s"), (60, "m"), (3600, "h")] {
            let count = (perSecond * seconds).rounded()
            if count >= 1, count <= 1_000_000, count / seconds == perSecond {
                return "\(Int(count))/\(unit)"
            }
        }
        return "\(perSecond)/s"
    }
}

extension WhenEmpty {
    var word: String {
        switch self {
        case .close: "close"
        case .reset: "reset"
        case .refuse: "refuse"
        case .hold: "hold"
        }
    }

    /// As it is written.
    var text: String {
        if case .hold(let time) = self { "hold \(time.exactText)" } else { word }
    }
}

extension OnRemove {
    /// As it is written.
    var text: String {
        switch self {
        case .keep: "keep"
        case .drain(let time): "drain \(time.exactText)"
        case .cut: "cut"
        }
    }
}

extension OnBindFailure {
    /// As it is written.
    var text: String {
        switch self {
        case .fail: "fail"
        case .skip: "skip"
        case .retry(let time): "retry \(time.exactText)"
        }
    }
}

extension UInt32 {
    /// Permission bits.
    fileprivate var octalText: String {
        let digits = String(self, radix: 8)
        return String(repeating: "0", count: Swift.max(0, 4 - digits.count)) + digits
    }
}
