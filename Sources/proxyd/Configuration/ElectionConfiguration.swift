/// How the primary of a group is chosen (`election:`, for `balance: primary`).
struct ElectionConfiguration: Equatable, Sendable {
    /// A program that says whether a candidate will do; nil: accepting a connection is enough.
    var check: String?
    var checkTimeout = Duration.seconds(10)
    /// A program, or a directory of them, that is run before sessions go to a new primary.
    var triggers: String?
    /// For each of them.
    var triggerTimeout = Duration.seconds(60)
    /// The longest pause between two rounds in which no channel would do.
    var maxBackoff = Duration.seconds(60)
    var prefer = Preference.list
    var failback = Failback.manual
    /// How often an earlier channel is tried while a later one is primary.
    var failbackDelay = Duration.seconds(30)
    var onChange = OnChange.keep
    var whileElecting = WhileElecting.hold

    enum Preference: String, Sendable, CaseIterable {
        /// As the channels stand in the list.
        case list
        /// Whoever was primary last, then the list.
        case previous
    }

    /// What happens when a channel that comes before the primary is good again.
    enum Failback: String, Sendable, CaseIterable {
        case manual, auto
    }

    /// What happens to the sessions of a primary that is replaced.
    enum OnChange: String, Sendable, CaseIterable {
        case keep, close
    }

    /// What clients meet while there is no primary.
    enum WhileElecting: String, Sendable, CaseIterable {
        /// They are accepted and wait for the end of the round.
        case hold
        /// Nobody listens.
        case refuse
    }
}
