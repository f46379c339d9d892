internal import Glibc

/// poll(2) on what can wake the program.
struct Waiting {
    struct Ready: Equatable {
        var keys = false
        var signals = false
        /// The places of the sockets where something is.
        var sockets: Set<Int> = []
        /// The terminal is gone.
        var hungUp = false
    }

    struct Socket: Equatable {
        var number: CInt
        var wantsToWrite: Bool
    }

    /// Waits until something is there or the time has come. A socket is nil while there is no connection;
    /// `hasKeys` says whether standard input and the signals are waited for too.
    static func run(sockets: [Socket?], hasKeys: Bool, milliseconds: UInt64) -> Ready {
        var entries = [
            pollfd(fd: hasKeys ? 0 : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hasKeys ? SignalPipe.descriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        for socket in sockets {
            let events = socket?.wantsToWrite == true ? POLLIN | POLLOUT : POLLIN
            entries.append(pollfd(fd: socket?.number ?? -1, events: Int16(events), revents: 0))
        }
        let timeout = CInt(clamping: milliseconds)
        let count = unsafe poll(&entries, nfds_t(entries.count), timeout)
        guard count > 0 else { return Ready() }
        let gone = Int16(POLLHUP | POLLERR | POLLNVAL)
        let places = sockets.indices.filter { entries[$0 + 2].revents != 0 }
        return Ready(
            keys: entries[0].revents & Int16(POLLIN) != 0, signals: entries[1].revents != 0,
            sockets: Set(places), hungUp: entries[0].revents & gone != 0)
    }
}
