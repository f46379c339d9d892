internal import Shared

/// Who the daemon says it is: the answer to `hello`.
struct HelloReply: Equatable, Sendable {
    /// The protocol that this program speaks.
    static let spokenProtocol: UInt64 = 1

    var protocolVersion: UInt64
    var version: String
    var epoch: UInt64
    var pid: UInt64
    var host: String
    var environment: String
    var role: String
    var uptimeMilliseconds: UInt64
    /// The daemon's clock when it said so.
    var nowMilliseconds: UInt64

    /// nil when the answer does not even name a protocol.
    init?(_ attributes: [Reply.Attribute]) {
        func number(_ name: String) -> UInt64? { attributes[name].flatMap { UInt64($0) } }
        guard let protocolVersion = number("protocol") else { return nil }
        self.protocolVersion = protocolVersion
        version = attributes["version"] ?? "?"
        epoch = number("epoch") ?? 0
        pid = number("pid") ?? 0
        host = attributes["host"] ?? "?"
        let named = attributes["environment"] ?? ""
        environment = named == Table.absent ? "" : named
        role = attributes["role"] ?? "?"
        uptimeMilliseconds = min(number("uptime_ms") ?? 0, Bounds.milliseconds)
        nowMilliseconds = min(number("now_ms") ?? 0, Bounds.milliseconds)
    }

    /// Whether state may be changed; the daemon enforces that anyway.
    var maySwitch: Bool { role == "admin" || role == "operator" }

    func uptime(at now: UInt64) -> Age {
        guard now < nowMilliseconds else {
            return Age(milliseconds: uptimeMilliseconds + now - nowMilliseconds)
        }
        return Age(
            milliseconds: uptimeMilliseconds - min(uptimeMilliseconds, nowMilliseconds - now))
    }
}
