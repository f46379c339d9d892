internal import Shared
internal import Yams

// The configuration as the file would have it: for `save`, `show config` and `diff`, and for `set`, which
// changes one key and has the file's own reader judge it.

extension Configuration {
    func node(_ extent: NodeWriter.Extent = .difference) -> Node {
        var writer = DaemonSettings.keys.writer(of: settings, extent)
        writer.put("services", Node(services.map { $0.node(extent) }))
        return writer.node
    }

    /// What concerns the daemon as a whole, with the way to each value.
    var daemonSettings: [(key: String, text: String)] {
        DaemonSettings.keys.writer(of: settings, .whole).node.leaves
    }
}

extension ServiceConfiguration {
    func node(_ extent: NodeWriter.Extent = .difference) -> Node {
        var writer = NodeWriter(extent)
        writer.put("name", name)
        ServiceSettings.keys.write(settings, to: &writer)
        writer.put(
            "listen", Node(listeners.enumerated().map { $1.node(extent, in: self, index: $0) }))
        writer.put("groups", Node(groups.enumerated().map { $1.node(extent, index: $0) }))
        return writer.node
    }
}

extension ServiceSettings {
    /// Without its name, its listeners and its groups.
    func node(_ extent: NodeWriter.Extent) -> Node { Self.keys.writer(of: self, extent).node }
}

extension ListenerConfiguration {
    /// Without its place among the service's listeners also without its name.
    func node(
        _ extent: NodeWriter.Extent, in service: ServiceConfiguration, index: Int? = nil
    ) -> Node {
        let isWritten = index.map { extent == .whole || name != String($0) } ?? false
        return settings.node(
            extent, at: endpoint, in: service.settings, name: isWritten ? name : nil)
    }
}

extension ListenerSettings {
    /// Without its name, unless it is given.
    func node(
        _ extent: NodeWriter.Extent, at endpoint: Endpoint, in service: ServiceSettings,
        name: String? = nil
    ) -> Node {
        var writer = NodeWriter(extent)
        writer.put("address", "\(endpoint)")
        writer.put("name", name)
        var settings = self
        if extent == .whole, case .unix = endpoint { settings.mode = mode ?? Self.standardMode }
        Self.keys.write(settings, Self(whenEmpty: service.whenEmpty), to: &writer)
        return writer.node
    }
}

extension GroupConfiguration {
    func node(_ extent: NodeWriter.Extent = .difference, index: Int? = nil) -> Node {
        var writer = NodeWriter(extent)
        if extent == .whole || name != index.map({ String($0) }) { writer.put("name", name) }
        GroupSettings.keys.write(settings, to: &writer)
        writer.put(
            "channels", Node(channels.enumerated().map { $1.node(extent, index: $0) }))
        return writer.node
    }
}

extension GroupSettings {
    /// Without its name and its channels.
    func node(_ extent: NodeWriter.Extent) -> Node { Self.keys.writer(of: self, extent).node }
}

extension ChannelConfiguration {
    func node(_ extent: NodeWriter.Extent = .difference, index: Int? = nil) -> Node {
        let isWritten = extent == .whole || name != index.map { String($0) }
        return settings.node(extent, at: endpoint, name: isWritten ? name : nil)
    }
}

extension ChannelSettings {
    /// Without its name, unless it is given.
    func node(
        _ extent: NodeWriter.Extent, at endpoint: Endpoint, name: String? = nil
    ) -> Node {
        var writer = NodeWriter(extent)
        writer.put("address", "\(endpoint)")
        writer.put("name", name)
        Self.keys.write(self, to: &writer)
        return writer.node
    }
}

extension MetricsConfiguration {
    func writer(_ extent: NodeWriter.Extent) -> NodeWriter {
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

extension BalanceConfiguration {
    func put(in writer: inout NodeWriter) {
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
