/// Whose fault it is that a session does not get on, as far as the kernel's facts and our own waiting
/// show; the rules are in docs/control-protocol.md.
///
/// nil: neither side is at fault, as when our own send buffer is the limit (`sndbuf_limited`).
enum Blame: String, Sendable, CaseIterable {
    /// It does not read what we have for it.
    case clientSlow = "client-slow"
    case channelSlow = "channel-slow"
    /// What we send is lost on the way to it.
    case clientLoss = "client-loss"
    case channelLoss = "channel-loss"
    /// Nothing waits, nothing moves.
    case idle

    init?(_ record: SessionRecord) {
        let legs = record.legs
        switch record.phase {
        case .preread, .holding, .closed:
            return nil
        case .connecting:
            // The channel does not answer our SYN.
            guard let leg = legs?.channel, leg.timeouts > 0 || leg.retransmitted > 0 else {
                return nil
            }
            self = .channelLoss
            return
        case .relaying, .halfClosed, .flushing:
            break
        }
        let isMoving = record.idle < Self.quiet
        if let blame = Self.loss(legs, isMoving: isMoving) {
            self = blame
            return
        }
        let isClientSlow = Self.isSlow(
            legs?.client, isBlocked: record.outward.isBlocked, isMoving: isMoving)
        let isChannelSlow = Self.isSlow(
            legs?.channel, isBlocked: record.inward.isBlocked, isMoving: isMoving)
        switch (isClientSlow, isChannelSlow) {
        case (true, true):
            // Both: who has kept us waiting for longer.
            self = record.outward.idle >= record.inward.idle ? .clientSlow : .channelSlow
        case (true, false): self = .clientSlow
        case (false, true): self = .channelSlow
        case (false, false):
            guard !isMoving else { return nil }
            self = .idle
        }
    }

    /// Nanoseconds without a byte.
    private static let quiet: UInt64 = 1_000_000_000

    private static func loss(_ legs: ConnectionInfo?, isMoving: Bool) -> Blame? {
        let client = legs?.client.flatMap { loses($0, isMoving: isMoving) ? $0 : nil }
        let channel = legs?.channel.flatMap { loses($0, isMoving: isMoving) ? $0 : nil }
        switch (client, channel) {
        case (let client?, let channel?):
            return (client.timeouts, client.retransmitted)
                >= (channel.timeouts, channel.retransmitted) ? .clientLoss : .channelLoss
        case (_?, nil): return .clientLoss
        case (nil, _?): return .channelLoss
        case (nil, nil): return nil
        }
    }

    private static func loses(_ leg: TCPInfo, isMoving: Bool) -> Bool {
        if leg.unacknowledged > 0 {
            if leg.timeouts > 0 || leg.isRecovering { return true }
            // An acknowledgement takes a round trip, and perhaps 200 ms more (RFC 1122, 4.2.3.2).
            let late = max(1000, leg.rtt / 1000 * 4)
            if leg.lastSent > late, leg.lastAcknowledged > late { return true }
        }
        // One in fifty sent twice halves what a connection can carry; a few are nothing.
        return isMoving && leg.retransmitted >= 5 && leg.sentAgain > 0
            && leg.sentAgain >= leg.sent / 50
    }

    private static func isSlow(_ leg: TCPInfo?, isBlocked: Bool, isMoving: Bool) -> Bool {
        if isBlocked { return true }
        guard let leg else { return false }
        // The window is closed: there is something to send, and nothing under way.
        if leg.unsent > 0, leg.unacknowledged == 0, !isMoving || leg.probes > 0 { return true }
        return isMoving && leg.busy >= 1_000_000 && leg.windowLimited >= leg.busy / 2
    }
}
