internal import Glibc
internal import Shared

/// The first step of a start: what concerns the process as a whole, before anything is opened for clients.
struct ProcessStart {
    let manager: ServiceManager?
    let privileges: Privileges
    let pidFile: PIDFile?
    let persistence: StatePersistence?
    let found: StateFile.Found
    /// As the file has it.
    let written: Configuration
    /// With the weights that were set live before the last end.
    let configuration: Configuration

    init(
        _ target: Configuration, _ options: RunOptions, _ inherited: InheritedSockets,
        _ takeover: Takeover?
    ) throws(StartError) {
        manager =
            takeover?.manager
            ?? ServiceManager(
                environment: ProcessEnvironment.take(ProcessEnvironment.ofServiceManager),
                pid: getpid(), now: .now)
        if let takeover { try inherited.inherit(takeover.offer.descriptors) }
        privileges = try Privileges(target.privileges, keeping: Capabilities(neededBy: target))
        try PrivilegeAudit.check(target)
        if let handed = options.pidFile.flatMap({ takeover?.pidFile(at: $0) }) {
            pidFile = handed
        } else if let path = options.pidFile {
            pidFile = try PIDFile(at: path)
        } else {
            pidFile = nil
        }
        (persistence, found) =
            takeover?.statePersistence(for: target, now: .now)
            ?? StatePersistence.begin(target, now: .now)
        written = takeover?.written ?? target
        configuration =
            if case .state(let saved) = found { saved.weighing(written) } else { target }
    }

    var saved: SavedState? {
        if case .state(let saved) = found { saved } else { nil }
    }
}
