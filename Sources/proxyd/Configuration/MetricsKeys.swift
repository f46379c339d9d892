extension KeySet {
    static let metrics = KeySet(
        "“metrics”",
        [
            KeyInfo(
                "listen", "address",
                [
                    ##""oneOf": [{ "$ref": "#/$defs/endpoint" }, { "$ref": "#/$defs/metrics-listen" }]"##
                ],
                help: """
                    Where {Li GET /metrics} and {Li GET /healthz} are answered; or a
                    map, see {Sx listen}.
                    """),
            KeyInfo(
                "statsd", "map", [Schema.ref("statsd")],
                help: "A statsd server that is sent what channels do, see {Sx statsd}."),
        ])

    static let metricsListen = KeySet(
        "“listen”",
        [
            KeyInfo("address", "address", [Schema.ref("endpoint")]),
            KeyInfo("unix", "path", [Schema.ref("path")]),
            KeyInfo(
                "mode", "mode", [Schema.ref("mode"), #""default": "0666""#],
                help: "Of a Unix socket. The default is `\"0666\"`."),
        ])

    static let statsd = KeySet(
        "“statsd”",
        [
            KeyInfo("address", "address", [Schema.ref("endpoint")], help: "Where it is; UDP."),
            KeyInfo(
                "interval", "time", [Schema.ref("duration"), #""default": "10s""#],
                help: "How often. The default is 10s."),
            KeyInfo(
                "prefix", "word",
                [
                    #""type": "string""#, #""pattern": "^[A-Za-z0-9._-]{1,64}$""#,
                    #""default": "proxyd""#,
                ], help: "What every name begins with. The default is `proxyd`."),
        ])
}
