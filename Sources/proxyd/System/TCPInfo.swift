internal import CLinux
internal import Glibc

/// What the kernel knows of one TCP connection at one instant (tcp(7), `TCP_INFO`).
///
/// What an older kernel does not report is zero. "Sent" is what we sent to the other end.
struct TCPInfo: Equatable, Sendable {
    enum State: UInt8, Sendable {
        case established = 1
        case synSent, synReceived, finWait1, finWait2, timeWait, closed, closeWait, lastAck, listen
        case closing

        /// As ss(8) writes it.
        var word: String {
            switch self {
            case .established: "established"
            case .synSent: "syn-sent"
            case .synReceived: "syn-recv"
            case .finWait1: "fin-wait-1"
            case .finWait2: "fin-wait-2"
            case .timeWait: "time-wait"
            case .closed: "closed"
            case .closeWait: "close-wait"
            case .lastAck: "last-ack"
            case .listen: "listen"
            case .closing: "closing"
            }
        }
    }

    var state = State.established
    /// Sent again because of a loss, and not yet through with it.
    var isRecovering = false
    /// Timeouts in a row for want of an acknowledgement.
    var timeouts: UInt8 = 0
    /// Probes that found no window or no answer.
    var probes: UInt8 = 0

    // Microseconds.
    var rtt: UInt32 = 0
    var rttVariation: UInt32 = 0
    /// 0: not known.
    var shortestRTT: UInt32 = 0
    var retransmitTimeout: UInt32 = 0

    var window = Window()

    /// What may be on its way at once.
    struct Window: Equatable, Sendable {
        /// In packets.
        var congestion: UInt32 = 0
        /// In bytes.
        var segment: UInt32 = 0
        /// What the other end has room for, in bytes; 0 also when the kernel does not report it.
        var peer: UInt32 = 0
    }

    // Packets.
    var unacknowledged: UInt32 = 0
    var lost: UInt32 = 0
    var retransmitted: UInt32 = 0

    // Bytes.
    /// Accepted from us and not sent yet.
    var unsent: UInt32 = 0
    var sent: UInt64 = 0
    var sentAgain: UInt64 = 0
    var acknowledged: UInt64 = 0
    var received: UInt64 = 0
    /// Bytes per second.
    var deliveryRate: UInt64 = 0

    // Milliseconds ago.
    var lastSent: UInt32 = 0
    var lastReceived: UInt32 = 0
    var lastAcknowledged: UInt32 = 0

    // Microseconds, since the connection stands.
    /// There was something to send.
    var busy: UInt64 = 0
    /// Of that, waiting for the other end's window.
    var windowLimited: UInt64 = 0
    /// Of that, waiting for us to give more, for want of buffer.
    var bufferLimited: UInt64 = 0

    /// The part of the busy time that went into waiting for the other end to read; nil when there was none.
    var windowLimitedPercent: UInt64? { busy > 0 ? min(100, windowLimited * 100 / busy) : nil }
}

extension TCPInfo {
    /// nil for what is no TCP connection.
    init?(of descriptor: borrowing FileDescriptor) {
        var info = clinux_tcp_info()
        var length = socklen_t(MemoryLayout<clinux_tcp_info>.size)
        let result = unsafe getsockopt(
            descriptor.number, CInt(IPPROTO_TCP), TCP_INFO, &info, &length)
        guard result == 0, let state = State(rawValue: info.state) else { return nil }
        self.init(info, state)
    }

    private init(_ info: clinux_tcp_info, _ state: State) {
        self.state = state
        // TCP_CA_Recovery and TCP_CA_Loss.
        isRecovering = info.ca_state >= 3
        timeouts = info.retransmits
        probes = info.probes
        rtt = info.rtt
        rttVariation = info.rttvar
        shortestRTT = info.min_rtt == UInt32.max ? 0 : info.min_rtt
        retransmitTimeout = info.rto
        unacknowledged = info.unacked
        lost = info.lost
        retransmitted = info.total_retrans
        window.congestion = info.snd_cwnd
        window.segment = info.snd_mss
        unsent = info.notsent_bytes
        window.peer = info.snd_wnd
        sent = info.bytes_sent
        sentAgain = info.bytes_retrans
        acknowledged = info.bytes_acked
        received = info.bytes_received
        deliveryRate = info.delivery_rate
        lastSent = info.last_data_sent
        lastReceived = info.last_data_recv
        lastAcknowledged = info.last_ack_recv
        busy = info.busy_time
        windowLimited = info.rwnd_limited
        bufferLimited = info.sndbuf_limited
    }
}
