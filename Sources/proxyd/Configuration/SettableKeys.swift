/// What may be set while things run, by the keys of the file.
extension KeySet {
    /// The keys that `set` may change. A name is what everybody knows a thing by, and what is in a group
    /// or a service is created and removed.
    var settable: [String] {
        let fixed: Set = [
            "name", "unix", "listen", "groups", "channels", "enabled", "route", "tls",
        ]
        return keys.filter { !fixed.contains($0) }
    }

    /// The same with the keys of inner maps as they are written: `timeouts.idle`.
    var settablePaths: [String] {
        settable.flatMap { key in
            guard let inner = inner(key) else { return [key] }
            let whole = Self.alsoWhole.contains(key) ? [key] : []
            return whole + inner.keys.map { "\(key).\($0)" }
        }
    }

    /// The keys that `create` takes as KEY=VALUE; the address stands alone.
    var creatable: [String] {
        let apart: Set = ["address", "unix", "listen", "groups", "channels", "route", "tls"]
        return keys.filter { !apart.contains($0) }
    }

    /// The words that a key's value can be, where there are but few.
    static let words: [String: [String]] = [
        "balance": PolicyName.words, "balance.policy": PolicyName.words,
        "when-empty": ["close", "hold", "refuse", "reset"],
        "on-remove": ["cut", "drain", "keep"], "on-bind-failure": ["fail", "retry", "skip"],
        "overload": words(of: Overload.self), "autodisable": switches,
        "panic": switches, "may-be-empty": switches, "enabled": switches,
        "balance.failover": switches, "socket.mptcp": switches, "socket.fast-open": switches,
        "source": ["client"],
        "election.prefer": words(of: ElectionConfiguration.Preference.self),
        "election.failback": words(of: ElectionConfiguration.Failback.self),
        "election.on-change": words(of: ElectionConfiguration.OnChange.self),
        "election.while-electing": words(of: ElectionConfiguration.WhileElecting.self),
        "probe.tls": switches, "probe": words(of: ProbeKind.self),
        "probe.kind": words(of: ProbeKind.self),
    ]

    private static func words<Word>(of: Word.Type) -> [String]
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        Word.allCases.map(\.rawValue)
    }

    private func inner(_ key: String) -> KeySet? {
        // Listeners have options that connecting sockets lack.
        if key == "socket" { return keys.contains("backlog") ? .listenerSocket : .channelSocket }
        return Self.inner[key]
    }

    private static let switches = ["false", "true"]
    private static let inner: [String: KeySet] = [
        "timeouts": .timeouts, "per-source": .perSource, "queue": .queue, "balance": .balance,
        "election": .election, "probe": .probe,
    ]
    /// Those of which one word says the whole.
    private static let alsoWhole: Set = ["balance", "probe"]
}
