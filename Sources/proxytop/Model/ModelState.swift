internal import Shared

// What the model's values say about now: what may be done, which time it is, what there is to show.
extension Model {
    /// The intervals that `+` and `-` step through, in milliseconds.
    static let intervals: [UInt64] = [250, 500, 1000, 2000, 5000, 10_000]
    /// After a moving key the order of the connections stands still for so long.
    static let holdMilliseconds: UInt64 = 3000
    static let mostRemembered = 200
    static let noticeMilliseconds: UInt64 = 30_000
    /// The second Ctrl-C within this time quits.
    static let interruptSpan: UInt64 = 1500
    /// The second q within this time quits with something still to be done.
    static let quitSpan: UInt64 = 5000

    /// Takes what the operator's settings say about everything that is shown.
    mutating func adopt(_ settings: Settings) {
        preferences.keys = settings.keys
        preferences.bell = Bell(rawValue: settings[.bell]) ?? .lost
        preferences.isLean = settings.isOn(.lean)
        preferences.hidesClients = settings.isOn(.hideClients)
        if settings.isSet(.columns) {
            preferences.channelColumns = ColumnChoice(words: settings[.columns])
        }
        if settings.isSet(.connectionColumns) {
            preferences.sessionColumns = ColumnChoice(words: settings[.connectionColumns])
        }
    }

    /// Whether the numbers on the screen are the last ones of a daemon that does not answer.
    var isStale: Bool { !connection.link.isLive }

    /// Without an answer for two ticks, or for a second, the link is slow.
    var slowMilliseconds: UInt64 { min(2 * connection.intervalMilliseconds, 1000) }

    /// Why nothing may be changed now; nil when it may.
    var obstacle: String? {
        switch time.mode {
        case .present: break
        case .past: return "you are looking at the past: = goes back to now, then act"
        case .replay: return "this is a recording: nothing can be done there"
        }
        if !connection.link.isLive { return "actions are off until the link is back" }
        if time.isFrozen { return "the screen is frozen: f thaws it, then act" }
        guard let hello = connection.hello, hello.maySwitch else {
            return "read-only: role “\(connection.hello?.role ?? "?")” may not switch channels"
        }
        return nil
    }

    /// The time that the screen shows: in the past and in a recording that of its snapshot.
    var shownNow: Moment { time.mode == .present ? now : data.snapshotAt ?? now }

    /// The daemon's clock, carried on by ours since its last reply.
    var daemonNow: UInt64 {
        guard let snapshot, let snapshotAt = data.snapshotAt else {
            return connection.hello?.nowMilliseconds ?? 0
        }
        return snapshot.nowMilliseconds + shownNow.elapsed(since: snapshotAt.milliseconds)
    }

    /// Whether the operator is moving in a list, so that it had better stand still.
    var isHolding: Bool {
        navigation.movedAt.map { now.elapsed(since: $0) < Self.holdMilliseconds } ?? false
    }

    /// A question has to be on the screen before a key can be its answer.
    var awaitsPainting: Bool {
        actions.confirmation?.isPainted == false
            || time.past?.model.actions.confirmation?.isPainted == false
    }

    mutating func notify(_ text: String, isError: Bool = false) {
        actions.notice = Notice(text: text, isError: isError, at: now.milliseconds)
    }

    /// What was said makes room for what stands there; what went wrong stays until a key is pressed.
    mutating func dropOldNotice() {
        guard let notice = actions.notice, !notice.isError,
            now.elapsed(since: notice.at) >= Self.noticeMilliseconds
        else { return }
        self.actions.notice = nil
    }
}
