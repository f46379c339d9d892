internal import Glibc

/// poll(2) on what can wake the program.
struct Waiting {
    struct Ready: Equatable {
        var keys = false
        var signals = false
        var socket = false
        /// The terminal is gone.
        var hungUp = false
    }

    /// Waits until something is there or the time has come. `socket` is nil while there is no connection;
    /// `keys` says whether standard input and the signals are waited for too.
    static func run(
        socket: CInt?, wantsToWrite: Bool, keys: Bool, milliseconds: UInt64
    ) -> Ready {
        var entries = [
            pollfd(fd: keys ? 0 : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: keys ? SignalPipe.descriptor : -1, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: socket ?? -1, events: Int16(wantsToWrite ? POLLIN | POLLOUT : POLLIN),
                revents: 0),
        ]
        let timeout = CInt(clamping: milliseconds)
        let count = unsafe poll(&entries, 3, timeout)
        guard count > 0 else { return Ready() }
        let gone = Int16(POLLHUP | POLLERR | POLLNVAL)
        return Ready(
            keys: entries[0].revents & Int16(POLLIN) != 0, signals: entries[1].revents != 0,
            socket: entries[2].revents != 0, hungUp: entries[0].revents & gone != 0)
    }
}
