internal import Shared

/// A session as `show sessions` shows it, and as filters see it.
extension SessionRecord: FilterableRow {
    func value(of field: Int) -> FieldValue { value(of: SessionField.all[field]) }

    var row: [String] { SessionField.all.map { value(of: $0).cell } }

    func value(of field: SessionField) -> FieldValue {
        switch field {
        case .id: .number(id)
        case .client: .endpoint(client)
        case .listener: .text(listener.path)
        case .channel: FieldValue(channel?.path)
        case .phase: .text(phase.word.rawValue)
        case .age: .number(age / 1_000_000)
        case .idle: .number(idle / 1_000_000)
        case .inBytes: .number(inward.byteCount)
        case .outBytes: .number(outward.byteCount)
        case .worker: .number(UInt64(worker))
        case .inMode: .text(inward.mode)
        case .outMode: .text(outward.mode)
        case .retries: .number(UInt64(retries))
        case .inIdle: .number(inward.idle / 1_000_000)
        case .outIdle: .number(outward.idle / 1_000_000)
        case .inRate: FieldValue(inward.rate)
        case .outRate: FieldValue(outward.rate)
        case .last: FieldValue(lastMoved.map { $0 == .client ? "in" : "out" })
        case .blame: FieldValue(Blame(self)?.rawValue)
        case .stuck: FieldValue(Stuck(self)?.rawValue)
        case .channelPort: FieldValue(legs?.channelPort.map { UInt64($0) })
        case .clientRTT: FieldValue(legs?.client.map { UInt64($0.rtt) })
        case .channelRTT: FieldValue(legs?.channel.map { UInt64($0.rtt) })
        case .rtt: FieldValue(rtt)
        case .clientRetransmitted: FieldValue(legs?.client.map { UInt64($0.retransmitted) })
        case .channelRetransmitted: FieldValue(legs?.channel.map { UInt64($0.retransmitted) })
        case .clientUnacknowledged: FieldValue(legs?.client.map { UInt64($0.unacknowledged) })
        case .channelUnacknowledged: FieldValue(legs?.channel.map { UInt64($0.unacknowledged) })
        case .clientUnsent: FieldValue(legs?.client.map { UInt64($0.unsent) })
        case .channelUnsent: FieldValue(legs?.channel.map { UInt64($0.unsent) })
        case .clientWindowPercent: FieldValue(legs?.client?.windowLimitedPercent)
        case .channelWindowPercent: FieldValue(legs?.channel?.windowLimitedPercent)
        }
    }

    /// From the client to the channel and back, where both are TCP.
    private var rtt: UInt64? {
        guard let client = legs?.client, let channel = legs?.channel else { return nil }
        return UInt64(client.rtt) + UInt64(channel.rtt)
    }
}

extension SessionField {
    /// Whether it is the kernel that knows.
    var isOfLegs: Bool {
        switch self {
        case .blame, .channelPort, .clientRTT, .channelRTT, .rtt, .clientRetransmitted,
            .channelRetransmitted, .clientUnacknowledged, .channelUnacknowledged, .clientUnsent,
            .channelUnsent, .clientWindowPercent, .channelWindowPercent:
            true
        case .id, .client, .listener, .channel, .phase, .age, .idle, .inBytes, .outBytes, .worker,
            .inMode, .outMode, .retries, .inIdle, .outIdle, .inRate, .outRate, .last, .stuck:
            false
        }
    }
}

extension FlowRecord {
    fileprivate var mode: String { isSplicing ? "splice" : "copy" }
}

extension SessionLife.Phase {
    var word: SessionSnapshot.Phase {
        switch self {
        case .preread: .preamble
        case .holding: .hold
        case .connecting: .connect
        case .relaying: .relay
        case .halfClosed, .flushing, .closed: .half
        }
    }
}
