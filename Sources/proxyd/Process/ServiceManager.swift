internal import Glibc
internal import Shared

/// The service manager that has started us: systemd, or what speaks like it (sd_notify(3)).
///
/// A manager that does not listen costs nothing: what cannot be sent at once is not sent.
final class ServiceManager: Timed {
    private let socket: FileDescriptor
    /// How often it wants to hear that we live; nil: never.
    private let watchdog: Duration?
    private var nextSign: Instant?

    /// nil without a service manager. The variables are taken away, so that scripts and probes that we start
    /// do not speak for us.
    init?(environment: [String: String], pid: Int32, now: Instant) {
        guard let place = environment["NOTIFY_SOCKET"],
            let address = SocketAddress.notifying(place),
            let socket = try? Socket.openDatagrams(to: address)
        else { return nil }
        self.socket = socket
        watchdog = Self.watchdog(environment, pid: pid)
        nextSign = watchdog.map { now.advanced(by: $0) }
    }

    /// Half of what the manager waits before it takes us for dead (sd_watchdog_enabled(3)).
    static func watchdog(_ environment: [String: String], pid: Int32) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }),
            microseconds > 0,
            environment["WATCHDOG_PID"].map({ $0 == String(pid) }) ?? true
        else { return nil }
        return .microseconds(max(1, microseconds / 2))
    }

    /// What another process has connected to; `watchdog` is in nanoseconds, 0 when there is none.
    init(adopting socket: consuming FileDescriptor, watchdog: UInt64, now: Instant) {
        self.socket = socket
        self.watchdog = watchdog == 0 ? nil : .nanoseconds(Int64(clamping: watchdog))
        nextSign = self.watchdog.map { now.advanced(by: $0) }
    }

    var number: CInt { socket.number }
    var watchdogNanoseconds: UInt64 { watchdog?.wholeNanoseconds ?? 0 }

    /// Who speaks for the service from now on. It believes its main process only (NotifyAccess=main), so that
    /// has to say who comes after it.
    func notifyMainProcess(_ process: pid_t) { send("MAINPID=\(process)") }

    func notifyReady(_ status: String) { send("READY=1\nSTATUS=\(status)") }

    /// `tellReady` says when it is over.
    func notifyReloading(now: Instant) {
        send("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)")
    }

    func notifyStopping(_ status: String) { send("STOPPING=1\nSTATUS=\(status)") }

    private func send(_ text: String) {
        // A line feed in a value would begin another variable; ours have none.
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { _ = unsafe Socket.send(socket.number, $0) }
    }

    // MARK: Watchdog

    var nextDeadline: Instant? { nextSign }

    func meetDeadlines(now: Instant) {
        guard let watchdog, let nextSign, nextSign <= now else { return }
        self.nextSign = now.advanced(by: watchdog)
        send("WATCHDOG=1")
    }
}

extension ProcessEnvironment {
    /// A service manager's variables, which are for us alone.
    static let ofServiceManager = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
}
