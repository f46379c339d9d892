extension KeySet {
    /// Read by `FileReader.probes`, as most depend on the kind.
    static let probe = KeySet(
        "a probe",
        [
            KeyInfo(
                "kind", "word", [Schema.ref("probe-kind")],
                words: ProbeKind.allCases.map(\.rawValue), settable: true,
                help: """

                    - `connect`: It accepts.
                    - `send-expect`: It answers what {Ic steps} ask for.
                    - `http`: One request is answered as expected.
                    - `script`: {Ic command} ends with status 0.
                    - `postgres`, `postgres-primary`: It takes connections; it is not
                    a standby.
                    - `redis-master`: It is a master.
                    - `mysql`: It takes logins.
                    - `smtp`: It greets.
                    - `tls`: A handshake is done, and its certificate is good.
                    """),
            KeyInfo(
                "interval", "time", [Schema.ref("duration"), #""default": "5s""#], settable: true,
                help: "From the end of one probe to the next. The default is 5s."),
            KeyInfo(
                "fast-interval", "time", [Schema.ref("duration"), #""default": "1s""#],
                settable: true,
                help: """
                    The same while the channel is down or its last result was a
                    surprise.
                    The default is 1s.
                    """),
            KeyInfo(
                "timeout", "time", [Schema.ref("duration"), #""default": "2s""#], settable: true,
                help: "For everything, from the connect to the last byte. The default is 2s."),
            KeyInfo(
                "rise", "number", [Schema.ref("probe-count"), #""default": 2"#], settable: true,
                help: "Good results in a row that bring it back. The default is 2."),
            KeyInfo(
                "fall", "number", [Schema.ref("probe-count"), #""default": 3"#], settable: true,
                help: "Bad results in a row that take it down. The default is 3."),
            KeyInfo(
                "port", "number", [#""type": "integer""#, #""minimum": 1"#, #""maximum": 65535"#],
                settable: true, help: "Where to probe, instead of the channel's."),
            KeyInfo(
                "address", "address", [#""type": "string""#, #""minLength": 1"#], settable: true,
                help: "Where to probe, instead of the channel's."),
            KeyInfo(
                "steps", "list",
                [
                    #""type": "array""#, #""minItems": 1"#, #""maxItems": 32"#,
                    ##""items": { "$ref": "#/$defs/probe-step" }"##,
                ], settable: true, help: "Of `send-expect`, see {Sx A step}."),
            KeyInfo(
                "method", "word", [#""enum": ["GET", "HEAD"]"#, #""default": "GET""#],
                settable: true, help: "Of `http`: `GET` (the default) or `HEAD`."),
            KeyInfo(
                "path", "text", [#""type": "string""#, #""pattern": "^/""#, #""default": "/""#],
                settable: true, help: "Of `http`. The default is `/`."),
            KeyInfo(
                "host", "text", [#""type": "string""#, #""minLength": 1"#], settable: true,
                help: "The Host header of `http`."),
            KeyInfo(
                "status", "text",
                [
                    #""oneOf": [{ "type": ["string", "integer"] }, { "type": "array", "items": { "type": ["string", "integer"] } }]"#,
                    #""default": "200-399""#,
                ], settable: true,
                help: """
                    What `http` has to answer: `200`, `200-399` (the default), or
                    several of them.
                    """),
            KeyInfo(
                "body", "text", [#""type": "string""#, #""minLength": 1"#], settable: true,
                help: "A text that the body of `http` contains."),
            KeyInfo(
                "command", "path", [#""type": "string""#, #""pattern": "^/""#], settable: true,
                help: "Of `script`, run with {Ar host:port}."),
            KeyInfo(
                "user", "word", [#""type": "string""#, #""default": "proxyd""#], settable: true,
                help: "Of a database. The default is `proxyd`."),
            KeyInfo(
                "tls", "yes | no", [Schema.ref("flag")], words: ["false", "true"], settable: true,
                help: "Whether TLS is spoken; without it as with the channel."),
        ])

    static let probeStep = KeySet(
        "a step",
        [
            KeyInfo("send", "text", [#""type": "string""#, #""minLength": 1"#]),
            KeyInfo(
                "expect", "text", [#""type": "string""#, #""minLength": 1"#],
                help: """
                    How the next line begins; or `"regex:^220"`, searched in what has
                    come since the step before.
                    """),
        ])
}
