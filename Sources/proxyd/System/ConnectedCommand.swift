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
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        var result = unsafe posix_spawn_file_actions_init(&actions)
        guard result == 0 else { throw SystemError("posix_spawn_file_actions_init", result) }
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        result = unsafe posix_spawnattr_init(&attributes)
        guard result == 0 else { throw SystemError("posix_spawnattr_init", result) }
        defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
        var blocked = sigset_t()
        _ = unsafe sigemptyset(&blocked)
        if ignoresInterrupts { _ = unsafe sigaddset(&blocked, SIGINT) }
        let prepared = unsafe [
            posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO),
            posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO),
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK)),
            posix_spawnattr_setsigmask(&attributes, &blocked),
        ]
        if let failure = prepared.first(where: { $0 != 0 }) {
            throw SystemError("posix_spawn", failure)
        }
        var process: pid_t = -1
        let arguments = unsafe Spawn.strings(["/bin/sh", "-c", command])
        let environment = unsafe Spawn.strings(Spawn.inheritedEnvironment)
        defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
        result = unsafe posix_spawn(
            &process, "/bin/sh", &actions, &attributes, arguments, environment)
        guard result == 0 else { throw SystemError("posix_spawn", result) }
        return process
    }

    /// How it ended, once it has closed its output; nil when that takes it longer than a second.
    func end() -> Spawn.End? {
        let ended = FileDescriptor(owning: pidfd_open(process, 0))
        var interest = pollfd(fd: ended.number, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&interest, 1, 1000)
        return Spawn.end(of: process)
    }
}
