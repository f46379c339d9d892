internal import Shared

/// What is debugged, for how long, and who asked for it.
struct DebugFilters: Equatable, Sendable {
    struct Wish: Equatable, Sendable {
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

    private(set) var all: [Wish] = []

    var isFull: Bool { all.count >= Self.most }

    /// Takes the place of one for the same object.
    mutating func add(_ wish: Wish) {
        remove(wish.object)
        all.append(wish)
    }

    mutating func remove(_ object: Wish.Object) { all.removeAll { $0.object == object } }

    /// Those whose time is over.
    mutating func expire(now: Instant) -> [Wish] {
        let over = all.filter { $0.until <= now }
        all.removeAll { $0.until <= now }
        return over
    }

    /// As workers are told.
    var wishes: TraceFilters {
        all.reduce(into: TraceFilters()) { wishes, wish in
            switch wish.object {
            case .session(let id): wishes.sessions.append(id)
            case .client(let network): wishes.networks.append(network)
            }
        }
    }
}
