internal import Shared

/// What happens to a group's clients when it loses one channel more: the one that carries the most.
enum LossImpact: Equatable, Sendable {
    /// Nothing usable is left to lose.
    case none
    /// They find room in the group.
    case held
    /// They find room in a later group; its title.
    case spills(to: String)
    /// So many find none.
    case refuses(UInt64)
    /// There is room, and it is the last channel of its service.
    case closes

    /// For each of more groups than this all others would be gone through with every frame.
    static let mostGroups = 64

    /// Of all groups that take clients, what is worst; nil: there is none, or there are too many.
    static func worst(in snapshot: DaemonSnapshot) -> LossImpact? {
        guard snapshot.groups.count <= mostGroups else { return nil }
        return snapshot.services.flatMap { service in
            service.groups.filter { !$0.usable.isEmpty }.map { of($0, in: service) }
        }.max { $0.gravity < $1.gravity }
    }

    private var gravity: (Int, UInt64) {
        switch self {
        case .held: (0, 0)
        case .spills: (1, 0)
        case .refuses(let count): (2, count)
        case .closes: (3, 0)
        case .none: (4, 0)
        }
    }

    /// `3 clients refused`
    var sentence: String {
        if case .refuses(let count) = self {
            return "\(count) client\(count == 1 ? "" : "s") refused"
        }
        return text
    }

    static func of(_ group: DaemonSnapshot.Group, in service: DaemonSnapshot.Service) -> LossImpact
    {
        guard let lost = group.usable.max(by: { $0.current < $1.current }) else { return .none }
        var effects = effects(without: lost, in: service)
        let before = effects.map(\.after.used)
        let refused = resettle(lost.current, in: &effects)
        if refused > 0 { return .refuses(refused) }
        guard effects.contains(where: { $0.usableAfter > 0 }) else { return .closes }
        let own = group.title
        let taker = effects.indices.first { index in
            effects[index].title != own && effects[index].after.used > before[index]
        }
        if let taker { return .spills(to: effects[taker].title) }
        if effects.first(where: { $0.title == own })?.usableAfter == 0 {
            let next = effects.first { $0.usableAfter > 0 }
            return next.map { .spills(to: $0.title) } ?? .closes
        }
        return .held
    }

    /// What each group has left when a channel is away, before its clients come back.
    static func effects(
        without lost: ChannelSnapshot, in service: DaemonSnapshot.Service
    ) -> [Consequence.GroupEffect] {
        service.groups.map { group in
            let left = group.usable.filter { $0.serial != lost.serial }
            return Consequence.GroupEffect(
                title: group.title, channels: group.channels.count,
                usableNow: group.usable.count, usableAfter: left.count, now: Slots(group.usable),
                after: Slots(left), isTouched: false)
        }
    }

    var text: String {
        switch self {
        case .none: "nothing left"
        case .held: "ok"
        case .spills(let title): "ok, goes to \(title)"
        case .refuses(let count): "\(count) REFUSED"
        case .closes: "no client served"
        }
    }

    var style: Style {
        switch self {
        case .held: .plain
        case .spills: Style(.full)
        case .none, .refuses, .closes: Style(.down)
        }
    }

    /// Clients that were cut come back, and fill the groups in failover order. Answers how many find nothing.
    static func resettle(_ clients: UInt64, in effects: inout [Consequence.GroupEffect]) -> UInt64 {
        var waiting = clients
        for index in effects.indices where effects[index].usableAfter > 0 {
            let placed = min(waiting, effects[index].after.free ?? waiting)
            effects[index].after.used += placed
            waiting -= placed
        }
        return waiting
    }
}
