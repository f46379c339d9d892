internal import CLinux
internal import Glibc

/// One end of a connection that carries packets, and descriptors beside them, between two processes of this
/// machine (unix(7), SOCK_SEQPACKET and SCM_RIGHTS).
struct PacketSocket: ~Copyable {
    let descriptor: FileDescriptor

    /// Bytes of a packet at most. A socket's buffer holds some 200 KiB in all.
    static let longestPacket = 80_000
    /// Descriptors that may stand beside one.
    static let mostDescriptors = Int(CLINUX_MOST_DESCRIPTORS)

    /// What a receive came to.
    enum Incoming {
        /// The receiver has to close the descriptors.
        case packet([UInt8], descriptors: [CInt])
        case wouldBlock
        /// The other end has been closed.
        case ended
        case failed(CInt)
    }

    /// Both ends of a new connection.
    struct Pair: ~Copyable {
        let own: PacketSocket
        let other: FileDescriptor

        init() throws(SystemError) {
            var ends: [CInt] = [-1, -1]
            let type =
                CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
                | CInt(SOCK_CLOEXEC.rawValue)
            guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
                throw SystemError("socketpair")
            }
            own = PacketSocket(FileDescriptor(owning: ends[0]))
            other = FileDescriptor(owning: ends[1])
            Self.widen(ends[0])
        }

        /// Room for everything at once, so that neither process has to wait for the other's turn on a processor
        /// again and again. Who is not root gets as much as the machine allows (socket(7), wmem_max).
        private static func widen(_ number: CInt) {
            var size: CInt = 64 << 20
            let length = socklen_t(MemoryLayout<CInt>.size)
            guard unsafe setsockopt(number, SOL_SOCKET, SO_SNDBUFFORCE, &size, length) != 0 else {
                return
            }
            _ = unsafe setsockopt(number, SOL_SOCKET, SO_SNDBUF, &size, length)
        }

        consuming func takeOwn() -> PacketSocket { own }
    }

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Sends a packet whole, or not at all; the descriptors stay ours, too.
    func send(_ packet: [UInt8], descriptors: [CInt] = []) -> IOResult {
        let outcome = Socket.outcome(
            unsafe clinux_send_packet(
                descriptor.number, packet, packet.count, descriptors, descriptors.count))
        // Too many descriptors are on their way: they are fewer once the other side has read.
        if case .failed(ETOOMANYREFS) = outcome { return .wouldBlock }
        return outcome
    }

    func receive() -> Incoming {
        var packet = [UInt8](repeating: 0, count: Self.longestPacket)
        var numbers = [CInt](repeating: -1, count: Self.mostDescriptors)
        var numberCount = 0
        let outcome = Socket.outcome(
            unsafe clinux_receive_packet(
                descriptor.number, &packet, packet.count, &numbers, &numberCount))
        return switch outcome {
        case .moved(let count):
            .packet(Array(packet[..<count]), descriptors: Array(numbers[..<numberCount]))
        case .endOfStream: .ended
        case .wouldBlock: .wouldBlock
        case .failed(let number): .failed(number)
        }
    }

    /// Waits until it can be read, or written, or the time is over.
    func wait(toWrite: Bool, until due: Instant) {
        let left = CInt(clamping: (due.elapsed(since: .now) + 999_999) / 1_000_000)
        var event = pollfd(
            fd: descriptor.number, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        _ = unsafe poll(&event, 1, left)
    }
}
