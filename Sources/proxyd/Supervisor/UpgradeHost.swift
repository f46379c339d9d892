internal import Glibc

/// What the old process's part of an upgrade needs of the daemon around it.
protocol UpgradeHost: AnyObject {
    /// Whether the daemon ends anyway.
    var isEnding: Bool { get }

    /// What is open, without what only the coordinator knows.
    func handoverOffer() -> HandoverOffer

    /// Adds what is neither a worker's nor the topology's.
    func addState(to encoder: inout HandoverEncoder)

    /// The loop watches the connection to the new process, or does no longer.
    func watchUpgrade(_ number: CInt) throws(SystemError)
    func unwatchUpgrade(_ number: CInt)

    var hasServiceManager: Bool { get }

    /// Tells the service manager which process is the daemon.
    func announceMainProcess(_ process: pid_t)

    /// Everything is another process's: what is left here stops, and nothing that is its own is touched.
    func detach()

    /// Control connections end with the replies that they still get.
    func retireControl()

    /// Whether there are replies that nobody has read.
    var hasControlConnections: Bool { get }
}
