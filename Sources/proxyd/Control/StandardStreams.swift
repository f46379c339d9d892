internal import Glibc
internal import Shared

/// `proxyd ctl --stdio`: standard input and output become the control socket, for `--via`.
enum StandardStreams {
    /// Copies both ways until the daemon has closed; an end of input is handed on, and the replies
    /// that are still to come are waited for.
    static func relay(to socket: String?) throws(ControlFailure) {
        let client = try ControlTarget(socket: socket).connect()
        let number = client.number
        do throws(SystemError) {
            // Each way has its own thread, so that a reader that is slow keeps nothing from the daemon.
            try Thread.detached(name: "input") {
                copy(from: STDIN_FILENO, to: number)
                _ = shutdown(number, CInt(SHUT_WR))
            }
        } catch {
            throw .system("\(error)")
        }
        copy(from: number, to: STDOUT_FILENO)
        // The other thread may still read: it ends with the process, which the caller ends now.
        withExtendedLifetime(client) {}
    }

    /// Until one of the two ends.
    private static func copy(from source: CInt, to sink: CInt) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(source, &bytes, bytes.count)
            if count < 0, errno == EINTR || wait(for: source, POLLIN) { continue }
            guard count > 0 else { return }
            var sent = 0
            while sent < count {
                let written = unsafe bytes.withUnsafeBytes {
                    unsafe write(sink, $0.baseAddress?.advanced(by: sent), count - sent)
                }
                if written < 0, errno == EINTR || wait(for: sink, POLLOUT) { continue }
                guard written > 0 else { return }
                sent += written
            }
        }
    }

    /// Whether the descriptor was one that does not block (ssh may have made it so), and is ready now.
    private static func wait(for number: CInt, _ events: CInt) -> Bool {
        guard errno == EAGAIN else { return false }
        var interest = pollfd(fd: number, events: Int16(events), revents: 0)
        return unsafe poll(&interest, 1, -1) > 0
    }
}
