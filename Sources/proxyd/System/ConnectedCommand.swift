internal import CLinux
internal import Glibc

/// A command of the shell whose standard input and output are one socket of ours, as `ssh` is used to
/// reach a program elsewhere. Its standard error, its terminal and its process group are our own.
final class ConnectedCommand {
    let process: pid_t
    let socket: FileDescriptor

    /// `/bin/sh` splits the command into words. An interrupt meant for what we do must not end the
    /// command: with `ignoresInterrupts` it starts with SIGINT blocked.
    init(_ command: String, ignoresInterrupts: Bool) throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw SystemError("socketpair")
        }
        let near = FileDescriptor(owning: ends[0])
        let far = FileDescriptor(owning: ends[1])
        process = try Self.start(command, far.number, ignoresInterrupts)
        socket = near
    }

    private static func start(
        _ command: String, _ socket: CInt, _ ignoresInterrupts: Bool
    ) throws(SystemError) -> pid_t {
        unsafe try ProgramStart.run(
            "/bin/sh", ["/bin/sh", "-c", command], Spawn.inheritedEnvironment
        ) { actions, attributes in
            var blocked = sigset_t()
            _ = unsafe sigemptyset(&blocked)
            if ignoresInterrupts { _ = unsafe sigaddset(&blocked, SIGINT) }
            return unsafe [
                posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO),
                posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO),
                posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK)),
                posix_spawnattr_setsigmask(&attributes, &blocked),
            ]
        }
    }

    /// How it ended, once it has closed its output; nil when that takes it longer than a second.
    func end() -> Spawn.End? {
        let ended = FileDescriptor(owning: pidfd_open(process, 0))
        var interest = pollfd(fd: ended.number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&interest, 1, 1000)
        return Spawn.end(of: process)
    }
}
