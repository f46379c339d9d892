internal import Shared

/// What a session reports to the access log, the trace in the error log, and dumps.
extension Session {
    /// Tells the trace; asked for only while the session is traced.
    func trace(_ event: TraceRecord.Event, on worker: Worker) {
        worker.trace(TraceRecord(id: id, client: client, at: worker.now, event: event))
    }

    /// As it is now, for the access log; the kernel is asked for the formats that want it.
    func accessRecord(
        _ event: AccessRecord.Event, _ reason: EndReason? = nil, asksKernel: Bool, now: Instant
    ) -> AccessRecord {
        var record = AccessRecord(
            event: event, at: now, id: id, client: client, listener: listener,
            channel: holdings.isPlaced ? channel : nil, address: attempts.address, reason: reason,
            inBytes: flows[from: .client].byteCount, outBytes: flows[from: .channel].byteCount,
            retries: life.failures, isDelayed: listener.waitForBytes > 0,
            times: SessionTimes(
                started: started, connecting: attempts.address == nil ? .zero : attempts.began,
                connected: attempts.connectedAt, firstByte: flows.firstByteAt),
            generation: topologyGeneration, serverName: header?.details.serverName,
            tls: header?.details.tls)
        if asksKernel {
            let legs = legs
            record.kernel = AccessRecord.KernelFacts(
                channelPort: legs.channelPort, clientRTT: legs.client?.rtt,
                channelRTT: holdings.isPlaced ? legs.channel?.rtt : nil)
        }
        return record
    }

    // MARK: Dumps

    /// From now on, `sink` gets what this session moves.
    mutating func add(_ sink: TapSink, now: Instant) {
        let tap = flows.tap ?? SessionTap(of: id)
        guard !tap.serves(sink) else { return }
        tap.add(sink)
        flows.tap = tap
        switch life.phase {
        case .relaying, .halfClosed, .flushing:
            sink.record(.began(tapFacts), of: id, at: now)
        case .preread, .holding, .connecting, .closed:
            // It gets the beginning when there is one.
            break
        }
    }

    /// Whether `sink` gets it already.
    func isShown(to sink: TapSink) -> Bool { flows.tap?.serves(sink) ?? false }

    /// The connections as they are, for a few system calls.
    var tapFacts: TapFacts {
        TapFacts(
            client: client, accepted: Socket.localEndpoint(clientSocket),
            connecting: Socket.localEndpoint(channelSocket),
            channel: Socket.peerEndpoint(channelSocket) ?? channel?.endpoint,
            channelPath: channel?.path ?? "-", inBytes: flows[from: .client].byteCount,
            outBytes: flows[from: .channel].byteCount, isFromStart: life.phase == .connecting)
    }
}

extension AccessRecord {
    /// Of a client that was accepted and then found the daemon ending before it had a session.
    init(unserved client: AcceptedClient, id: UInt64, now: Instant) {
        self.init(
            event: .end, at: now, id: id, client: client.address, listener: client.listener,
            reason: EndReason(who: .operator, when: .accept, cause: .shutdown),
            times: SessionTimes(started: now))
    }
}
