internal import Shared

// What a service takes on, read from its keys.

extension FileReader {
    mutating func limits(_ map: YAMLMap) -> ServiceLimits {
        var limits = ServiceLimits()
        limits.maxSessions = number(map, "max-sessions", ValueReader.sessions)
        limits.overload =
            yaml.value(map, "overload", ValueReader.overload)?.value ?? limits.overload
        if let value = map["per-source"] { limits.perSource = perSource(value) }
        guard let value = map["queue"], let queue = yaml.map(value, .queue) else { return limits }
        limits.queueSize = number(queue, "size", ValueReader.sessions) ?? limits.queueSize
        limits.queueTimeout =
            yaml.value(queue, "timeout") { text, name throws(ValueError) in
                try ValueReader.duration(
                    text, in: ValueReader.shortest...ValueReader.longestHold, as: name)
            }?.value ?? limits.queueTimeout
        if limits.overload != .queue, yaml.mistakes.isEmpty {
            yaml.mistakes.add(
                "“queue” is given, but nobody queues", "add overload: queue", at: value.place)
        }
        return limits
    }

    private mutating func perSource(_ value: YAMLValue) -> PerSource? {
        guard let map = yaml.map(value, .perSource) else { return nil }
        var limits = PerSource()
        limits.max = number(map, "max", ValueReader.sessions)
        limits.rate = rate(map)
        limits.prefix4 = number(map, "prefix4", 0...32) ?? limits.prefix4
        limits.prefix6 = number(map, "prefix6", 0...128) ?? limits.prefix6
        if limits.max == nil, limits.rate == nil, yaml.mistakes.isEmpty {
            yaml.mistakes.add(
                "“per-source” limits nothing", "add max: 20, or rate: 10/s", at: value.place)
        }
        return limits
    }

    /// `rate: 10/s`, and `burst:`, which is a second's worth otherwise.
    mutating func rate(_ map: YAMLMap) -> ConnectionRate? {
        let burst = number(map, "burst", ValueReader.sessions)
        guard let perSecond = yaml.value(map, "rate", ValueReader.rate)?.value else {
            if burst != nil, map["rate"] == nil {
                yaml.mistakes.add("“burst” without “rate”", "add rate: 10/s", at: map.place)
            }
            return nil
        }
        return ConnectionRate(
            perSecond: perSecond, burst: burst ?? max(1, Int(perSecond.rounded(.up))))
    }
}

extension ValueReader {
    static func overload(_ text: String, as name: String) throws(ValueError) -> Overload {
        guard let overload = Overload(rawValue: text) else {
            throw ValueError(
                "\(name) is “\(text)”, which is unknown", "write close, reset, queue or refuse")
        }
        return overload
    }

    /// `10`, `10/s`, `100/m` or `1000/h`, in connections a second.
    static func rate(_ text: String, as name: String) throws(ValueError) -> Double {
        let units = ["": 1.0, "/s": 1, "/m": 60, "/h": 3600]
        guard let (number, unit) = Quantity.split(text), let seconds = units[unit], number > 0,
            number <= 1_000_000
        else {
            throw ValueError(
                "\(name) is “\(text)”, which is no rate", "write it as 10/s or 100/m")
        }
        return number / seconds
    }
}
