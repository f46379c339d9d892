extension KeySet {
    static let log = KeySet(
        "“log”",
        [
            KeyInfo(
                "access", "target",
                [
                    ##""oneOf": [{ "$ref": "#/$defs/log-target" }, { "$ref": "#/$defs/access-log" }]"##
                ],
                help: """
                    A line per session: a target, or a map, see {Sx access}.
                    None unless said so.
                    """),
            KeyInfo(
                "format", "word", [Schema.ref("access-format")],
                help: "Of {Ic access}, when that is a target."),
            KeyInfo(
                "error", "target",
                [
                    ##""oneOf": [{ "$ref": "#/$defs/log-target" }, { "$ref": "#/$defs/error-log" }]"##,
                    #""default": "stderr""#,
                ],
                help: """
                    What the daemon has to say: a target, or a map, see {Sx error}.
                    The default is `stderr`.
                    """),
        ])

    static let accessLog = KeySet(
        "“access”",
        [
            KeyInfo("target", "target", [Schema.ref("log-target")]),
            KeyInfo(
                "format", "word", [Schema.ref("access-format")],
                help: """
                    `httpd` (the default) is a line as web servers write it, `extended`
                    has everything behind it, and `json` is an object per line.
                    """),
            KeyInfo(
                "events", "list",
                [
                    #""type": "array""#, #""minItems": 1"#,
                    #""items": { "enum": ["start", "end"] }"#, #""default": ["end"]"#,
                ],
                help: """
                    `end` (the default): when the session is over; `start`: when a
                    channel has accepted.
                    """),
            KeyInfo(
                "every", "time", [Schema.ref("optional-duration")],
                help: "A line more each time that a session has run for so long again."),
            KeyInfo(
                "socket", "path", [Schema.ref("log-socket")],
                help: "Of syslog or journald, where it is not at its usual place."),
            KeyInfo("ident", "word", [Schema.ref("log-ident")]),
            KeyInfo("facility", "word", [Schema.ref("log-facility")]),
            KeyInfo(
                "severity", "word", [Schema.ref("log-severity")],
                help: """
                    What syslog and journald are told; the defaults are `proxyd`,
                    `daemon` and `info`.
                    """),
        ])

    static let errorLog = KeySet(
        "“error”",
        [
            KeyInfo("target", "target", [Schema.ref("log-target")]),
            KeyInfo(
                "level", "word",
                [
                    #""enum": ["debug", "info", "notice", "warning", "error"]"#,
                    #""default": "info""#,
                ],
                help: """
                    `debug`, `info` (the default), `notice`, `warning` or `error`: what
                    matters less is not written.
                    """),
            KeyInfo("socket", "path", [Schema.ref("log-socket")]),
            KeyInfo("ident", "word", [Schema.ref("log-ident")]),
            KeyInfo("facility", "word", [Schema.ref("log-facility")], help: "As in {Sx access}."),
            KeyInfo(
                "severity", "word", [Schema.ref("log-severity")],
                help: "Of every line, instead of its own level."),
        ])
}
