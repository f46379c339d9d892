internal import Glibc

/// Brings the number of each process that takes over to the process that stays where the first one was started.
final class SuccessorPIDPipe {
    let incoming: FileDescriptor
    let outgoing: FileDescriptor

    init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { throw SystemError("pipe2") }
        incoming = FileDescriptor(owning: ends[0])
        outgoing = FileDescriptor(owning: ends[1])
    }

    /// Another process reads it.
    init(outgoing number: CInt) {
        incoming = .none
        outgoing = FileDescriptor(owning: number)
    }

    /// Whether this process is the one that reads it.
    var isOurs: Bool { incoming.number >= 0 }

    /// The number that has come last; nil: none has since.
    func take() -> pid_t? {
        var number: pid_t = 0
        var last: pid_t?
        let size = MemoryLayout<pid_t>.size
        while unsafe read(incoming.number, &number, size) == size { last = number }
        return last
    }

    /// We are the daemon from now on.
    func sendOwnPID() {
        var process = getpid()
        _ = unsafe write(outgoing.number, &process, MemoryLayout<pid_t>.size)
    }
}
