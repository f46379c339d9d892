import Shared

@testable import proxyd

extension SessionRecord {
    /// A session that relays, and of which a test changes what it is about.
    static func sample(
        _ id: UInt64, of listener: Listener, channel: Channel? = nil, worker: Int = 0,
        slot: Int = 0
    ) -> SessionRecord {
        SessionRecord(
            id: id, slot: slot, worker: worker, client: .local(5), listener: listener,
            channel: channel, phase: .relaying, retries: 0, age: 0, inward: .sample,
            outward: .sample)
    }
}

extension FlowRecord {
    static let sample = FlowRecord(
        byteCount: 0, idle: 0, isSplicing: false, isBlocked: false, isEnded: false)
}
