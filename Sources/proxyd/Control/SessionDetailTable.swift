internal import Shared

/// `show session ID`: a field per line, those of `show sessions` first.
extension SessionDetail {
    var table: Table {
        var table = Table(columns: ["field", "value"])
        func add(_ name: String, _ value: FieldValue) { table.append([name, value.cell]) }
        for field in SessionField.all { add(field.rawValue, record.value(of: field)) }
        add(
            "service", FieldValue(record.listener.path.split(separator: "/").first.map(String.init))
        )
        add("in_waits_for", FieldValue(record.inward.waitsFor(sink: "channel", source: "client")))
        add("out_waits_for", FieldValue(record.outward.waitsFor(sink: "client", source: "channel")))
        add("waiting_for", FieldValue(isWaitingForRoom.map { $0 ? "room" : "channel" }))
        add("deadline_ms", FieldValue(deadline.map { $0 / 1_000_000 }))
        add("client_local", FieldValue(endpoint: clientLocal))
        add("client_peer", FieldValue(endpoint: clientPeer))
        add("sni", FieldValue(serverName))
        add("tls", FieldValue(tls?.version))
        add("cipher", FieldValue(tls?.cipher))
        add("subject", FieldValue(tls?.subject ?? tls?.commonName))
        add("channel_tls", FieldValue(channelTLS))
        add("channel_local", FieldValue(endpoint: channelLocal))
        add("channel_peer", FieldValue(endpoint: channelPeer))
        add("channel_address", FieldValue(endpoint: record.channel?.endpoint))
        for (side, leg) in [("client", record.legs?.client), ("channel", record.legs?.channel)] {
            for (name, value) in TCPInfo.rows { add("\(side)_\(name)", leg.map(value) ?? .absent) }
        }
        return table
    }
}

extension FieldValue {
    fileprivate init(endpoint: Endpoint?) { self = endpoint.map { .endpoint($0) } ?? .absent }
}

extension FlowRecord {
    /// Who has to do something before its bytes move again.
    fileprivate func waitsFor(sink: String, source: String) -> String? {
        isBlocked ? sink : isEnded ? nil : source
    }
}

extension TCPInfo {
    /// What `show sessions` has no column for.
    fileprivate static var rows: [(name: String, value: (TCPInfo) -> FieldValue)] {
        [
            ("tcp", { .text($0.state.word) }),
            ("recovering", { .text($0.isRecovering ? "yes" : "no") }),
            ("timeouts", { .number(UInt64($0.timeouts)) }),
            ("probes", { .number(UInt64($0.probes)) }),
            ("lost", { .number(UInt64($0.lost)) }),
            ("rtt_variation_us", { .number(UInt64($0.rttVariation)) }),
            ("shortest_rtt_us", { FieldValue($0.shortestRTT > 0 ? UInt64($0.shortestRTT) : nil) }),
            ("retransmit_us", { .number(UInt64($0.retransmitTimeout)) }),
            ("congestion_window", { .number(UInt64($0.window.congestion)) }),
            ("segment_bytes", { .number(UInt64($0.window.segment)) }),
            ("peer_window_bytes", { .number(UInt64($0.window.peer)) }),
            ("delivery_rate_bytes", { .number($0.deliveryRate) }),
            ("sent_bytes", { .number($0.sent) }),
            ("sent_again_bytes", { .number($0.sentAgain) }),
            ("acked_bytes", { .number($0.acknowledged) }),
            ("received_bytes", { .number($0.received) }),
            ("last_sent_ms", { .number(UInt64($0.lastSent)) }),
            ("last_received_ms", { .number(UInt64($0.lastReceived)) }),
            ("last_acked_ms", { .number(UInt64($0.lastAcknowledged)) }),
            ("busy_us", { .number($0.busy) }),
            ("window_limited_us", { .number($0.windowLimited) }),
            ("buffer_limited_us", { .number($0.bufferLimited) }),
        ]
    }
}
