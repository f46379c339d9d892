internal import Shared
internal import Yams

/// What concerns the daemon as a whole; its services stand beside it.
struct DaemonSettings: Equatable, Sendable {
    var control = ControlConfiguration()
    var metrics = MetricsConfiguration()
    var privileges = PrivilegesConfiguration()
    var log = LogConfiguration()
    /// Keeps what people have said about channels, and what was counted, over a restart; nil: nothing does.
    var stateFile: String?
    /// Data threads; nil means one per core.
    var workers: Int?
    /// Sessions of the whole daemon at once; nil means what the descriptors allow.
    var maxSessions: Int?

    static let keys = KeyTable("the file", DaemonSettings()) {
        Key(
            "control", \.control, ControlConfiguration.keys, schema: Schema.ref("control"),
            help: "The control socket, see {Sx control}.")
        Key(
            "metrics", \.metrics, .metrics,
            help: "Who may have the figures besides the control socket, see {Sx metrics}.")
        Key(
            "privileges", \.privileges, PrivilegesConfiguration.keys,
            schema: Schema.ref("privileges"),
            help: "What is given up once everything is bound, see {Sx privileges}.",
            check: { reader, value, _ in
                if value.node.mapping?.isEmpty ?? false, reader.yaml.diagnostics.isEmpty {
                    reader.yaml.diagnostics.add(
                        "“privileges” says nothing", "write user: NAME", at: value.place)
                }
            })
        Key("log", \.log, .log, help: "Where sessions and messages are written, see {Sx log}.")
        Key(
            "state-file", \.stateFile, .wholePath,
            help: """
                A file, named from / on, that keeps over a restart what was said about
                channels {Pq off, drain, auto, and weights that were set} and what was
                counted.
                It is written soon after a change, every minute, and at the end, and
                must be writable, with its directory, by the user that the daemon runs
                as.
                Changes take a restart.
                """)
        Key(
            "workers", \.workers, .workers,
            help: "Data threads; `auto`, the default, means one per core.")
        Key(
            "max-sessions", \.maxSessions, .sessions,
            help: """
                Sessions of the daemon at once.
                It is less by itself when there are too few descriptors.
                """)
        Key(
            KeyInfo(
                "services", "list",
                [
                    #""type": "array""#, #""minItems": 1"#,
                    ##""items": { "$ref": "#/$defs/service" }"##,
                ], help: "One or more services, see {Sx A service}."))
    }
}

/// The control socket.
struct ControlConfiguration: Equatable, Sendable {
    /// nil: `control.sock` in the runtime directory.
    var path: String?
    /// Permission bits of the socket.
    var mode: UInt32 = 0o600
    /// Name of the Unix group that owns the socket, and whose members operate.
    var group: String?
    /// A word that screens show, e.g. `PROD`.
    var environment: String?
    /// Who may do what, besides root, the daemon's own user and `group`.
    var admins = Principals()
    var operators = Principals()
    var viewers = Principals()
    /// A connection that asks nothing and watches nothing for so long is closed; nil: never.
    var idle: Duration? = .seconds(600)

    static let keys = KeyTable("“control”", ControlConfiguration()) {
        Key(
            "socket", \.path, .socketPath,
            help: """
                Where it is; {Pa control.sock} in the runtime directory unless said
                otherwise, see {Xr proxyd 8}.
                """)
        Key("mode", \.mode, .mode, help: "Who may connect at all. The default is `\"0600\"`.")
        Key(
            "group", \.group, .label,
            help: "The Unix group that owns the socket. Its members are operators.")
        Key("environment", \.environment, .label, help: "A word that screens show, such as PROD.")
        Key(
            "admins", \.admins, .principals,
            help: """
                Who may do everything, besides root and the daemon's own user: users by
                name or number, Unix groups with an {Ql @} in front; one, or a list of
                them.
                """)
        Key(
            "operators", \.operators, .principals,
            help: """
                Who may switch channels, set limits and end sessions, besides the
                members of {Ic group}.
                """)
        Key("viewers", \.viewers, .principals, help: "Who may ask and change nothing.")
        Key(
            "idle", \.idle, .timeOrNever(upTo: ValueReader.year),
            help: """
                A connection that asks nothing and watches nothing for so long is
                closed.
                The default is 10m.
                """)
    }
}

extension ValueKind where Value == Int? {
    /// Data threads; nil means one per core.
    static var workers: ValueKind {
        ValueKind(
            "number",
            [
                #""oneOf": [{ "const": "auto" }, { "type": "integer", "minimum": 1, "maximum": 256 }]"#
            ], example: "3", read: ValueReader.workers,
            text: { $0.map { String($0) } ?? "auto" })
    }
}

extension ValueKind where Value == MetricsConfiguration {
    static var metrics: ValueKind {
        ValueKind(
            argument: "map", schema: [Schema.ref("metrics")], example: "{listen: \"127.0.0.1:9\"}",
            inner: .metrics,
            read: { reader, map, key in map[key].map { reader.metrics($0) } },
            write: { metrics, _, key, writer in writer.put(key, metrics.writer(writer.extent)) })
    }
}

extension ValueKind where Value == LogConfiguration {
    static var log: ValueKind {
        ValueKind(
            argument: "map", schema: [Schema.ref("log")], example: "{access: stdout}", inner: .log,
            read: { reader, map, key in map[key].map { reader.log($0) } },
            write: { log, _, key, writer in writer.put(key, log.writer(writer.extent)) })
    }
}
