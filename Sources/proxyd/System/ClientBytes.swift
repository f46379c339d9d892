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

    /// The first bytes, which stay where they are; nil: there are none now.
    static func peek(_ descriptor: borrowing FileDescriptor, atMost most: Int) -> [UInt8]? {
        let number = descriptor.number
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let received = unsafe recv(number, buffer.baseAddress, most, CInt(MSG_PEEK))
            count = max(0, received)
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Takes so many of them out; false when they are not there after all.
    static func take(_ descriptor: borrowing FileDescriptor, _ count: Int) -> Bool {
        var space = [UInt8](repeating: 0, count: count)
        let number = descriptor.number
        return unsafe recv(number, &space, count, 0) == count
    }

    /// Throws away what has come so far: unread bytes turn a close into a reset.
    static func discard(_ descriptor: borrowing FileDescriptor) {
        // With MSG_TRUNC the kernel copies nothing (tcp(7)). A client that goes on sending is reset after all.
        for _ in 0..<mostDiscards {
            guard
                recv(descriptor.number, nil, 65_536, CInt(MSG_TRUNC) | CInt(MSG_DONTWAIT))
                    > 0
            else {
                return
            }
        }
    }

    private static let mostDiscards = 16

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
