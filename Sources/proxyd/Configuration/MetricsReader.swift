internal import Shared

extension FileReader {
    mutating func metrics(_ value: YAMLValue) -> MetricsConfiguration {
        var metrics = MetricsConfiguration()
        guard let map = yaml.map(value, .metrics) else { return metrics }
        if let value = map["listen"] { metrics.listen = listen(value) }
        if let value = map["statsd"] { metrics.statsd = statsd(value) }
        return metrics
    }

    /// An address, or a map with `address` or `unix` and `mode`.
    private mutating func listen(_ value: YAMLValue) -> MetricsConfiguration.Listen? {
        guard value.isMap else {
            return endpoint(value, as: "“listen”", EndpointReader.listener)
                .map { MetricsConfiguration.Listen(endpoint: $0) }
        }
        guard let map = yaml.map(value, .metricsListen) else { return nil }
        let mode = yaml.value(map, "mode", ValueReader.mode)
        guard let endpoint = endpoint(map, EndpointReader.listener) else { return nil }
        var listen = MetricsConfiguration.Listen(endpoint: endpoint)
        if let mode {
            listen.mode = mode.value
            if case .unix = endpoint {
            } else {
                yaml.diagnostics.add(
                    "“mode” is for Unix sockets, and \(endpoint) is not one", "remove it",
                    at: mode.place)
            }
        }
        return listen
    }

    private mutating func statsd(_ value: YAMLValue) -> StatsdConfiguration? {
        guard let map = yaml.map(value, .statsd) else { return nil }
        let interval = yaml.value(map, "interval") { text, name throws(ValueError) in
            try ValueReader.duration(text, in: .seconds(1)...ValueReader.longestHold, as: name)
        }?.value
        let prefix = yaml.value(map, "prefix", Self.statsdPrefix)?.value
        guard let address = map["address"] else {
            yaml.diagnostics.add(
                "“statsd” needs an address", "add “address”, as in address: 127.0.0.1:8125",
                at: value.place)
            return nil
        }
        let read = { (text: String) throws(ValueError) in
            let endpoint = try EndpointReader.channel(text)
            if case .unix = endpoint {
                throw ValueError("“\(text)” is a Unix socket", "write it as 127.0.0.1:8125")
            }
            return endpoint
        }
        guard let endpoint = endpoint(address, as: "“address”", read) else { return nil }
        var statsd = StatsdConfiguration(endpoint: endpoint)
        statsd.interval = interval ?? statsd.interval
        statsd.prefix = prefix ?? statsd.prefix
        return statsd
    }

    private static func statsdPrefix(_ text: String, as name: String) throws(ValueError)
        -> String
    {
        let isGood = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
        guard isGood, (1...64).contains(text.utf8.count) else {
            throw ValueError(
                invalid: "statsd prefix", text, name,
                "write 1 to 64 letters, digits, “.”, “_” or “-”")
        }
        return text
    }
}
