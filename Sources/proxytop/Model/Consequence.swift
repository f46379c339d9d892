internal import Shared

/// What a drain or a disable would do, worked out before it is done, from the picture on the screen.
struct Consequence: Equatable, Sendable {
    /// How much must be typed before it is sent.
    enum Tier: Int, Equatable, Sendable {
        /// Sent at once.
        case none
        /// A look and a `y`.
        case look
        /// A look, and the number of victims or the name.
        case type
    }

    struct GroupEffect: Equatable, Sendable {
        var title: String
        var channels: Int
        var usableNow: Int
        var usableAfter: Int
        var now: Slots
        var after: Slots
        /// Whether a target lies in it.
        var isTouched: Bool
    }

    /// Cutting more connections than this has to be confirmed by typing.
    static let mostCutLightly: UInt64 = 10

    private(set) var groups: [GroupEffect] = []
    /// Connections ended at once.
    private(set) var cut: UInt64 = 0
    /// Of those, how many find no slot when they come back.
    private(set) var stranded: UInt64 = 0
    /// Nobody who comes after this finds a slot, though there was one before.
    private(set) var closesLastRoom = false
    /// Groups that lose their last usable channel.
    private(set) var emptied: [String] = []

    init(_ verb: Act.Verb, _ target: Act.Target, in picture: Picture) {
        for service in picture.services
        where service.groups.contains(where: { Self.touches($0, target) }) {
            add(service, verb, target)
        }
    }

    var tier: Tier {
        let isGrave =
            cut > Self.mostCutLightly || stranded > 0 || closesLastRoom || !emptied.isEmpty
            || groups.count(where: \.isTouched) > 1
        return isGrave ? .type : .look
    }

    /// Whether a later look says something else than this one; a few sessions more or less do not count.
    func differs(from other: Consequence) -> Bool {
        let tolerance = max(Self.mostCutLightly, cut / 10)
        let change = cut > other.cut ? cut - other.cut : other.cut - cut
        return tier != other.tier || emptied != other.emptied || change > tolerance
            || (stranded == 0) != (other.stranded == 0) || closesLastRoom != other.closesLastRoom
            || groups.map(\.usableAfter) != other.groups.map(\.usableAfter)
    }

    private static func touches(_ group: Picture.Group, _ target: Act.Target) -> Bool {
        group.channels.contains { target.serials.contains($0.serial) }
    }

    private mutating func add(
        _ service: Picture.Service, _ verb: Act.Verb, _ target: Act.Target
    ) {
        var displaced: UInt64 = 0
        var effects: [GroupEffect] = []
        for group in service.groups {
            let hit = group.channels.filter { target.serials.contains($0.serial) }
            let left = group.usable.filter { !target.serials.contains($0.serial) }
            if verb == .cut { displaced += hit.map(\.current).reduce(0, +) }
            effects.append(
                GroupEffect(
                    title: group.title, channels: group.channels.count,
                    usableNow: group.usable.count, usableAfter: left.count,
                    now: Slots(group.usable), after: Slots(left), isTouched: !hit.isEmpty))
        }
        cut += displaced
        emptied += effects.filter { $0.usableNow > 0 && $0.usableAfter == 0 }.map(\.title)
        let hadRoom = effects.contains { !$0.now.isFull }
        stranded += Self.resettle(displaced, in: &effects)
        if hadRoom, effects.allSatisfy(\.after.isFull) { closesLastRoom = true }
        groups += effects
    }

    /// Clients that were cut come back, and fill the groups in failover order. Answers how many find nothing.
    private static func resettle(_ clients: UInt64, in effects: inout [GroupEffect]) -> UInt64 {
        var waiting = clients
        for index in effects.indices where effects[index].usableAfter > 0 {
            let placed = min(waiting, effects[index].after.free ?? waiting)
            effects[index].after.used += placed
            waiting -= placed
        }
        return waiting
    }
}
