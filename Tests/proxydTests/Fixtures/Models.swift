import Shared

@testable import proxyd

extension Instant {
    /// A moment on a clock that stands still.
    static func at(_ seconds: Int) -> Instant {
        Instant(nanoseconds: UInt64(seconds) * 1_000_000_000)
    }
}

extension Endpoint {
    /// A place that no test connects to.
    static func local(_ port: UInt16) -> Endpoint { .ip(.loopbackV4, port: port) }
}

extension SocketAddress {
    /// For endpoints that need no resolving.
    static func of(_ endpoint: Endpoint) throws -> SocketAddress {
        guard let address = SocketAddress(endpoint) else {
            throw Missing("no address: \(endpoint)")
        }
        return address
    }
}

extension Channel {
    /// A channel as a test needs it.
    static func make(
        _ name: String = "0", weight: Int = 1, maxc: Int? = nil, serial: UInt64 = 1,
        path: String = "s/g", label: String? = nil, now: Instant = .at(100)
    ) throws -> Channel {
        let endpoint = Endpoint.local(UInt16(10_000 + serial))
        let settings = ChannelConfiguration(
            name: name, endpoint: endpoint,
            settings: ChannelSettings(weight: weight, maxc: maxc, label: label))
        return Channel(
            settings, in: path, serial: serial, addresses: [endpoint], workerCount: 1,
            now: now)
    }
}

/// Services built from a few words, with serials in order of appearance.
struct Blueprint {
    struct Part {
        var name: String
        var maxc: Int?
        var weight = 1
    }

    private var serial: UInt64 = 0

    mutating func channel(_ part: Part, in path: String) throws -> Channel {
        serial += 1
        return try .make(
            part.name, weight: part.weight, maxc: part.maxc, serial: serial, path: path)
    }

    /// Groups by name, of channels by name; a channel may be written `name*maxc`.
    mutating func service(
        _ name: String = "s", _ groups: [(String, [String])], listeners: [String] = []
    ) throws -> Service {
        var built: [Group] = []
        for (groupName, channels) in groups {
            let parts = channels.map { text in
                let words = text.split(separator: "*").map(String.init)
                return Part(name: words[0], maxc: words.count > 1 ? Int(words[1]) : nil)
            }
            let path = "\(name)/\(groupName)"
            var made: [Channel] = []
            for part in parts { made.append(try channel(part, in: path)) }
            serial += 1
            built.append(
                Group(
                    GroupConfiguration(name: groupName), in: name, serial: serial, channels: made))
        }
        var doors: [Listener] = []
        for listener in listeners {
            serial += 1
            let settings = ListenerConfiguration(name: listener, endpoint: .local(9))
            doors.append(
                Listener(
                    settings, in: name, serial: serial, endpoint: .local(9), workerCount: 1))
        }
        return Service(
            ServiceConfiguration(name: name), serial: 1000 + serial, listeners: doors,
            groups: built)
    }

    static func topology(_ services: [(String, [(String, [String])])]) throws -> Topology {
        var blueprint = Blueprint()
        var built: [Service] = []
        for (name, groups) in services {
            built.append(try blueprint.service(name, groups, listeners: ["l"]))
        }
        return Topology(services: built)
    }
}
