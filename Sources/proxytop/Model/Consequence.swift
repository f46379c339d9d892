internal import Shared

/// What an act would do: the daemon's plan of it, beside the sessions that are on the screen.
struct Consequence: Equatable, Sendable {
    /// How much must be typed before it is sent.
    enum Tier: Int, Comparable, Sendable {
        /// A look and a `y`.
        case look
        /// A look, and the number of victims or the name.
        case type
        /// The same, and the name of the machine.
        case host

        static func < (left: Tier, right: Tier) -> Bool { left.rawValue < right.rawValue }
    }

    struct GroupEffect: Equatable, Sendable {
        var title: String
        var channels: Int
        var usableNow: Int
        var usableAfter: Int
        var now: Slots
        var after: Slots
        /// Whether the daemon says that it changes.
        var isTouched: Bool

        /// Whether it can take less than before.
        var loses: Bool {
            guard isTouched else { return false }
            if usableAfter < usableNow { return true }
            guard let left = after.total else { return false }
            return now.total.map { left < $0 } ?? true
        }
    }

    /// Cutting more connections than this has to be confirmed by typing.
    static let mostCutLightly: UInt64 = 10

    private(set) var groups: [GroupEffect] = []
    /// Connections ended at once.
    private(set) var cut: UInt64 = 0
    /// Of those, how many find no slot when they come back.
    private(set) var stranded: UInt64 = 0
    /// New clients find no slot after this, though there was one before.
    private(set) var closesLastRoom = false
    /// Groups that lose their last usable channel.
    private(set) var emptied: [String] = []
    /// Groups that hold more sessions than they have slots for afterwards, in sentences: the rest goes on, as its
    /// clients come back.
    private(set) var overflows: [String] = []
    /// Everything else that changes, as the daemon says it.
    private(set) var facts: [Plan.Row] = []
    private(set) var tier = Tier.look

    init(_ act: Act, _ plan: Plan, in snapshot: DaemonSnapshot) {
        cut = plan.sum("sessions_cut")
        // A transaction cuts nothing that it switches, so of several the sessions on the screen are counted.
        if cut == 0, act.commands.count > 1 {
            cut = Self.cutChannels(act, snapshot).reduce(0) { $0 + $1.current }
        }
        cut += plan.matched ?? 0
        let lost = Self.lost(act, plan, snapshot)
        for service in snapshot.services where plan.concerns(service: service.name) {
            add(service, plan, lost, cutsLost: act.verb == .cut || Self.cuts(act))
        }
        let counted: Set = [
            "state", "usable", "slots", "sessions_cut", "sessions_kept",
        ]
        facts = plan.rows.filter { !counted.contains($0.fact) }
        tier = max(ownTier, Self.leastTier(act, snapshot))
    }

    private var ownTier: Tier {
        let isGrave =
            cut > Self.mostCutLightly || stranded > 0 || closesLastRoom || !emptied.isEmpty
            || groups.count(where: \.loses) > 1
        return isGrave ? .type : .look
    }

    /// What the kind of act asks for, whatever comes of it.
    private static func leastTier(_ act: Act, _ snapshot: DaemonSnapshot) -> Tier {
        switch act.verb {
        case .kill: return act.targets.count > 1 ? .type : .look
        case .maxc(let maxc?):
            let isBelow = act.targets.contains { target in
                target.serials.contains { (snapshot.channel(serial: $0)?.current ?? 0) > maxc }
            }
            return isBelow ? .type : .look
        case .typed(let commands), .undo(let commands):
            return commands.map { tier(of: $0, snapshot) }.max() ?? .look
        default: return .look
        }
    }

    /// Stopping the daemon, and deleting more than a channel.
    private static func tier(of words: [String], _ snapshot: DaemonSnapshot) -> Tier {
        switch words.first {
        case "shutdown", "drain-daemon": return .host
        case "remove" where words.count > 1 && words[1] != "listener":
            let isChannel = snapshot.channels.contains { $0.path == words[1] }
            return isChannel || words[1].split(separator: "/").count > 2 ? .look : .host
        case "reload", "commit", "rollback": return .type
        default: return .look
        }
    }

    /// The channels whose sessions `disable PATH cut` ends.
    private static func cutChannels(_ act: Act, _ snapshot: DaemonSnapshot) -> [ChannelSnapshot] {
        let paths = act.commands.filter { $0.count > 2 && $0[0] == "disable" && $0[2] == "cut" }
            .map { $0[1] }
        let only = snapshot.services.count == 1 ? snapshot.services[0].name + "/" : ""
        return snapshot.channels.filter { channel in
            paths.contains { path in
                [path, only + path].contains {
                    channel.path == $0 || channel.path.hasPrefix($0 + "/")
                }
            }
        }
    }

    private static func cuts(_ act: Act) -> Bool {
        act.commands.contains { $0.contains("cut") }
    }

    /// Channels that take no sessions afterwards.
    private static func lost(_ act: Act, _ plan: Plan, _ snapshot: DaemonSnapshot) -> Set<UInt64> {
        var lost: Set<UInt64> = []
        if act.verb == .cut || act.verb == .drain {
            lost = act.targets.reduce(into: []) { $0.formUnion($1.serials) }
        }
        let paths = Set(
            plan.rows.filter { row in
                row.fact == "state"
                    && ChannelState(rawValue: row.after)?.isUsable == false
            }.map(\.path))
        for channel in snapshot.channels where paths.contains(channel.path) {
            lost.insert(channel.serial)
        }
        return lost
    }

    /// Whether a later look says something else than this one; a few sessions more or less do not count.
    func differs(from other: Consequence) -> Bool {
        let tolerance = max(Self.mostCutLightly, cut / 10)
        let change = cut > other.cut ? cut - other.cut : other.cut - cut
        return tier != other.tier || emptied != other.emptied || change > tolerance
            || (stranded == 0) != (other.stranded == 0) || closesLastRoom != other.closesLastRoom
            || groups.map(\.usableAfter) != other.groups.map(\.usableAfter)
            || facts != other.facts
    }

    private static func overflows(
        _ service: DaemonSnapshot.Service, _ effects: [GroupEffect]
    ) -> [String] {
        zip(service.groups, effects).enumerated().compactMap { index, pair in
            let (group, effect) = pair
            let held = group.channels.reduce(UInt64(0)) { $0 + min($1.current, Bounds.sessions) }
            guard effect.isTouched, effect.usableAfter > 0, let slots = effect.after.total,
                held > slots
            else { return nil }
            var rest = held - slots
            var parts: [String] = []
            for later in effects.dropFirst(index + 1) where later.usableAfter > 0 && rest > 0 {
                let placed = min(rest, later.after.free ?? rest)
                if placed > 0 { parts.append("\(placed) go to \(later.title)") }
                rest -= placed
            }
            if rest > 0 { parts.append("\(rest) find no slot") }
            return "\(held) sessions in \(effect.title) and \(slots) slots: about "
                + parts.joined(separator: ", ") + "."
        }
    }

    private mutating func add(
        _ service: DaemonSnapshot.Service, _ plan: Plan, _ lost: Set<UInt64>, cutsLost: Bool
    ) {
        var displaced: UInt64 = 0
        var effects: [GroupEffect] = []
        for group in service.groups {
            let hit = group.channels.filter { lost.contains($0.serial) }
            let left = group.usable.filter { !lost.contains($0.serial) }
            if cutsLost { displaced += hit.map(\.current).reduce(0, +) }
            let path = group.snapshot.path
            let usable = plan.row(path, "usable")
            var after = Slots(left)
            if let slots = plan.row(path, "slots") {
                after.total = UInt64(slots.after).map { min($0, Bounds.sessions) }
            }
            effects.append(
                GroupEffect(
                    title: group.title, channels: group.channels.count,
                    usableNow: usable.flatMap { Int($0.before) } ?? group.usable.count,
                    usableAfter: usable.flatMap { Int($0.after) } ?? group.usable.count,
                    now: Slots(group.usable), after: after, isTouched: usable != nil))
        }
        if !cutsLost { overflows += Self.overflows(service, effects) }
        emptied += effects.filter { $0.usableNow > 0 && $0.usableAfter == 0 }.map(\.title)
        let hadRoom = effects.contains { $0.usableNow > 0 && !$0.now.isFull }
        stranded += LossImpact.resettle(min(displaced, cut), in: &effects)
        let hasRoom = effects.contains { $0.usableAfter > 0 && !$0.after.isFull }
        if hadRoom, !hasRoom { closesLastRoom = true }
        groups += effects
    }
}
