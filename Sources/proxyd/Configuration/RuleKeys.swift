extension KeySet {
    static let accessRule = KeySet(
        "a rule of “access”",
        [
            KeyInfo(
                "allow", "networks", [Schema.ref("access-clients")],
                help: """
                    Networks or addresses, one or a list; `all` is everybody, `unix`
                    whoever connects to a Unix socket.
                    """),
            KeyInfo("deny", "networks", [Schema.ref("access-clients")]),
            KeyInfo(
                "allow-file", "path", [Schema.ref("network-file")],
                help: """
                    A file with a network or an address per line; {Ql #} begins a
                    comment.
                    It is read with the configuration, and again with every reload and
                    every change of the thing it belongs to.
                    """),
            KeyInfo("deny-file", "path", [Schema.ref("network-file")]),
            KeyInfo(
                "action", "what",
                [
                    #""type": "string""#,
                    #""pattern": "^(close|reset|drop|tarpit( [0-9]+(ms|s|m|h|d)?)?)$""#,
                    #""default": "close""#,
                ],
                help: """
                    What a denied client meets: `close` (the default), `reset`, `drop`
                    (it is forgotten without a word, which takes {Dv CAP_NET_ADMIN};
                    without that its reset gets no further than the next router) or
                    `tarpit 30s` (nothing comes for so long, 10s unless said otherwise;
                    beyond 1024 such clients of a data thread the others are closed).
                    """),
        ])

    static let routeRule = KeySet(
        "a rule of “route”",
        [
            KeyInfo(
                "sni", "names", [Schema.ref("route-names")],
                help: """
                    Server names that TLS clients ask for, one or a list;
                    `*.example.com` is every name below `example.com`.
                    """),
            KeyInfo(
                "alpn", "words", [Schema.ref("route-names")],
                help: "Protocols of which a TLS client offers one."),
            KeyInfo(
                "first-bytes", "what",
                [#""type": "string""#, #""pattern": "^(tls|http|ssh|proxy|regex:.+)$""#],
                help: """
                    What the connection begins with: `tls`, `http`, `ssh`, `proxy` (the
                    PROXY protocol) or `regex:PATTERN` in the first line, of which 256
                    bytes are looked at.
                    """),
            KeyInfo(
                "group", "name", [Schema.ref("name")],
                help: "Of the listener's service; no other group is tried."),
            KeyInfo(
                "service", "name", [Schema.ref("name")],
                help: "Whose limits, timeouts and groups hold from then on."),
            KeyInfo(
                "default", "name", [Schema.ref("name")],
                help: "The group for everybody else, in the last rule."),
        ])

    static let proxyProtocol = KeySet(
        "“proxy-protocol”",
        [
            KeyInfo(
                "accept-from", "networks",
                [
                    #""oneOf": [{ "type": "string" }, { "type": "array", "minItems": 1, "maxItems": 1000, "items": { "type": "string" } }]"#
                ],
                help: """
                    The proxies, by networks or addresses, or `unix` for those of Unix
                    sockets: their connections must begin with a header, and all others
                    are taken as they are.
                    """)
        ])
}
