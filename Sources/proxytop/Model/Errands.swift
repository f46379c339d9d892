internal import Shared

/// Channels that were drained to be switched off when the last session has gone: kept by this screen, for as long
/// as it runs.
struct Errands: Equatable, Sendable {
    struct Errand: Equatable, Sendable {
        var serial: UInt64
        var path: String
        /// Whether it was seen draining: the picture from before the drain says nothing yet.
        var hasBegun = false
    }

    static let most = 100

    private(set) var waiting: [Errand] = []
    /// After a refusal nothing is tried before then.
    private var restUntil: UInt64 = 0
    private static let restMilliseconds: UInt64 = 2000

    var isEmpty: Bool { waiting.isEmpty }

    func contains(_ serial: UInt64) -> Bool { waiting.contains { $0.serial == serial } }

    mutating func add(_ channels: [ChannelSnapshot]) {
        for channel in channels where !contains(channel.serial) && waiting.count < Self.most {
            waiting.append(Errand(serial: channel.serial, path: channel.path))
        }
    }

    /// One that was refused: again, a little later.
    mutating func addAgain(_ channels: [ChannelSnapshot], at now: UInt64) {
        add(channels)
        restUntil = now + Self.restMilliseconds
    }

    func isResting(at now: UInt64) -> Bool { now < restUntil }

    /// What to do and what to say about a new picture.
    struct Outcome: Equatable, Sendable {
        /// The first channel that is empty.
        var empty: ChannelSnapshot?
        /// Why one of them is not waited for any more.
        var dropped: String?
    }

    mutating func look(at picture: Picture) -> Outcome {
        var outcome = Outcome()
        waiting = waiting.compactMap { errand in
            guard let channel = picture.channel(serial: errand.serial) else {
                outcome.dropped = "\(errand.path) is not there any more; nothing is switched off"
                return nil
            }
            guard channel.state == .drain else {
                if !errand.hasBegun { return errand }
                if channel.state != .off {
                    outcome.dropped =
                        "\(channel.path) is \(channel.state.rawValue) since: it is not switched off"
                }
                return nil
            }
            if channel.current == 0, outcome.empty == nil {
                outcome.empty = channel
                return nil
            }
            var errand = errand
            errand.hasBegun = true
            return errand
        }
        return outcome
    }

    mutating func drop() { waiting = [] }

    /// `off when empty: 0.4 (31 left)`
    func text(_ picture: Picture?) -> String? {
        guard let first = waiting.first else { return nil }
        let name = Place(channelPath: first.path).shortName
        let left = picture?.channel(serial: first.serial).map { " (\($0.current) left)" } ?? ""
        let others = waiting.count > 1 ? " and \(waiting.count - 1) more" : ""
        return "off when empty: \(name)\(left)\(others)"
    }
}

extension Model {
    /// Switches off what has become empty, when nothing else is on its way.
    mutating func runErrands(_ picture: Picture) -> [Effect] {
        guard !errands.isEmpty, batch == nil, tense == .present, obstacle == nil,
            !errands.isResting(at: now.milliseconds)
        else { return [] }
        let outcome = errands.look(at: picture)
        if let dropped = outcome.dropped { tell(dropped, isError: true) }
        guard let channel = outcome.empty,
            let target = Act.Target(.channel(serial: channel.serial), in: picture)
        else { return [] }
        return start(Act(verb: .off, targets: [target], generation: picture.generation))
    }
}
