internal import Shared

/// How much a service takes on, and what becomes of clients beyond that.
struct ServiceLimits: Equatable, Sendable {
    /// Sessions of this service at once; nil: no limit of its own.
    var maxSessions: Int?
    var perSource: PerSource?
    var overload = Overload.close
    /// How many clients may wait for room (`overload: queue`), and for how long.
    var queueSize = 1024
    var queueTimeout = Duration.seconds(10)

    static let queueKeys = KeyTable("“queue”", ServiceLimits()) {
        Key(
            "size", \.queueSize, .sessions, settable: true,
            help: "How many may wait. The default is 1024.")
        Key(
            "timeout", \.queueTimeout, .time(upTo: ValueReader.longestHold), settable: true,
            help: "For how long. The default is 10s.")
    }
}

/// What a client meets that is one too many.
enum Overload: String, Equatable, Sendable, CaseIterable {
    /// Accepted, then closed.
    case close
    /// Accepted, then reset.
    case reset
    /// Waits in line until there is room.
    case queue
    /// The listeners are closed until a session ends: connection refused.
    case refuse
}

/// What the clients of one address, or of one prefix, may do together.
struct PerSource: Equatable, Sendable {
    /// Sessions at once; nil: no limit.
    var max: Int?
    /// New sessions; nil: no limit.
    var rate: ConnectionRate?
    /// Leading bits of an address that make a source.
    var prefix4 = 32
    var prefix6 = 64

    static let keys = KeyTable("“per-source”", PerSource()) {
        Key("max", \.max, .sessions, settable: true, help: "Sessions at once.")
        Key("rate", \.rate, .rate, settable: true, help: "New sessions over time.")
        Key(
            KeyInfo(
                "burst", "number", [Schema.ref("sessions")], settable: true,
                help: """
                    New sessions at once after a pause; a second's worth unless said
                    otherwise.
                    """))
        Key(
            "prefix4", \.prefix4, .number(0...32), settable: true,
            help: "Leading bits of an IPv4 address that make a source. The default is 32.")
        Key(
            "prefix6", \.prefix6, .number(0...128), settable: true,
            help: "The same of an IPv6 address. The default is 64.")
    }
}

/// New connections over time: so many a second on average, so many at once after a pause.
struct ConnectionRate: Equatable, Sendable {
    var perSecond: Double
    var burst: Int

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

    /// A second's worth.
    fileprivate var standardBurst: Int { max(1, Int(perSecond.rounded(.up))) }
}

extension ValueKind where Value == Overload {
    static var overload: ValueKind {
        var kind = word
        kind.argument = "what"
        return kind
    }
}

extension ValueKind where Value == PerSource {
    static var perSource: ValueKind {
        .map(PerSource.keys, Schema.ref("per-source")) { reader, value, limits in
            if limits.max == nil, limits.rate == nil, reader.yaml.diagnostics.isEmpty {
                reader.yaml.diagnostics.add(
                    "“per-source” limits nothing", "add max: 20, or rate: 10/s", at: value.place)
            }
        }
    }
}

extension ValueKind where Value == ConnectionRate {
    /// `rate: 10/s`, and `burst:`, which is a second's worth otherwise.
    static var rate: ValueKind {
        ValueKind(
            argument: "rate", schema: [Schema.ref("rate")], example: "7/m",
            read: { reader, map, key in
                let burst = reader.yaml.value(map, "burst") { text, name throws(ValueError) in
                    try ValueReader.number(text, in: ValueReader.sessions, as: name)
                }?.value
                guard let perSecond = reader.yaml.value(map, key, ValueReader.rate)?.value else {
                    if burst != nil, map[key] == nil {
                        reader.yaml.diagnostics.add(
                            "“burst” without “rate”", "add rate: 10/s", at: map.place)
                    }
                    return nil
                }
                var rate = ConnectionRate(perSecond: perSecond, burst: 0)
                rate.burst = burst ?? rate.standardBurst
                return rate
            },
            write: { rate, _, key, writer in
                writer.put(key, rate.text)
                writer.put("burst", rate.burst, default: rate.standardBurst)
            })
    }
}

extension ValueReader {
    /// `10`, `10/s`, `100/m` or `1000/h`, in connections a second.
    static func rate(_ text: String, as name: String) throws(ValueError) -> Double {
        let units = ["": 1.0, "/s": 1, "/m": 60, "/h": 3600]
        guard let (number, unit) = Quantity.split(text), let seconds = units[unit], number > 0,
            number <= 1_000_000
        else {
            throw ValueError(
                invalid: "rate", text, name, "write it as 10/s or 100/m")
        }
        return number / seconds
    }
}
