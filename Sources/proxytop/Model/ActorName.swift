internal import Shared

extension EventSnapshot {
    /// `alice proxytop` of `1000:proxytop[4711]`.
    var actorName: String {
        guard let actor else { return "proxyd" }
        let parts = actor.split(separator: ":", maxSplits: 1).map(String.init)
        let program = parts.count > 1 ? parts[1].prefix { $0 != "[" } : ""
        return "\(user ?? parts.first ?? "?") \(program)"
    }
}

extension Model {
    /// `root proxytop` of `0:proxytop[4711]`, as far as the name is known; what is not a person stays as it is.
    func person(_ by: String) -> String {
        let parts = by.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let number = UInt32(parts[0]) else { return by }
        let program = parts[1].prefix { $0 != "[" }
        let user =
            number == 0
            ? "root"
            : data.presence.all.first { $0.uid == number }?.user
                ?? data.log.events.last { $0.actor == by }?.user
        return "\(user ?? parts[0]) \(program)"
    }
}
