internal import CLinux

/// What others may see of this process's memory.
enum ProcessMemory {
    /// No core file is written, and no other process of the same user may look (prctl(2), PR_SET_DUMPABLE).
    static func hide() { _ = clinux_prctl(PR_SET_DUMPABLE, 0) }
}
