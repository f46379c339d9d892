internal import Shared

/// What outlives the daemon in its state file.
struct StatePersistence {
    let file: StateFile
    var schedule: StateSchedule

    /// Reads the file; nothing that is wrong with it keeps the daemon from starting.
    ///
    /// - Returns: how it is kept from now on, nil if it is not, and what was found.
    static func begin(
        _ configuration: Configuration, now: Instant
    ) -> (persistence: StatePersistence?, found: StateFile.Found) {
        guard let path = configuration.stateFile else { return (nil, .nothing) }
        // It is written from within the new root, and read before that.
        let found = StateFile(path: (configuration.privileges.chroot ?? "") + path).read()
        if case .foreign = found { return (nil, found) }
        return (
            StatePersistence(file: StateFile(path: path), schedule: StateSchedule(now: now)), found
        )
    }
}
