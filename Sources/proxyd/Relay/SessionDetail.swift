internal import Shared

/// Everything that is known of one session.
struct SessionDetail: Sendable {
    var record: SessionRecord
    /// The address that the client has connected to.
    var clientLocal: Endpoint?
    /// Who is at the other end of the client's connection: the client, or a proxy that has announced it.
    var clientPeer: Endpoint?
    /// What it asked for in its first words, or what a proxy's header has.
    var serverName: String?
    /// What was agreed on with it.
    var tls: ClientDetails.TLSDetails?
    /// What was agreed on with the channel: `TLSv1.3 TLS_AES_128_GCM_SHA256`.
    var channelTLS: String?
    var channelLocal: Endpoint?
    /// Which of the channel's addresses it is.
    var channelPeer: Endpoint?
    /// Nanoseconds until it is looked at if nothing happens; nil: never.
    var deadline: UInt64?
    /// Standing in the service's queue for room, or for a channel to become usable; nil: not.
    var isWaitingForRoom: Bool?
}

extension Session {
    mutating func detail(_ record: SessionRecord, now: Instant) -> SessionDetail {
        let hasChannel = channelSocket.number >= 0
        return SessionDetail(
            record: record, clientLocal: Socket.localEndpoint(clientSocket),
            clientPeer: Socket.peerEndpoint(clientSocket), serverName: header?.details.serverName,
            tls: header?.details.tls,
            channelTLS: holdings.isPlaced ? channelTLS.map { "\($0.version) \($0.cipher)" } : nil,
            channelLocal: hasChannel ? Socket.localEndpoint(channelSocket) : nil,
            channelPeer: hasChannel ? Socket.peerEndpoint(channelSocket) : nil,
            deadline: deadline.map { $0.elapsed(since: now) }, isWaitingForRoom: wait?.isForRoom)
    }
}
