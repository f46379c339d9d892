internal import Shared

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
        /// The last primary, then the list.
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
        /// Connections are refused.
        case refuse
    }

    static let keys = KeyTable("“election”", ElectionConfiguration()) {
        Key(
            "check", \.check, .program, settable: true,
            help: """
                A program, run with {Ar host:port} of a candidate that has accepted a
                connection; exit status 0 says that it will do.
                """)
        Key(
            "check-timeout", \.checkTimeout, .time(upTo: ValueReader.year), settable: true,
            help: "A check that takes longer says no. The default is 10s.")
        Key(
            "triggers", \.triggers, .program, settable: true,
            help: """
                A program, or a directory of which every regular file is run in byte
                order, with {Ar host:port}, before sessions go to a new primary.
                One that fails is logged and stops nothing.
                """)
        Key(
            "trigger-timeout", \.triggerTimeout, .time(upTo: ValueReader.year), settable: true,
            help: "For each; one that takes longer is ended. The default is 60s.")
        // Flopsy's shortest pause is a second, too; anything less is a loop.
        Key(
            "max-backoff", \.maxBackoff, .time(.seconds(1), upTo: ValueReader.year), settable: true,
            help: """
                The longest pause after a round in which no channel would do; the first
                is 1s.
                The default is 60s.
                """)
        Key(
            "prefer", \.prefer, .word, settable: true,
            help: """
                Who is tried first: the first of the `list` (the default), or the
                `previous` primary.
                """)
        Key(
            "failback", \.failback, .word, settable: true,
            help: """
                Whether an earlier channel of the list becomes primary again by itself:
                `manual` (the default) or `auto`.
                """)
        Key(
            "failback-delay", \.failbackDelay, .time(upTo: ValueReader.year), settable: true,
            help: "How often that is tried. The default is 30s.")
        Key(
            "on-change", \.onChange, .word, settable: true,
            help: """
                What happens to sessions of the old primary: `keep` (the default) or
                `close`.
                """)
        Key(
            "while-electing", \.whileElecting, .word, settable: true,
            help: """
                Whether clients wait while there is no primary {Pq Cm hold , No the
                default} or are refused {Pq Cm refuse}.
                """)
    }
}

extension ValueReader {
    /// One of a few words.
    static func word<Word>(_ text: String, as name: String) throws(ValueError) -> Word
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        if let word = Word(rawValue: text) { return word }
        let known = choice(Word.allCases.map(\.rawValue))
        throw ValueError("\(name) is “\(text)”, which is unknown", "write \(known)")
    }
}
