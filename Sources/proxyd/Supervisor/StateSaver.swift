internal import Shared

/// Writes the state file: soon after a person has changed a channel's state, every minute, and at the end.
final class StateSaver: Timed {
    private let core: DaemonCore
    /// nil: no state is kept.
    private var persistence: StatePersistence?
    /// What the start found in the file.
    private let found: StateFile.Found

    init(_ core: DaemonCore, _ persistence: StatePersistence?, found: StateFile.Found) {
        self.core = core
        self.persistence = persistence
        self.found = found
    }

    var isKept: Bool { persistence != nil }

    /// Another process keeps it from now on.
    func stop() { persistence = nil }

    func noteChange() { persistence?.schedule.noteChange(now: core.now) }

    /// Logs what was found in the state file, if it is of no use.
    func reportFound() {
        guard let path = core.configuration.stateFile else { return }
        switch found {
        case .nothing, .state: return
        case .refused(let why):
            core.events.emit(
                .warning, .failed, of: .daemon, because: why,
                "state file \(path): \(why); nothing of it was taken, and the next state takes its place"
            )
        case .foreign(let why):
            core.events.emit(
                .error, .failed, of: .daemon, because: why,
                "state file \(path): \(why); it is left as it is, and no state is kept: name another one"
            )
        }
    }

    private var bytes: @Sendable () -> [UInt8] {
        let (topology, written) = (core.topology, core.live.written)
        return {
            SavedStateText.bytes(
                of: SavedState(
                    of: topology, written: written, now: .now,
                    wallMilliseconds: WallClock.milliseconds))
        }
    }

    private func noteWritten(_ path: String, _ error: SystemError?) {
        guard persistence?.schedule.wrote(error == nil) == true else { return }
        if let error {
            core.events.emit(
                .error, .unwritten, of: .daemon, because: "\(error)",
                "state file \(path) cannot be written: \(error); a restart forgets what was said since"
            )
        } else {
            core.events.emit(
                .notice, .returned, of: .daemon, "state file \(path) is written again")
        }
    }

    /// When all sessions have ended and nothing is counted any more.
    func writeLast() {
        guard let path = persistence?.file.path else { return }
        do throws(SystemError) {
            try FileReplacement.write(bytes(), to: path, .state)
        } catch {
            noteWritten(path, error)
        }
    }

    var nextDeadline: Instant? { persistence?.schedule.nextDeadline }

    func meetDeadlines(now: Instant) {
        guard let path = persistence?.file.path, persistence?.schedule.isDue(now: now) == true
        else { return }
        core.workers.replaceFile(path, with: bytes, .state) { [unowned self] error in
            noteWritten(path, error)
        }
    }
}
