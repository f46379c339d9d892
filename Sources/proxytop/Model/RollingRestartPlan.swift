internal import Shared

/// Restarting the channels of a group one after the other, without doing it: in which order, what is left at each
/// step, and when to stop.
struct RollingRestartPlan: Equatable, Sendable {
    struct Step: Equatable, Sendable {
        var channel: ChannelSnapshot
        /// Of its group, while it is away.
        var usable: Int
        var slots: Slots
        /// Clients that find no slot in the whole service when its own come back.
        var refused: UInt64
        /// Clients of its own that go to another group.
        var spilled: UInt64
        /// No client is served while it is away.
        var closes: Bool

        var isBad: Bool { refused > 0 || closes }
    }

    let title: String
    let path: String
    let steps: [Step]
    /// Channels that are away already; their restart changes nothing.
    let away: [ChannelSnapshot]

    /// nil: there is no such group any more.
    init?(_ serial: UInt64, _ model: Model) {
        guard let snapshot = model.snapshot,
            let service = snapshot.services.first(where: { service in
                service.groups.contains { $0.snapshot.serial == serial }
            }),
            let group = service.groups.first(where: { $0.snapshot.serial == serial })
        else { return nil }
        title = group.title
        path = group.snapshot.path
        away = group.channels.filter { !$0.state.isUsable }
        // The emptiest first: if something is wrong with the new version, few have met it.
        let order = group.usable.enumerated().sorted {
            ($0.element.current, $0.offset) < ($1.element.current, $1.offset)
        }
        steps = order.map { Self.step($0.element, group, service) }
    }

    private static func step(
        _ channel: ChannelSnapshot, _ group: DaemonSnapshot.Group, _ service: DaemonSnapshot.Service
    ) -> Step {
        var effects = LossImpact.effects(without: channel, in: service)
        let own = service.groups.firstIndex { $0.snapshot.serial == group.snapshot.serial } ?? 0
        let before = effects[own].after.used
        let refused = LossImpact.resettle(channel.current, in: &effects)
        let kept = effects[own].after.used - before
        return Step(
            channel: channel, usable: effects[own].usableAfter, slots: effects[own].after,
            refused: refused,
            spilled: channel.current - min(channel.current, kept + refused),
            closes: !effects.contains { $0.usableAfter > 0 })
    }

    // MARK: As text

    var lines: [StyledText] {
        var lines: [StyledText] = []
        guard !steps.isEmpty else {
            return [
                StyledText("no channel of it is usable: there is nothing to go on with", .danger)
            ]
        }
        lines.append(
            StyledText(
                "STEP  CHANNEL    CONN   LEFT IN GROUP              ITS CLIENTS MEANWHILE", .heading
            ))
        for (index, step) in steps.enumerated() {
            let name = Place(channelPath: step.channel.path).shortName
            var line = StyledText(
                "\(Self.right(String(index + 1), 4))  \(Self.left(name, 9))"
                    + "\(Self.right(String(step.channel.current), 6))   "
                    + Self.left(
                        step.usable == 0
                            ? "nothing usable"
                            : "\(step.usable) usable, slots \(step.slots.description)", 27))
            line.add(Self.outcome(step), step.isBad ? .danger : .plain)
            lines.append(line)
        }
        lines.append(StyledText())
        if let worst = steps.max(by: { $0.refused < $1.refused }), worst.isBad {
            let text =
                worst.closes
                ? "Do not: while \(worst.channel.path) is away no client is served."
                : "Not now: \(worst.refused) clients would find no slot. Wait for a quieter hour, "
                    + "raise maxc (M), or add a channel first."
            lines.append(StyledText(text, .danger))
        } else {
            lines.append(StyledText("There is room for it now, one channel at a time.", .good))
        }
        if !away.isEmpty {
            let names = away.map { "\(Place(channelPath: $0.path).shortName) \($0.state.rawValue)" }
            lines.append(
                StyledText("Away already, restart them first: \(names.joined(separator: ", "))"))
        }
        lines += [StyledText(), StyledText("For each channel, from the top", .heading)]
        lines += [
            "  1  drain it (D), and wait until it is empty: its detail (Enter) says when",
            "  2  restart what is behind it",
            "  3  enable it (E), and wait until it is up and takes its share",
            "Stop when one is not back up within a minute, when ERR of another rises, or",
            "when the group has no free slot: enable what is drained (E), then ask w.",
        ].map { StyledText($0) }
        lines += [StyledText(), StyledText("The same by hand", .heading)]
        lines += steps.prefix(20).flatMap { step in
            [
                StyledText("  drain \(step.channel.path)"),
                StyledText("  enable \(step.channel.path)", .faint),
            ]
        }
        return lines
    }

    private static func outcome(_ step: Step) -> String {
        if step.closes { return "NOBODY IS SERVED" }
        if step.refused > 0 { return "\(step.refused) REFUSED" }
        return step.spilled > 0 ? "ok, \(step.spilled) go to another group" : "ok"
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - CellWidth.of(text)))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - CellWidth.of(text))) + text
    }
}

extension Model {
    /// `p`: of the group under the cursor, or that of the channel there.
    mutating func rehearse() {
        let group: UInt64?
        switch subject {
        case .group(let serial), .quiet(let serial): group = serial
        case .channel(let serial):
            group =
                snapshot?.groups.first { $0.channels.contains { $0.serial == serial } }?
                .snapshot.serial
        default: group = nil
        }
        guard let group else { return notify("go to a group or a channel for that", isError: true) }
        navigation.overlay = .rehearsal(group: group, top: 0)
    }
}
