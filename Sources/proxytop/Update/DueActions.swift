internal import Shared

// Doing what was promised, when its time has come.
extension Model {
    /// Switches off what has become empty or whose time has come, when nothing else is on its way.
    mutating func runScheduledActions(_ snapshot: DaemonSnapshot) -> [Effect] {
        guard !actions.scheduled.isEmpty, actions.batch == nil, time.mode == .present,
            obstacle == nil,
            !actions.scheduled.isResting(at: now.milliseconds)
        else { return [] }
        let outcome = actions.scheduled.look(at: snapshot, now)
        if let dropped = outcome.dropped { notify(dropped, isError: true) }
        guard let channel = outcome.channel,
            let target = Act.Target(.channel(serial: channel.serial), in: snapshot)
        else { return [] }
        var act = Act(
            verb: outcome.time == nil ? .off : .cut, targets: [target],
            generation: snapshot.generation)
        act.occasion = outcome.time.map { "it is \($0)" } ?? "it is empty"
        return start(act)
    }
}
