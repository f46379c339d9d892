internal import Glibc
internal import Shared

/// An upgrade under way, as the old process sees it.
final class UpgradeAttempt {
    enum Step {
        /// The new process has been started, and has not spoken yet.
        case starting
        /// It opens and checks everything.
        case preparing
        /// It is ready; a script of an election has to end first.
        case settling
        /// Our workers come to a standstill.
        case stopping
        /// Everything is the new process's. There is no way back.
        case committed
    }

    /// What it has come to.
    struct Outcome {
        var process: pid_t
        var version: String
        /// Sessions that were moved.
        var sessions: Int
        /// Sessions that stay here until they end.
        var left: Int
        /// How long no session moved a byte, in nanoseconds; nil when the new process has not reported it.
        var pause: UInt64?
    }

    /// How long the new process may take to get ready, if the command names no time.
    static let standardTime = Duration.seconds(30)

    let process: pid_t
    let connection: HandoverConnection
    let began: Instant
    /// When it has taken too long.
    var due: Instant
    /// The configuration file as it was when the upgrade began; nil: it could not be read, or the daemon has no file.
    let file: Configuration?
    /// Called once, with what has come of it.
    let finish: (Result<Outcome, ConfigurationEdit.Failure>) -> Void
    var step = Step.starting
    var revision = HandoverRevision.own
    var stoodStillAt = Instant.zero
    var outcome: Outcome?
    /// When an election that had to come to an end is looked at again.
    var nextLook: Instant?

    init(
        process: pid_t, connection: HandoverConnection, began: Instant, due: Instant,
        file: Configuration?,
        finish: @escaping (Result<Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        self.process = process
        self.connection = connection
        self.began = began
        self.due = due
        self.file = file
        self.finish = finish
    }

    var nextDeadline: Instant { min(due, nextLook ?? due) }

    /// How the new process has ended by itself, or that it has been ended.
    func end() -> String {
        // Who closes the connection is about to end, and how it does says more than that we ended it.
        let due = Instant.now.advanced(by: .milliseconds(500))
        repeat {
            switch Spawn.end(of: process) {
            case .exited(let status): return "process \(process) ended with exit code \(status)"
            case .signalled(let number): return "process \(process) was ended by signal \(number)"
            case nil: Sleep.milliseconds(5)
            }
        } while Instant.now < due
        _ = NewProcessLauncher.end(process)
        return "process \(process) was ended"
    }
}

/// The rest of our life, once another process is the daemon.
struct OldProcessDrain {
    var process: pid_t
    /// When sessions that are left are cut; nil: never.
    var until: Instant?
    /// When it is looked at next whether any are left.
    var next: Instant
    /// Until when unread replies are waited for.
    var replies: Instant
}
