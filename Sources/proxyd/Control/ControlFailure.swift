/// Why `proxyd ctl` has no reply to show.
enum ControlFailure: Error, Equatable {
    case usage(String)
    case noDaemon(String)
    case forbidden(String)
    case timeout
    /// The daemon hung up.
    case closed
    /// The command that led to the daemon ended.
    case ended(String, Spawn.End?)
    /// Something else than our protocol.
    case malformed(String)
    case system(String)

    var message: String {
        switch self {
        case .usage(let text), .noDaemon(let text), .forbidden(let text), .system(let text): text
        case .timeout: "the daemon did not answer within \(ControlClient.patience)"
        case .closed: "the daemon closed the connection"
        case .ended(let words, .exited(127)):
            "“\(words)” ended with status 127; are it and “proxyd” on the path there?"
        case .ended(let words, .exited(let status)) where status != 0:
            "“\(words)” ended with status \(status)"
        case .ended(let words, .signalled(let signal)): "“\(words)” was ended by signal \(signal)"
        case .ended: "the daemon closed the connection"
        case .malformed(let line): "this is not proxyd: it answered “\(line)”"
        }
    }

    var status: ExitStatus {
        switch self {
        case .usage: .usage
        case .noDaemon, .timeout, .closed, .malformed: .unavailable
        case .forbidden: .noPermission
        case .ended(_, .exited(let status)) where status != 0:
            ExitStatus.own.first { $0.rawValue == status } ?? .unavailable
        case .ended: .unavailable
        case .system: .system
        }
    }
}
