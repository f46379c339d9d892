internal import Shared

/// How much of a group's slots is free.
struct Headroom: Equatable, Sendable {
    let title: String
    let free: UInt64
    let total: UInt64

    private var part: Double { total == 0 ? 0 : Double(free) / Double(total) }

    var percent: String { NumberText.percent(free, of: total) }
    var style: Style { part <= 0.1 ? Style(.full) : .plain }

    /// Of the groups that take clients now, the one with least room; nil: none of them has a limit.
    static func worst(in snapshot: DaemonSnapshot) -> Headroom? {
        let rooms = snapshot.services.flatMap { service in
            service.groups.compactMap { group -> Headroom? in
                let slots = Slots(group.usable)
                guard [.active, .spill].contains(group.snapshot.role), let total = slots.total,
                    let free = slots.free
                else { return nil }
                let title =
                    snapshot.services.count > 1 ? "\(service.name)/\(group.title)" : group.title
                return Headroom(title: title, free: free, total: total)
            }
        }
        return rooms.min { $0.part < $1.part }
    }
}
