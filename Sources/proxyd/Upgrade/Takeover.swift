internal import Glibc
internal import Shared

/// What the process before us has left, and what is made of it.
final class Takeover {
    let oldProcess: OldProcessLink
    /// What runs there.
    let running: Configuration
    /// What runs here: the same, or the file if that is another one by now, as a reload would have it. What
    /// takes a restart is the file's in any case.
    let target: Configuration
    /// What the file says, under the names that its things have there.
    let written: Configuration
    let serials: Serials
    /// What sessions belong to.
    private(set) var things = HandoverThings()
    /// What the file has no longer; its sessions come along.
    private(set) var removals: [Reconfiguration.Removal] = []
    /// Channels that are somewhere else by the file: what was found out about them is of no use.
    private(set) var relocated: Set<UInt64> = []
    /// What its workers had, once it has come.
    var state: HandoverDecoder?

    var offer: HandoverOffer { oldProcess.offer }

    /// nil: this process replaces none. `file` is what we have read ourselves.
    /// `unread` says why we could not.
    static func find(
        for file: Configuration, unread: String?
    ) throws(StartError) -> Takeover? {
        guard let oldProcess = try OldProcessLink.find() else {
            guard let unread else { return nil }
            throw StartError(code: .configuration, message: unread)
        }
        do throws(StartError) {
            return try Takeover(of: oldProcess, for: file, unread: unread)
        } catch {
            oldProcess.refuse(error.message)
            throw error
        }
    }

    private init(
        of oldProcess: OldProcessLink, for file: Configuration, unread: String?
    ) throws(StartError) {
        self.oldProcess = oldProcess
        let offer = oldProcess.offer
        do throws(ConfigurationErrors) {
            running = try ConfigurationFile.parse(
                offer.configuration, name: "the running configuration")
        } catch {
            throw StartError(code: .configuration, message: error.summary)
        }
        serials = Serials(resuming: offer.serials, last: offer.lastSerial)
        if let unread {
            // Who has given up privileges may be unable to read it, and could not reload it either.
            guard offer.hasGivenUpPrivileges else {
                throw StartError(code: .configuration, message: unread)
            }
            Log.line("\(unread); what runs goes on", .warning)
            (written, target) = (running, running)
            return
        }
        written = Alignment.aligned(file, to: running)
        target =
            offer.isFileUnchanged ? running.takingStartKeys(from: written) : written
    }

    // MARK: Opening

    var life: (epoch: UInt64, started: Instant, upgrades: Int) {
        (offer.epoch, offer.started, offer.upgrades + 1)
    }

    /// States come from the process before us, which knows better than its file. nil: another file is named
    /// now, and has to be looked at.
    func statePersistence(
        for target: Configuration, now: Instant
    ) -> (persistence: StatePersistence?, found: StateFile.Found)? {
        guard target.stateFile == running.stateFile else { return nil }
        guard let path = target.stateFile, offer.keepsState else { return (nil, .nothing) }
        return (
            StatePersistence(file: StateFile(path: path), schedule: StateSchedule(now: now)),
            .nothing
        )
    }

    var pidPipe: SuccessorPIDPipe? {
        offer.first(.pidPipe)?.number.map { SuccessorPIDPipe(outgoing: $0) }
    }

    var controlLock: CInt? { offer.first(.controlLock)?.number }

    var manager: ServiceManager? {
        offer.first(.notices)?.number.map {
            ServiceManager(
                adopting: FileDescriptor(owning: $0), watchdog: offer.watchdog, now: .now)
        }
    }

    func pidFile(at path: String) -> PIDFile? {
        offer.first(.pidFile)?.number.map { PIDFile(adopting: $0, at: path) }
    }

    /// What ran there was built; now it becomes what the file says.
    func change(_ startup: inout Startup, to target: Configuration) throws(StartError) {
        things.add(startup.state.topology)
        defer { serials.forgetOthers() }
        guard target != running else { return }
        let before = Dictionary(
            startup.state.topology.channels.map { ($0.serial, $0.endpoint) }
        ) { first, _ in first }
        removals = try startup.become(target).removals
        things.add(startup.state.topology)
        for channel in startup.state.topology.channels
        where before[channel.serial].map({ $0 != channel.endpoint }) ?? false {
            relocated.insert(channel.serial)
        }
    }

    // MARK: What was made of it

    /// How the line begins that says all is well.
    var readiness: String {
        let sessions =
            (state?.sessions.sessions.count ?? 0) + (state?.clients.sessions.count ?? 0)
        let version = offer.revision.version
        return "ready: took over \(sessions) sessions from process \(offer.process) "
            + "(proxyd \(version))"
    }
}
