internal import Glibc
internal import Shared

/// tcprelay's messages, as far as scripts may look for them.
struct TcprelayMessages: DialectMessages {
    let replaced: Set<Event.Kind> = [.full]
    /// Listeners by their paths.
    private let addresses: [String: Endpoint]

    init(_ configuration: Configuration) {
        var addresses: [String: Endpoint] = [:]
        for service in configuration.services {
            for listener in service.listeners {
                addresses["\(service.name)/\(listener.name)"] = listener.endpoint
            }
        }
        self.addresses = addresses
    }

    static let signals: [Int32: SignalMeaning] = [SIGINT: .drain]

    func lines(about event: Event) -> [String] {
        switch (event.subject.kind, event.kind) {
        case (.service, .full):
            let limit = event.cause?.split(separator: " ").last ?? ""
            return [
                "limit of \(limit) concurrent users reached, \(manner(event.to)) new connections"
            ]
        case (.service, .returned): return ["resuming normal operation"]
        case (.listener, .failed):
            return addresses[event.subject.name].map { ["bind to \(Self.text($0)) failed."] } ?? []
        case (.listener, .opened):
            return addresses[event.subject.name].map { ["bind to \(Self.text($0)) succeeded"] }
                ?? []
        case (.daemon, .reloaded) where event.cause == "SIGHUP": return ["SIGHUP: restarting"]
        case (.daemon, .ending) where event.cause?.hasPrefix("SIG") ?? false:
            return ["\(event.cause ?? ""): exiting"]
        default: return []
        }
    }

    private func manner(_ overload: String?) -> String {
        switch overload {
        case "queue": "queueing"
        case "refuse": "resetting"
        default: "immediately closing"
        }
    }

    /// `[ADDRESS]:PORT`, for both families.
    private static func text(_ endpoint: Endpoint) -> String {
        switch endpoint {
        case .ip(let address, let port): "[\(address)]:\(port)"
        case .name(let name, let port): "[\(name)]:\(port)"
        case .unix(let path): path
        }
    }
}
