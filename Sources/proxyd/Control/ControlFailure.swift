/// Why `proxyd ctl` has no reply to show.
enum ControlFailure: Error, Equatable {
    case usage(String)
    case noDaemon(String)
    case forbidden(String)
    case timeout
    /// The daemon hung up.
    case closed
    /// Something else than our protocol.
    case malformed(String)
    case system(String)

    var message: String {
        switch self {
        case .usage(let text), .noDaemon(let text), .forbidden(let text), .system(let text): text
        case .timeout: "the daemon did not answer within \(ControlClient.patience)"
        case .closed: "the daemon closed the connection"
        case .malformed(let line): "this is no proxyd: it answered “\(line)”"
        }
    }

    var status: ExitStatus {
        switch self {
        case .usage: .usage
        case .noDaemon, .timeout, .closed, .malformed: .unavailable
        case .forbidden: .noPermission
        case .system: .system
        }
    }
}
