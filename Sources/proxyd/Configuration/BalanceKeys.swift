extension KeySet {
    /// Taken by `BalanceOptions.set`.
    static let balance = KeySet(
        "“balance”",
        [
            KeyInfo(
                "policy", "word", [Schema.ref("policy")], words: PolicyName.words, settable: true,
                help: """

                    - `round-robin`: In turn, by weight; the default.
                    - `least-connections`, `fair`: The fewest sessions for its weight.
                    - `fewest-connections-total`: The fewest sessions so far.
                    - `least-bytes`, `least-time`: The fewest bytes, the least time of
                    sessions so far.
                    - `workload`: The least of sessions, bytes and time together.
                    - `hash`: By the client; see {Ic failover}.
                    - `sticky`, `maglev`: By the client, and as few clients as possible
                    move when a channel comes or goes.
                    - `first`: The first that has room.
                    - `random-two-choices`: The better of two.
                    - `least-latency`: The one that accepts soonest, for its sessions.
                    - `primary`: One for all, until it fails; see {Sx election}.
                    """),
            KeyInfo(
                "key", "word",
                [
                    #""enum": ["source", "source+port", "destination", "sni"]"#,
                    #""default": "source""#,
                ], words: HashKey.allCases.map(\.rawValue), settable: true,
                help: """
                    What of a client counts for `hash`, `sticky` and `maglev`: `source`
                    (the default), `source+port`, `destination` or `sni`, the server
                    name that a TLS client asks for; where there is none, the source.
                    """),
            KeyInfo(
                "function", "word",
                [#""enum": ["modern", "balance", "lighttpd"]"#, #""default": "modern""#],
                words: HashFunction.allCases.map(\.rawValue), settable: true,
                help: """
                    `modern` (the default); `balance` gives `hash` the numbers of that
                    program, `lighttpd` gives `sticky` and `hash` those of that one,
                    where `hash` sends every client to the same channel.
                    """),
            KeyInfo(
                "failover", "yes | no", [#""type": "boolean""#, #""default": false"#],
                words: ["false", "true"], settable: true,
                help: """
                    Whether `hash` goes on when its channel is not usable; otherwise the
                    next group is asked.
                    The default is no.
                    """),
            KeyInfo(
                "max-load", "number",
                [#""type": "number""#, #""minimum": 1.01"#, #""maximum": 10"#], settable: true,
                help: """
                    The most sessions of a channel against an even share, 1.01 to 10,
                    for `hash` with {Ic failover}, `sticky` and `maglev`.
                    """),
            KeyInfo(
                "seed", "number",
                [
                    #""type": "integer""#, #""minimum": 0"#, #""maximum": 4294967295"#,
                    #""default": 0"#,
                ], settable: true,
                help: """
                    For `hash`, `sticky`, `maglev` and `random-two-choices`: equal seeds
                    choose alike.
                    The default is 0.
                    """),
        ])
}
