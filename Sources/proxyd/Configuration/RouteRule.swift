internal import Shared

/// One line of where clients of a listener go: the first that fits decides.
struct RouteRule: Equatable, Sendable {
    /// All of them must fit; none fits everybody.
    var conditions: [Condition] = []
    var target: Target

    enum Condition: Equatable, Sendable {
        /// Any of these server names: `a.example.com`, `*.example.com`.
        case serverName([String])
        /// Any of these among what it offers.
        case alpn([String])
        case firstBytes(FirstBytes)
    }

    enum Target: Equatable, Sendable {
        /// Of the listener's own service.
        case group(String)
        case service(String)
    }
}

/// What a connection can begin with.
enum FirstBytes: Equatable, Sendable {
    case tls, http, ssh, proxy
    case regex(String)

    var text: String {
        switch self {
        case .tls: "tls"
        case .http: "http"
        case .ssh: "ssh"
        case .proxy: "proxy"
        case .regex(let pattern): "regex:\(pattern)"
        }
    }
}
