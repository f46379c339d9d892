internal import Shared

extension TraceRecord {
    /// `session 4711 10.0.0.7:51022 connected: after 0.3 ms`.
    var line: String { "session \(id) \(client) \(words)" }

    private var words: String {
        switch event {
        case .accepted(let listener): "accepted: by \(listener.path) \(listener.endpoint)"
        case .joined(let phase): "debugged from now on: it is \(phase.word.rawValue)"
        case .proxyHeader(let client): "introduced: a proxy says that it is \(client)"
        case .nonsense(let problem): "refused: \(problem)"
        case .routed(let service, let group):
            "routed: to " + (group.map { "group \($0.path)" } ?? "service \(service.name)")
        case .chose(let channel): "chose: \(channel.path) \(channel.endpoint)"
        case .waits(true): "waits: there is no room"
        case .waits(false): "waits: no channel is usable"
        case .connecting(let address):
            "connects: to \(address.map { "\($0)" } ?? "a Unix socket")"
        case .connectFailed(let cause, let number):
            "connect failed: \(cause.rawValue)"
                + (SystemError.name(of: number).map { " (\($0))" } ?? "")
        case .handshakeDone(let side, let words, let isResumed):
            "\(side.word) speaks TLS: \(words)\(isResumed ? ", resumed" : "")"
        case .insecure(let side, let problem): "\(side.word)'s TLS failed: \(problem)"
        case .connected(let time): "connected: after \(Self.milliseconds(time))"
        case .spoke(let side, let count): "\(side.word) spoke first: \(count) bytes"
        case .ended(let side): "\(side.word) ended its writes: all delivered"
        case .timedOut(let phase): "deadline: it was \(phase.word.rawValue)"
        case .closed(let reason, let lived, let inBytes, let outBytes):
            "closed: \(reason) after \(Self.milliseconds(lived)), in \(inBytes) out \(outBytes) bytes"
        }
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let tenths = nanoseconds / 100_000
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

extension Side {
    fileprivate var word: String { self == .client ? "client" : "channel" }
}
