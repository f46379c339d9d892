internal import CLinux
internal import Glibc

/// A client's first bytes while they stay in its socket, so that nothing is lost by having looked.
enum ClientBytes {
    /// How many wait to be read; nil for a socket that cannot say.
    static func count(_ descriptor: borrowing FileDescriptor) -> Int? {
        var count: CInt = 0
        guard unsafe clinux_unread(descriptor.number, &count) == 0 else { return nil }
        return Int(count)
    }

    /// Ends a connection without telling the other side: with TCP_REPAIR it is forgotten at once, which
    /// takes CAP_NET_ADMIN; otherwise its reset gets no further than the next router.
    static func forget(_ descriptor: borrowing FileDescriptor) {
        do {
            try Socket.set(.repair, to: 1, on: descriptor)
        } catch {
            try? Socket.set(.timeToLive, to: 1, on: descriptor)
            Socket.resetOnClose(descriptor)
        }
    }
}
