internal import Glibc
internal import Shared

/// The way into the background (daemon(7)): the caller gets the prompt back once all is well, or
/// gets the reason, with the exit code.
///
/// The process is copied before it has opened or started anything, and the caller's half waits at a pipe for
/// the other's word. Until then messages go where the caller reads them.
final class Background {
    /// The caller waits at its other end.
    private let word: FileDescriptor

    /// Returns in the daemon only. In the caller it waits and ends the process. Nothing but `kept` stays open
    /// of what the caller has open, as a reader may wait for its end.
    init(keeping kept: [CInt]) throws(StartError) {
        // Only the thread that calls is copied (fork(2)): another one's locks would stay locked for good.
        guard Thread.count ?? 1 == 1 else {
            throw StartError(
                code: .system, message: "cannot go into the background: other threads run already")
        }
        do throws(SystemError) {
            word = try Self.divide()
        } catch {
            throw StartError(code: .system, message: "cannot go into the background: \(error)")
        }
        OpenDescriptors.close(except: kept + [word.number])
        _ = umask(0o022)
        Self.leaveFolder()
        Self.pointAtNull([STDIN_FILENO])
    }

    /// So that no file system is kept busy by a daemon that needs nothing of it.
    static func leaveFolder() { _ = unsafe chdir("/") }

    /// Copies the process twice: who leads a session may get a terminal by opening one (setsid(2)), and the
    /// child of a leader never does.
    private static func divide() throws(SystemError) -> FileDescriptor {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw SystemError("pipe2") }
        let writing = FileDescriptor(owning: ends[1])
        let reading = FileDescriptor(owning: ends[0])
        let child = fork()
        guard child >= 0 else { throw SystemError("fork") }
        guard child == 0 else {
            // Ours as well: the end of the stream must mean that the daemon has ended.
            _ = close(writing.release())
            waitForWord(at: reading.number)
        }
        _ = setsid()
        let grandchild = fork()
        // The caller sees the end of the stream.
        guard grandchild == 0 else { _exit(0) }
        return writing
    }

    private static func waitForWord(at number: CInt) -> Never {
        var byte: UInt8 = 0
        var count = 0
        repeat { count = unsafe read(number, &byte, 1) } while count < 0 && errno == EINTR
        if count == 1 { exit(CInt(byte)) }
        StandardError.write("proxyd: the daemon has ended before it was ready\n")
        exit(ExitStatus.software.rawValue)
    }

    /// Lets the caller go; from here on nothing of ours goes to its terminal.
    ///
    /// Standard error stays where it is if that is a file, which is a log then. `quietly` says nothing of it.
    func enter(quietly: Bool = false) {
        let isFile = Self.isFile(STDERR_FILENO)
        if !quietly {
            Log.line(
                "in the background as process \(getpid())"
                    + (isFile ? "" : "; further messages go nowhere: 2>>FILE keeps them"))
        }
        Log.flush()
        Self.pointAtNull(isFile ? [STDOUT_FILENO] : [STDOUT_FILENO, STDERR_FILENO])
        say(.good)
    }

    /// The start has failed, and the caller shall know.
    func giveUp(_ status: ExitStatus) { say(status) }

    private func say(_ status: ExitStatus) {
        var byte = UInt8(truncatingIfNeeded: status.rawValue)
        _ = unsafe write(word.number, &byte, 1)
    }

    private static func isFile(_ number: CInt) -> Bool {
        var status = stat()
        return unsafe fstat(number, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func pointAtNull(_ numbers: [CInt]) {
        let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        for number in numbers where number != null { _ = dup2(null, number) }
        if null > STDERR_FILENO { _ = close(null) }
    }
}
