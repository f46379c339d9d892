internal import Shared

/// What is debugged, for how long, and who asked for it.
struct DebugFilters: Equatable, Sendable {
    struct Filter: Equatable, Sendable {
        enum Object: Equatable, Sendable {
            case session(UInt64)
            case client(Network)
        }

        var object: Object
        var until: Instant
        var actor: Actor?

        var text: String {
            switch object {
            case .session(let id): "session \(id)"
            case .client(let network): "client \(network.text)"
            }
        }
    }

    static let most = 16
    static let standardTime = Duration.seconds(600)
    static let longestTime = Duration.seconds(86_400)

    private(set) var all: [Filter] = []

    var isFull: Bool { all.count >= Self.most }

    /// Takes the place of one for the same object.
    mutating func add(_ filter: Filter) {
        remove(filter.object)
        all.append(filter)
    }

    mutating func remove(_ object: Filter.Object) { all.removeAll { $0.object == object } }

    /// Those whose time is over.
    mutating func expire(now: Instant) -> [Filter] {
        let over = all.filter { $0.until <= now }
        all.removeAll { $0.until <= now }
        return over
    }

    /// As workers get them.
    var traced: TraceFilters {
        all.reduce(into: TraceFilters()) { traced, filter in
            switch filter.object {
            case .session(let id): traced.sessions.append(id)
            case .client(let network): traced.networks.append(network)
            }
        }
    }
}
