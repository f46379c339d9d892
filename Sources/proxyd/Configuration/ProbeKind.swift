/// The words that `probe:` and its `kind:` know, presets included.
enum ProbeKind: String, CaseIterable {
    case connect
    case sendExpect = "send-expect"
    case http, script
    case postgres
    case postgresPrimary = "postgres-primary"
    case redisMaster = "redis-master"
    case mysql, smtp, tls

    /// Keys that not every kind has.
    static let owners: [(key: String, kinds: [ProbeKind])] = [
        ("steps", [.sendExpect]), ("method", [.http]), ("path", [.http]), ("host", [.http]),
        ("status", [.http]), ("body", [.http]), ("command", [.script]),
        ("user", [.postgres, .postgresPrimary, .mysql]),
    ]

    /// It answers, has loaded its data, and is not a replica (Redis 2.8.12 and later).
    static let redisMasterSteps: [ProbeStep] = [
        .send(Secret(Array("PING\r\n".utf8))), .text(Array("+PONG\r\n".utf8)),
        .send(Secret(Array("ROLE\r\n".utf8))),
        .bytes(Array("*3\r\n$6\r\nmaster\r\n".utf8)),
        .send(Secret(Array("QUIT\r\n".utf8))),
    ]

    /// It greets, and takes its leave when it is told to.
    static let smtpSteps: [ProbeStep] = [
        .text(Array("220".utf8)), .send(Secret(Array("QUIT\r\n".utf8))), .text(Array("221".utf8)),
    ]

    static func error(about word: String) -> ValueError {
        let known = allCases.map(\.rawValue) + ["none"]
        let near = NearestWord.nearest(to: word, among: known)
        return ValueError(
            "unknown kind of probe “\(word)”",
            near.map { "did you mean “\($0)”?" } ?? "write \(known.joined(separator: ", "))")
    }
}
