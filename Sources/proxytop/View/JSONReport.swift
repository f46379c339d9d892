internal import Shared

/// The snapshot as one JSON object (RFC 8259): raw integers, times in ISO 8601, rates per second or null.
///
/// Written by hand: Foundation would cost more at start than the whole program.
struct JSONReport {
    static let schema = 1

    let model: Model

    var text: String {
        guard let snapshot = model.snapshot else { return "{}" }
        let time = CalendarTime(seconds: model.now.wallSeconds).iso
        var fields: [(String, String)] = [
            ("schema", "\(Self.schema)"), ("time", JSONString.quoted(time)),
            ("socket", JSONString.quoted(model.connection.socketPath)),
        ]
        if let hello = model.connection.hello { fields.append(("daemon", daemon(hello, snapshot))) }
        fields.append(("groups", Self.array(snapshot.groups.map(group))))
        fields.append(("channels", Self.array(snapshot.channels.map(channel))))
        fields.append(("listeners", Self.array(snapshot.listeners.map(listener))))
        fields.append(
            ("problems", Self.array(Problem.all(in: snapshot, model.data.history).map(problem))))
        return Self.object(fields)
    }

    private func daemon(_ hello: HelloReply, _ snapshot: DaemonSnapshot) -> String {
        Self.object([
            ("host", JSONString.quoted(hello.host)), ("version", JSONString.quoted(hello.version)),
            ("pid", "\(hello.pid)"), ("environment", JSONString.quoted(hello.environment)),
            ("role", JSONString.quoted(hello.role)), ("epoch", "\(snapshot.epoch)"),
            ("generation", "\(snapshot.generation)"), ("now_ms", "\(snapshot.nowMilliseconds)"),
            ("uptime_ms", "\(hello.uptime(at: snapshot.nowMilliseconds).milliseconds)"),
        ])
    }

    private func group(_ group: DaemonSnapshot.Group) -> String {
        let snapshot = group.snapshot
        return Self.object([
            ("path", JSONString.quoted(snapshot.path)), ("serial", "\(snapshot.serial)"),
            ("role", JSONString.quoted(snapshot.role.rawValue)),
            ("balance", JSONString.quoted(snapshot.balance)), ("usable", "\(snapshot.usable)"),
            ("channels", "\(snapshot.channels)"), ("current", "\(snapshot.current)"),
            ("slots", Self.number(snapshot.slots)), ("total", "\(snapshot.total)"),
            ("spilled", "\(snapshot.spilled)"),
        ])
    }

    private func channel(_ channel: ChannelSnapshot) -> String {
        let rates = model.data.history.channels[channel.serial]?.rates ?? Track.Rates()
        return Self.object([
            ("path", JSONString.quoted(channel.path)), ("serial", "\(channel.serial)"),
            ("state", JSONString.quoted(channel.state.rawValue)),
            ("since_ms", "\(channel.sinceMilliseconds)"), ("why", Self.text(channel.why)),
            ("address", JSONString.quoted(channel.address)), ("weight", "\(channel.weight)"),
            ("maxc", Self.number(channel.maxc)), ("current", "\(channel.current)"),
            ("total", "\(channel.total)"), ("in_bytes", "\(channel.inBytes)"),
            ("out_bytes", "\(channel.outBytes)"), ("failed", "\(channel.failed)"),
            ("connect_p50_us", Self.number(channel.connectP50Microseconds)),
            ("connect_p99_us", Self.number(channel.connectP99Microseconds)),
            ("retry_ms", Self.number(channel.retryMilliseconds)),
            ("label", Self.text(channel.label)), ("by", Self.text(channel.by)),
            ("new_per_s", Self.rate(rates.total)), ("in_bytes_per_s", Self.rate(rates.inBytes)),
            ("out_bytes_per_s", Self.rate(rates.outBytes)),
            ("failed_per_s", Self.rate(rates.failed)),
        ])
    }

    private func listener(_ listener: ListenerSnapshot) -> String {
        Self.object([
            ("path", JSONString.quoted(listener.path)), ("serial", "\(listener.serial)"),
            ("state", JSONString.quoted(listener.state.rawValue)),
            ("address", JSONString.quoted(listener.address)),
            ("when_empty", JSONString.quoted(listener.whenEmpty)),
            ("current", "\(listener.current)"),
            ("total", "\(listener.total)"), ("in_bytes", "\(listener.inBytes)"),
            ("out_bytes", "\(listener.outBytes)"), ("refused", "\(listener.refused)"),
        ])
    }

    private func problem(_ problem: Problem) -> String {
        Self.object([
            ("text", JSONString.quoted(problem.text)),
            ("state", JSONString.quoted(problem.state.rawValue)),
            ("notice", problem.severity == .note ? "true" : "false"),
            ("age_ms", Self.number(problem.ageMilliseconds)),
        ])
    }

    // MARK: JSON

    private static func object(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func array(_ values: [String]) -> String {
        "[" + values.joined(separator: ",") + "]"
    }

    private static func number(_ value: UInt64?) -> String { value.map(String.init) ?? "null" }
    private static func text(_ value: String?) -> String { value.map(JSONString.quoted) ?? "null" }
    private static func rate(_ value: Double?) -> String {
        value.map { Quantity.fixed($0, decimals: 3) } ?? "null"
    }
}
