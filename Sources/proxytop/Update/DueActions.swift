internal import Shared

// Doing what was promised, when its time has come.
extension Model {
    /// Switches off what has become empty or whose time has come, when nothing else is on its way.
    mutating func runErrands(_ picture: DaemonSnapshot) -> [Effect] {
        guard !errands.isEmpty, batch == nil, tense == .present, obstacle == nil,
            !errands.isResting(at: now.milliseconds)
        else { return [] }
        let outcome = errands.look(at: picture, now)
        if let dropped = outcome.dropped { tell(dropped, isError: true) }
        guard let channel = outcome.channel,
            let target = Act.Target(.channel(serial: channel.serial), in: picture)
        else { return [] }
        var act = Act(
            verb: outcome.time == nil ? .off : .cut, targets: [target],
            generation: picture.generation)
        act.occasion = outcome.time.map { "it is \($0)" } ?? "it is empty"
        return start(act)
    }
}
