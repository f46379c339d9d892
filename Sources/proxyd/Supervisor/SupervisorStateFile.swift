internal import Shared

extension Supervisor {
    /// Says what was found in the state file, if that is no good.
    func announceState() {
        guard let path = configuration.stateFile else { return }
        switch stateFound {
        case .nothing, .state: return
        case .refused(let why):
            tell(
                .warning, .failed, of: .daemon, because: why,
                "state file \(path): \(why); nothing of it was taken, and the next state takes its place"
            )
        case .foreign(let why):
            tell(
                .error, .failed, of: .daemon, because: why,
                "state file \(path): \(why); it is left as it is, and no state is kept: name another one"
            )
        }
    }

    private var stateBytes: [UInt8] {
        SavedStateText.bytes(
            of: SavedState(
                of: topology, written: live.written, now: .now,
                wallMilliseconds: WallClock.milliseconds))
    }

    func writeStateIfDue() {
        guard let path = keeping?.file.path, keeping?.schedule.isDue(now: now) == true else {
            return
        }
        replace(path, with: stateBytes, .state) { [unowned self] error in wroteState(path, error) }
    }

    private func wroteState(_ path: String, _ error: SystemError?) {
        guard keeping?.schedule.wrote(error == nil) == true else { return }
        if let error {
            tell(
                .error, .unwritten, of: .daemon, because: "\(error)",
                "state file \(path) cannot be written: \(error); a restart forgets what was said since"
            )
        } else {
            tell(.notice, .returned, of: .daemon, "state file \(path) is written again")
        }
    }

    /// The last word, when nobody counts any more.
    func writeLastState() {
        guard let path = keeping?.file.path else { return }
        do throws(SystemError) {
            try FileReplacement.write(stateBytes, to: path, .state)
        } catch {
            wroteState(path, error)
        }
    }
}
