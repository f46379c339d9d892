internal import CLinux
internal import Glibc

/// Children that we did not start.
enum Ancestry {
    /// Whose parent ends becomes our child, not that of the first process (PR_SET_CHILD_SUBREAPER).
    static func adoptOrphans() { _ = clinux_prctl(PR_SET_CHILD_SUBREAPER, 1) }

    /// A child that has ended, also an adopted one; nil if all of them run.
    static func nextEnded() -> (process: pid_t, end: Spawn.End)? {
        var status: CInt = 0
        let process = unsafe waitpid(-1, &status, WNOHANG)
        guard process > 0 else { return nil }
        // The bits of WIFEXITED and WTERMSIG (wait(2)), which are macros.
        let signal = status & 0x7F
        return (process, signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal))
    }
}
