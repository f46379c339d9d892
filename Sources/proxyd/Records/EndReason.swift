internal import Shared

/// Why a session ended: the two-letter code of architecture §4 and the cause in a word or two.
struct EndReason: Hashable, Sendable {
    /// On whose account.
    enum Who: UInt8, Sendable, CaseIterable {
        case neither, client, channel, proxy, `operator`, clientIdle, channelIdle, resource
        /// Another channel is primary now.
        case superseded

        var letter: String {
            switch self {
            case .neither: "-"
            case .client: "C"
            case .channel: "S"
            case .proxy: "P"
            case .operator: "K"
            case .clientIdle: "c"
            case .channelIdle: "s"
            case .resource: "R"
            case .superseded: "U"
            }
        }
    }

    /// At what stage.
    enum When: UInt8, Sendable, CaseIterable {
        case orderly, accept, preread, queue, connect, data, halfClosed

        var letter: String {
            switch self {
            case .orderly: "-"
            case .accept: "A"
            case .preread: "H"
            case .queue: "Q"
            case .connect: "C"
            case .data: "D"
            case .halfClosed: "F"
            }
        }
    }

    enum Cause: String, Sendable, CaseIterable {
        /// Both sides have ended their writes.
        case done
        case reset
        case refused
        case unreachable
        /// The channel leads back to the listener that the client came by.
        case loop
        case timeout
        /// Bytes that were sent were never acknowledged (`dead-peer`, keepalive).
        case deadPeer = "dead peer"
        case noChannel = "no channel"
        /// More at once than `max-sessions` allows.
        case overload
        /// More than `per-source` allows.
        case perSource = "per source"
        /// `access` does not let it in.
        case denied
        /// It has ended before it had sent what was asked for.
        case closed
        /// It does not begin with the header that a proxy has to send.
        case proxyHeader = "proxy header"
        /// Its handshake fails (TLS), or what it sends later on is not TLS.
        case tls
        /// It has shown no certificate, or not a good one.
        case certificate
        /// No rule of `route` fits it.
        case noRoute = "no route"
        /// Faster than `rate` allows.
        case rate
        case queueFull = "queue full"
        case descriptors
        case ports = "local ports"
        /// A source address or a socket option that this machine does not have now.
        case localSocket = "local socket"
        case memory
        case cut
        /// Its channel or its listener was taken away, and `on-remove` does not keep it.
        case removed
        case shutdown
        case primaryChanged = "primary changed"
        case other
    }

    var who: Who
    var when: When
    var cause: Cause

    static let done = EndReason(who: .neither, when: .orderly, cause: .done)

    /// The client was not served at all, and not by its own doing or a person's.
    var isTurnedAway: Bool {
        guard who != .operator, who != .client else { return false }
        return when == .accept || when == .queue || when == .connect
    }

    var code: String { who.letter + when.letter }
}

extension EndReason: CustomStringConvertible {
    var description: String { "\(code) \(cause.rawValue)" }
}

extension EndReason.Cause {
    /// What an error of a connect means (connect(2)).
    init(connectError number: CInt) {
        switch Errno(number) {
        case .refused: self = .refused
        case .unreachable: self = .unreachable
        case .timedOut: self = .timeout
        case .reset: self = .reset
        case .descriptors: self = .descriptors
        case .ports: self = .ports
        case .memory: self = .memory
        case .other: self = .other
        }
    }

    /// The same where our own socket may be at fault, not the channel.
    init(connectError error: SystemError) {
        let isOurs = error.call.description != "connect" && error.call.description != "socket"
        let cause = Self(connectError: error.number)
        self = isOurs && (!cause.isShortage || cause == .ports) ? .localSocket : cause
    }

    /// What an error of an established connection means (tcp(7)).
    init(streamError number: CInt) {
        switch Errno(number) {
        case .reset: self = .reset
        case .timedOut, .unreachable: self = .deadPeer
        case .memory: self = .memory
        default: self = number == TLSConnection.isBroken ? .tls : .other
        }
    }

    /// The proxy's own trouble, which says nothing about the channel.
    var isShortage: Bool {
        self == .descriptors || self == .ports || self == .memory || self == .localSocket
    }
}
