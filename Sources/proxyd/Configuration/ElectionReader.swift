internal import Shared

/// Reads a group's `election:`.
extension FileReader {
    mutating func election(_ value: YAMLValue) -> Placed<ElectionConfiguration>? {
        var election = ElectionConfiguration()
        guard let map = yaml.map(value, .election) else { return nil }
        election.check = yaml.value(map, "check", ValueReader.program)?.value
        election.triggers = yaml.value(map, "triggers", ValueReader.program)?.value
        election.checkTimeout = time(map, "check-timeout") ?? election.checkTimeout
        election.triggerTimeout = time(map, "trigger-timeout") ?? election.triggerTimeout
        election.failbackDelay = time(map, "failback-delay") ?? election.failbackDelay
        // Flopsy's shortest pause is a second, too; anything less is a loop.
        election.maxBackoff =
            time(map, "max-backoff", atLeast: Duration.seconds(1)) ?? election.maxBackoff
        election.prefer = word(map, "prefer") ?? election.prefer
        election.failback = word(map, "failback") ?? election.failback
        election.onChange = word(map, "on-change") ?? election.onChange
        election.whileElecting = word(map, "while-electing") ?? election.whileElecting
        return Placed(election, at: value.place)
    }

    private mutating func time(
        _ map: YAMLMap, _ key: String, atLeast shortest: Duration = ValueReader.shortest
    ) -> Duration? {
        yaml.value(map, key) { text, name throws(ValueError) in
            try ValueReader.duration(text, in: shortest...ValueReader.year, as: name)
        }?.value
    }

    private mutating func word<Word>(_ map: YAMLMap, _ key: String) -> Word?
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        yaml.value(map, key) { text, name throws(ValueError) in
            try ValueReader.word(text, as: name)
        }?.value
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
