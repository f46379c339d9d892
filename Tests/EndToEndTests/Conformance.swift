import Foundation
import Shared
import Testing

/// What every command of the control protocol promises: a line that works, and what it is answered with.
struct Conformance: Sendable, CustomTestStringConvertible {
    var verb: String
    /// Whoever has less is refused.
    var role: String
    /// `SESSION` is the number of a session on `mail`, `CHANNEL` an address that answers.
    var line: String
    /// What has to be done first, on the same connection.
    var before: [String] = []
    /// The names of the first columns, or the first words of the text.
    var begins: String?
    /// Attributes that only this reply has.
    var attributes: [String] = []
    var changes = false
    /// The code of what cannot be done by any daemon that tests start.
    var refusal: String?

    var testDescription: String { verb }

    init(
        _ verb: String, _ role: String, _ line: String? = nil, after before: [String] = [],
        begins: String? = nil, telling attributes: [String] = [], refusal: String? = nil
    ) {
        (self.verb, self.role, self.before) = (verb, role, before)
        self.line = line ?? verb
        self.begins = begins
        self.attributes = attributes
        self.refusal = refusal
    }

    private static let changed = "path\tfield\tfrom\tto"

    private static func changing(
        _ verb: String, _ role: String, _ line: String? = nil, after before: [String] = [],
        begins: String? = nil, telling attributes: [String] = [], refusal: String? = nil
    ) -> Conformance {
        var row = Conformance(
            verb, role, line, after: before, begins: begins, telling: attributes, refusal: refusal)
        row.changes = true
        return row
    }

    static let all: [Conformance] =
        [
            Conformance(
                "hello", "viewer",
                telling: [
                    "protocol", "version", "pid", "host", "environment", "role", "uptime_ms",
                    "wall_ms", "workers",
                ]),
            Conformance("help", "viewer", "help drain", begins: "drain PATH"),
            Conformance(
                "describe", "viewer", begins: "verb\targuments\tmutates\trole\tsummary",
                telling: ["role"]),
            Conformance("describe keys", "viewer", begins: "kind\tkey\twords"),
        ] + showing + asking + switching + electing + editing + together + files + daemon + sessions

    private static let showing = [
        Conformance("show services", "viewer", begins: "name\tserial\tstate\tlisteners\tgroups"),
        Conformance("show listeners", "viewer", begins: "path\tserial\tstate\taddress"),
        Conformance("show tls", "viewer", begins: "path\tside\tcertificate\texpires"),
        Conformance("show groups", "viewer", begins: "path\tserial\trole\tbalance\tusable"),
        Conformance(
            "show channels", "viewer", "show channels mail",
            begins: "path\tserial\tstate\tsince_ms\twhy\taddress\tweight\tmaxc\tcurrent\ttotal"),
        Conformance("show workers", "viewer", begins: "index\tsessions\ttotal"),
        Conformance("show limits", "viewer", begins: "name\tused\tlimit"),
        Conformance(
            "show control", "viewer",
            begins: "uid\tpid\tuser\tprogram\trole\tsince_ms\tintends\town"),
        Conformance("intend", "operator", "intend mail/main/a"),
        Conformance(
            "show sessions", "viewer", "show sessions where id = SESSION sort -id limit 1",
            begins: "id\tclient\tlistener\tchannel\tphase\tage_ms\tidle_ms\tin_bytes\tout_bytes",
            telling: ["matched", "total"]),
        Conformance(
            "show session", "viewer", "show session SESSION", begins: "field\tvalue"),
        Conformance("show channel", "viewer", "show channel mail/main/a", begins: "field\tvalue"),
        Conformance(
            "show history", "viewer", "show history mail/main/a step 1s",
            begins: "time_ms\tmono_ms\tstate", telling: ["step_ms"]),
        Conformance(
            "show events", "viewer", "show events limit 1",
            begins: "id\ttime_ms\tmono_ms\tseverity\tsubject\tkind", telling: ["last", "gap"]),
        Conformance("show config", "viewer", begins: "control:"),
    ]

    private static let asking = [
        Conformance("diff", "viewer", begins: "path\tfield\tfile\trunning"),
        Conformance("plan", "viewer", "plan drain mail", begins: "path\tfact\tbefore\tafter"),
        Conformance(
            "explain", "viewer", "explain 10.0.0.1 mail",
            begins: "path\tverdict\treason\tstate\taddress",
            telling: ["service", "room", "waiting"]),
        Conformance("watch", "viewer", "watch 1 hello", telling: ["protocol"]),
        Conformance(
            "events follow", "viewer", "events follow since 0",
            begins: "id\ttime_ms\tmono_ms\tseverity\tsubject\tkind", telling: ["last"]),
        Conformance(
            "dump", "admin", "dump SESSION text limit 1k for 1s", telling: ["dump"]),
        Conformance("mrtg-bytes", "viewer", "mrtg-bytes mail", begins: "1"),
        Conformance("mrtg-conns", "viewer", "mrtg-conns mail", begins: "1"),
        Conformance("metrics", "viewer", begins: "# HELP"),
        Conformance(
            "probe", "operator", "probe mail/main/a", begins: "path\tprobe\tresult\twords\tms",
            telling: ["good", "bad"]),
    ]

    private static let switching = [
        changing(
            "enable", "operator", "enable mail/main/a", after: ["drain mail/main/a"],
            begins: changed, telling: ["cut"]),
        changing("reset", "operator", "reset mail", begins: changed),
        changing("drain", "operator", "drain mail/main/a", begins: changed, telling: ["cut"]),
        changing("disable", "operator", "disable mail cut", begins: changed, telling: ["cut"]),
    ]

    private static let electing = [
        changing(
            "promote", "operator", "promote db/main/two", after: ["elect db"], begins: changed),
        changing("elect", "operator", "elect db", begins: changed),
    ]

    private static let editing = [
        changing(
            "create", "admin", "create mail/main CHANNEL weight=2", begins: changed,
            telling: ["cut"]),
        changing(
            "create listener", "admin", "create listener mail 127.0.0.1:0 name=second",
            begins: changed, telling: ["cut"]),
        changing(
            "create group", "admin", "create group mail/spare CHANNEL balance=first",
            begins: changed, telling: ["cut"]),
        changing(
            "create service", "admin", "create service web listen=127.0.0.1:0 CHANNEL",
            begins: changed, telling: ["cut"]),
        changing("set", "admin", "set mail/main/a weight 2", begins: changed, telling: ["cut"]),
        changing(
            "set listener", "admin", "set listener mail/imap rate 100/s", begins: changed,
            telling: ["cut"]),
        changing("remove", "admin", "remove mail/main/b cut", begins: changed, telling: ["cut"]),
        changing(
            "remove listener", "admin", "remove listener mail/second",
            after: ["create listener mail 127.0.0.1:0 name=second"], begins: changed,
            telling: ["cut"]),
    ]

    private static let together = [
        changing("begin", "operator", telling: ["pending"]),
        changing(
            "abort", "operator", after: ["begin", "set mail/main/a weight 2"], telling: ["dropped"]),
        changing(
            "commit", "admin", "commit cut", after: ["begin", "remove mail/main/b", "drain db"],
            begins: changed, telling: ["cut"]),
        changing(
            "confirm", "admin",
            after: ["begin", "set mail/main/a weight 2", "commit confirm 60s"]),
        changing(
            "rollback", "admin",
            after: ["begin", "set mail/main/a weight 2", "commit confirm 60s"], begins: changed,
            telling: ["cut"]),
    ]

    private static let files = [
        changing("save", "admin", after: ["set mail/main/a weight 2"], telling: ["file", "lines"]),
        changing(
            "reload", "admin", after: ["set mail/main/a weight 2"], begins: changed,
            telling: ["restart"]),
    ]

    private static let daemon = [
        changing("drain-daemon", "admin", "drain-daemon 10m", telling: ["sessions"]),
        changing("shutdown", "admin", telling: ["sessions"]),
        changing(
            "upgrade", "admin", "upgrade 20s",
            telling: ["pid", "version", "sessions", "left", "pause_us"]),
        changing("log reopen", "admin", telling: ["reopened"]),
        Conformance(
            "debug session", "operator", "debug session SESSION for 1m", telling: ["sessions"]),
        Conformance(
            "debug client", "operator", "debug client 127.0.0.0/8", telling: ["sessions"]),
        Conformance("debug off", "operator", telling: ["ended"]),
        Conformance("show debug", "viewer", begins: "what\tname\tleft_ms\tby"),
    ]

    private static let sessions = [
        changing("kill session", "operator", "kill session SESSION", telling: ["cut"]),
        changing(
            "kill sessions", "operator", "kill sessions where id = SESSION",
            telling: ["cut", "matched", "total"]),
        changing("shed", "operator", "shed mail 1 100/s", begins: "id\tclient", telling: ["cut"]),
    ]

    /// Mail that has clients, and a database with a primary.
    static func services(_ channel: Endpoint) -> String {
        """
        - name: mail
          listen: [{ name: imap, address: "127.0.0.1:0" }]
          groups:
          - name: main
            channels:
            - { name: a, address: "\(channel)" }
            - { name: b, address: "\(channel)", maxc: 10 }
        - name: db
          listen: ["127.0.0.1:0"]
          groups:
          - name: main
            balance: primary
            channels:
            - { name: one, address: "\(channel)" }
            - { name: two, address: "\(channel)" }
        """
    }
}
