internal import CLinux
internal import Glibc
internal import Synchronization

/// A program that runs beside us: started without a shell, in a process group of its own, with nothing
/// of ours but what it is given.
final class Spawn {
    /// Also its process group.
    let process: pid_t
    /// Readable once it has ended (pidfd_open(2)); -1 where the kernel has no such thing.
    let endDescriptor: FileDescriptor
    /// What it writes to its standard output and error; non-blocking.
    let output: FileDescriptor

    /// How a process ended (wait(2)).
    enum End: Equatable, Sendable {
        case exited(CInt)
        case signalled(CInt)
    }

    /// Those that were started and have not been asked how they ended.
    private static let own = CountedMutex<Set<pid_t>>([])

    /// Starts `path` with `arguments` behind its name.
    ///
    /// Standard input is `/dev/null`; signals are as a program expects them, whatever we ignore or block.
    /// With `sharesStreams` it has our own standard output and error, and our input unless that is a
    /// terminal; `output` ends at once.
    init(
        path: String, arguments: [String], environment: [String], sharesStreams: Bool = false
    ) throws(SystemError) {
        var ends: (CInt, CInt) = (-1, -1)
        let piped = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: CInt.self, capacity: 2) {
                unsafe pipe2($0, CInt(O_CLOEXEC))
            }
        }
        guard piped == 0 else { throw SystemError("pipe2") }
        let readEnd = FileDescriptor(owning: ends.0)
        let writeEnd = FileDescriptor(owning: ends.1)
        // Only our end: a program may not know what to do with EAGAIN.
        guard fcntl(readEnd.number, F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("fcntl") }
        process = try Self.start(
            path, [path] + arguments, environment, output: sharesStreams ? nil : writeEnd.number)
        output = readEnd
        endDescriptor = FileDescriptor(owning: pidfd_open(process, 0))
        let process = process
        Self.own.withLock { _ = $0.insert(process) }
    }

    private static func start(
        _ path: String, _ arguments: [String], _ environment: [String], output: CInt?
    ) throws(SystemError) -> pid_t {
        let keepsInput = output == nil && isatty(STDIN_FILENO) == 0
        // Standard input last: `output` may have its number.
        return unsafe try ProgramStart.run(path, arguments, environment) { actions, attributes in
            unsafe [
                posix_spawn_file_actions_adddup2(
                    &actions, output ?? STDOUT_FILENO, STDOUT_FILENO),
                posix_spawn_file_actions_adddup2(
                    &actions, output ?? STDERR_FILENO, STDERR_FILENO),
                keepsInput
                    ? 0
                    : posix_spawn_file_actions_addopen(
                        &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
                posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1),
                posix_spawnattr_setpgroup(&attributes, 0),
                ProgramStart.setSignals(&attributes, flags: POSIX_SPAWN_SETPGROUP),
            ]
        }
    }

    // MARK: Afterwards

    /// `end(of:)` will be asked for this process.
    static func keep(_ process: pid_t) { own.withLock { _ = $0.insert(process) } }

    /// How it ended, asked once: what is left of it is put away. nil while it runs.
    static func end(of process: pid_t) -> End? { end(of: process, WNOHANG) }

    /// The same, once it has ended.
    static func waitForEnd(of process: pid_t) -> End? { end(of: process, 0) }

    private static func end(of process: pid_t, _ options: CInt) -> End? {
        var status: CInt = 0
        var result: pid_t
        repeat {
            result = unsafe waitpid(process, &status, options)
        } while result < 0 && errno == EINTR
        guard result == process else { return nil }
        own.withLock { _ = $0.remove(process) }
        // The bits of WIFEXITED and WTERMSIG (wait(2)), which are macros.
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
    }

    /// Whether it has ended; it can still be asked how.
    static func hasEnded(_ process: pid_t) -> Bool {
        var information = unsafe siginfo_t()
        let result = unsafe waitid(
            P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
        // What is no longer a child of ours has ended as well.
        return unsafe result != 0 || information._sifields._kill.si_pid == process
    }

    /// Puts away those of a process group that became our children when theirs ended, as it is when
    /// we are the first process of a container.
    ///
    /// - Returns: whether one of them is still there.
    static func reapOrphans(of group: pid_t) -> Bool {
        while true {
            let process = waitpid(-group, nil, WNOHANG)
            if process == 0 { return true }
            if process < 0 { return false }
        }
    }

    /// Reaps orphaned child processes, as the first process of a container has to. Processes that we have started
    /// are not touched: their exit status is still needed.
    ///
    /// - Returns: whether there may be more behind one of our own, which has to be asked first.
    static func reapStrangers() -> Bool {
        while true {
            var information = unsafe siginfo_t()
            let result = unsafe waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT)
            let process = unsafe information._sifields._kill.si_pid
            guard result == 0, process > 0 else { return false }
            guard own.withLock({ !$0.contains(process) }) else { return true }
            _ = waitpid(process, nil, WNOHANG)
        }
    }

    static func signal(_ number: CInt, toGroup group: pid_t) { _ = kill(-group, number) }

    /// Our own environment, as `NAME=value`.
    static var inheritedEnvironment: [String] {
        guard let list = unsafe clinux_environment() else { return [] }
        var values: [String] = []
        var index = 0
        while let value = unsafe list[index] {
            values.append(unsafe String(cString: value))
            index += 1
        }
        return values
    }
}
