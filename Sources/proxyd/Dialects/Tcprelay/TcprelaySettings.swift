/// What a tcprelay configuration file says, section by section, before it is translated.
struct TcprelaySettings: Equatable, Sendable {
    var spawnd = SpawndSection()
    var relay = RelaySection()
    /// What stands at the top level, and in the sections.
    var log = TcprelayLog()
    var remarks: [ForeignRemark] = []
}

/// A value, and the line that gives it.
struct TcprelayValue<Value: Equatable & Sendable>: Equatable, Sendable {
    var value: Value
    var place: String

    init(_ value: Value, at place: String) {
        self.value = value
        self.place = place
    }
}

/// `syslog …`; nil: not said.
struct TcprelayLog: Equatable, Sendable {
    var ident: String?
    var facility: SyslogFacility?
    var severity: SyslogSeverity?

    var isSaid: Bool { self != TcprelayLog() }

    /// What this one does not say is as the other has it.
    func inheriting(from other: TcprelayLog) -> TcprelayLog {
        TcprelayLog(
            ident: ident ?? other.ident, facility: facility ?? other.facility,
            severity: severity ?? other.severity)
    }
}

/// `tcp keepalive …`; nil: as the system has it.
struct TcprelayKeepalive: Equatable, Sendable {
    var count: TcprelayValue<Int>?
    var idle: TcprelayValue<Int>?
    var interval: TcprelayValue<Int>?

    func inheriting(from other: TcprelayKeepalive) -> TcprelayKeepalive {
        TcprelayKeepalive(
            count: count ?? other.count, idle: idle ?? other.idle,
            interval: interval ?? other.interval)
    }
}

/// `id = spawnd { … }`.
struct SpawndSection: Equatable, Sendable {
    enum OverloadMode: String, Equatable, Sendable, CaseIterable { case queue, close, reset }

    struct AccessRule: Equatable, Sendable {
        var isPermit: Bool
        var isNegated: Bool
        /// ADDRESS/BITS.
        var network: String
        var place: String
    }

    var listens: [TcprelayListen] = []
    var isInBackground: Bool?
    var pidFile: String?
    var overload: TcprelayValue<OverloadMode>?
    var rules: [AccessRule] = []
    var bindRetryDelay: Int?
    var keepalive = TcprelayKeepalive()
    var isSingleProcess = false
    var usersMax: TcprelayValue<Int>?
    var instancesMax: TcprelayValue<Int>?
    var user: TcprelayValue<String>?
    var group: TcprelayValue<String>?
}

/// `listen { … }`.
struct TcprelayListen: Equatable, Sendable {
    var place: String
    var port: TcprelayValue<String>?
    var address: TcprelayValue<String>?
    var path: TcprelayValue<String>?
    var mode: TcprelayValue<UInt32>?
    var user: TcprelayValue<String>?
    var group: TcprelayValue<String>?
    var isSCTP: String?
    /// Clients speak TLS, of these versions.
    var tls: TcprelayValue<TLSVersions>?
    var backlog: TcprelayValue<Int>?
    var bindRetryDelay: Int?
    var keepalive = TcprelayKeepalive()
    var dscp: TcprelayValue<Int>?
    var vrf: TcprelayValue<String>?
}

/// `id = tcprelay { … }`.
struct RelaySection: Equatable, Sendable {
    var remotes: [TcprelayRemote] = []
    var localAddress: TcprelayValue<String>?
    var rebalance: TcprelayValue<Int>?
    var retireLimit: TcprelayValue<Int>?
    var idleTimeout: TcprelayValue<Int>?
    var certificate: TcprelayValue<String>?
    var key: TcprelayValue<String>?
    var passphrase: Secret<String>?
}

/// `remote = { … }`.
struct TcprelayRemote: Equatable, Sendable {
    var place: String
    var address: TcprelayValue<String>?
    var port: TcprelayValue<String>?
    var isSCTP: String?
    var weight: TcprelayValue<Int>?
}
