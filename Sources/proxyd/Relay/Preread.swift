/// What has to come from a client before a channel is chosen for it. Most clients have none.
///
/// What it has sent stays in its socket, so that a channel gets all of it.
struct Preread: Equatable, Sendable {
    enum Stage: Equatable, Sendable {
        /// It is denied, and may wait for an answer that does not come (`tarpit`).
        case barred
        /// It speaks TLS, and has not agreed with us yet.
        case handshake
        /// It could not agree with us, and may read why.
        case dismissed(EndReason.Cause)
        /// A proxy's header has to be there; with fewer bytes than these there is nothing to look at.
        case header(needs: Int)
        /// What it says first has to be enough to say where it goes; with fewer bytes than these there is
        /// nothing to look at.
        case opening(needs: Int)
        /// So many bytes have to be there (`wait-for-bytes`).
        case bytes(Int)
    }

    var stage: Stage
    /// When it has taken too long; nil: never.
    var until: Instant?
    /// Since when it is silent.
    var heard: Instant

    /// When it must be looked at if nothing happens: silence counts as it does later on.
    func deadline(idle: Duration?) -> Instant? {
        switch stage {
        case .barred, .handshake, .dismissed: return until
        case .header, .opening, .bytes: break
        }
        guard let idle else { return until }
        let silence = heard.advanced(by: idle)
        return until.map { min($0, silence) } ?? silence
    }
}
