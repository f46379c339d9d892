internal import Glibc

/// What signals mean to the daemon.
enum DaemonSignals {
    /// SIGCHLD for the first process of a container, which inherits all orphans, and for what stays of a daemon
    /// that was upgraded: a thread that does not block it would take it from the one that waits for it.
    static let all = [SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD]

    static func meaning(of signal: CInt) -> SignalMeaning {
        switch signal {
        case SIGTERM, SIGQUIT: .drain
        case SIGHUP: .reload
        case SIGUSR1: .dumpState
        case SIGUSR2: .upgrade
        default: .end
        }
    }

    static func name(of signal: CInt) -> String {
        switch signal {
        case SIGTERM: "SIGTERM"
        case SIGQUIT: "SIGQUIT"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        case SIGUSR2: "SIGUSR2"
        default: "SIGUSR1"
        }
    }
}
