internal import Glibc

/// A command of the shell whose standard input and output are one socket of ours, as `ssh` is used to reach a
/// program elsewhere. It ends when the socket is closed. What it says on its standard error comes through a pipe: on the
/// terminal it would stand in the middle of the screen.
enum RemoteCommand {
    /// The near ends.
    struct Ends {
        var socket: CInt
        var errors: CInt
    }

    /// nil, and errno, when there is none.
    static func start(_ command: String) -> Ends? {
        // The kernel reaps these commands (sigaction(2), SA_NOCLDWAIT).
        _ = signal(SIGCHLD, SIG_IGN)
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
        var pipes: [CInt] = [-1, -1]
        guard unsafe pipe2(&pipes, O_CLOEXEC) == 0 else {
            let reason = errno
            for end in ends { close(end) }
            errno = reason
            return nil
        }
        let result = spawn(command, ends[1], pipes[1])
        close(ends[1])
        close(pipes[1])
        guard result == 0 else {
            close(ends[0])
            close(pipes[0])
            errno = result
            return nil
        }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        _ = fcntl(pipes[0], F_SETFL, O_NONBLOCK)
        return Ends(socket: ends[0], errors: pipes[0])
    }

    private static func spawn(_ command: String, _ socket: CInt, _ errors: CInt) -> CInt {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        var result = unsafe posix_spawn_file_actions_init(&actions)
        guard result == 0 else { return result }
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        result = unsafe posix_spawnattr_init(&attributes)
        guard result == 0 else { return result }
        defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
        // Signals that we ignore must reach the command, but Ctrl-C on our screen must not.
        var plain = sigset_t()
        _ = unsafe sigemptyset(&plain)
        _ = unsafe sigaddset(&plain, SIGPIPE)
        _ = unsafe sigaddset(&plain, SIGCHLD)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        let prepared = unsafe [
            posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO),
            posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO),
            posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO),
            posix_spawnattr_setflags(&attributes, Int16(flags)),
            posix_spawnattr_setsigdefault(&attributes, &plain),
            posix_spawnattr_setpgroup(&attributes, 0),
        ]
        if let failure = prepared.first(where: { $0 != 0 }) { return failure }
        var process: pid_t = -1
        var words: [UnsafeMutablePointer<CChar>?] = unsafe []
        for text in ["/bin/sh", "-c", command] { unsafe words.append(strdup(text)) }
        unsafe words.append(nil)
        defer { unsafe words.forEach { unsafe free($0) } }
        return unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, words, environ)
    }
}
