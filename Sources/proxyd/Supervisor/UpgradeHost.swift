internal import Glibc

/// What the old process's part of an upgrade needs of the daemon around it.
protocol UpgradeHost: AnyObject {
    /// Whether the daemon ends anyway.
    var isEnding: Bool { get }

    /// What runs and what is open, without what only the coordinator knows.
    func handoverOffer() -> HandoverOffer

    /// Adds what is neither a worker's nor the topology's.
    func addState(to encoder: inout HandoverEncoder)

    /// The loop watches the connection to the new process, or does no longer.
    func watchUpgrade(_ number: CInt) throws(SystemError)
    func unwatchUpgrade(_ number: CInt)

    var hasServiceManager: Bool { get }

    /// Tells the service manager which process is the daemon.
    func announceMainProcess(_ process: pid_t)

    /// The new process has everything: what is left here stops, and what belongs to the new process stays as it
    /// is. Control connections get the replies that are due and are closed; the new process answers all others.
    func detach()

    /// Whether there are replies that no client has read yet.
    var hasControlConnections: Bool { get }
}
