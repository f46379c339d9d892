internal import Shared

/// 5. Relaying: bytes both ways, until both sides have ended or one breaks.
extension Session {
    /// The channel's connection stands: bytes may flow.
    mutating func beginRelay(on worker: Worker) {
        // In TLS only trying says whether the client has anything to say.
        let isSilent = !flows[from: .client].isReadable
        if !isSilent { pump(from: .client, on: worker) }
        if isSilent || clientTLS != nil && flows[from: .client].byteCount == 0 && !isOver {
            ChannelSocket.acknowledge(channelSocket)
        }
        pump(from: .channel, on: worker)
    }

    /// An event of `side` concerns the flow from it, and the flow into it only if that waits.
    mutating func resumeRelay(_ side: Side, _ readiness: Readiness, on worker: Worker) {
        let isBroken = readiness.contains(.error)
        if isBroken || readiness.contains(.writable) { noteWritable(side) }
        pump(from: side, on: worker)
        if flows[into: side].isWaitingForSink { pump(from: side.other, on: worker) }
        // A flow that goes on will meet the error behind the bytes that came before it.
        if isBroken, !flows[from: side].canMove, !isOver { breakIfBroken(side, on: worker) }
    }

    mutating func noteWritable(_ side: Side) {
        flows[into: side].isWritable = true
        if let tls = side == .client ? clientTLS : channelTLS, tls.needsRoomToReceive {
            flows[from: side].isReadable = true
        }
    }

    /// The turn that was over goes on.
    mutating func continueTurn(on worker: Worker) {
        flows.isTurnPending = false
        switch life.phase {
        case .relaying, .halfClosed:
            pump(from: .client, on: worker)
            pump(from: .channel, on: worker)
        case .flushing:
            continueFlush(on: worker)
        case .closed, .preread, .holding, .connecting:
            break
        }
    }

    // MARK: Moving bytes

    @inline(__always)
    private mutating func pump(from side: Side, on worker: Worker) {
        guard !isOver, flows[from: side].canMove else { return }
        let result = move(from: side, on: worker)
        react(to: result, from: side, on: worker)
    }

    mutating func move(from side: Side, on worker: Worker) -> PumpResult {
        if let tap = flows.tap {
            if tap.isWanted { tap.turn(to: side, at: worker.now) } else { flows.tap = nil }
        }
        let (client, channel) = (clientSocket.number, channelSocket.number)
        let (source, sink) = side == .client ? (client, channel) : (channel, client)
        let before = flows[from: side].byteCount
        let result = flows[from: side].pump(from: source, to: sink, worker.buffers)
        let after = flows[from: side].byteCount
        if after != before {
            if before == 0 { noteFirstBytes(after, from: side, on: worker) }
            flows.noteMove(from: side, now: worker.now)
            count(after &- before, from: side, on: worker)
        }
        return result
    }

    private mutating func noteFirstBytes(_ count: UInt64, from side: Side, on worker: Worker) {
        if isTraced { trace(.spoke(side, byteCount: count), on: worker) }
        guard side == .channel else { return }
        flows.firstByteAt = worker.now
        channel?.timings[worker.index].firstByte.record(
            nanoseconds: worker.now.elapsed(since: attempts.connectedAt))
    }

    private mutating func count(_ moved: UInt64, from side: Side, on worker: Worker) {
        listener.counters[worker.index].addBytes(moved, from: side)
        channel?.counters[worker.index].addBytes(moved, from: side)
        worker.counters.addBytes(moved, from: side)
    }

    private mutating func react(to result: PumpResult, from side: Side, on worker: Worker) {
        switch result {
        case .sourceEmpty:
            if side == .client, let clientTLS, clientTLS.needsRoomToReceive {
                watchClientForWrites(on: worker)
            }
        case .sinkFull:
            if side == .channel { watchClientForWrites(on: worker) }
        case .turnOver:
            guard !flows.isTurnPending else { return }
            flows.isTurnPending = true
            worker.resumeLater(token(.client))
        case .finished:
            flows.tap?.record(.ended(side), at: worker.now)
            if isTraced { trace(.ended(side), on: worker) }
            perform(life.handle(.ended(side)), on: worker)
        case .sourceFailed(let number):
            recordError(of: side, errno: number, on: worker)
            perform(life.handle(.broke(side, .init(streamError: number))), on: worker)
        case .sinkFailed(let number):
            // It may have sent something before it broke, which is delivered first.
            recordError(of: side.other, errno: number, on: worker)
            perform(life.handle(.broke(side.other, .init(streamError: number))), on: worker)
        }
    }

    /// Clients are watched for room only once one of them had none: most never do.
    mutating func watchClientForWrites(on worker: Worker) {
        guard !flows.isClientWatchedForWrites else { return }
        flows.isClientWatchedForWrites = true
        try? worker.poller.modify(
            clientSocket.number, token(.client),
            [.readable, .writable, .readEnd, .urgent, .edge])
    }

    // MARK: Broken connections

    /// The kernel holds an error that no read or write has met, because neither is possible now.
    private mutating func breakIfBroken(_ side: Side, on worker: Worker) {
        let number =
            switch side {
            case .client: Socket.pendingError(clientSocket)
            case .channel: Socket.pendingError(channelSocket)
            }
        guard number != 0 else { return }
        perform(life.handle(.broke(side, .init(streamError: number))), on: worker)
    }

    /// A channel that breaks a session off is worth a line in its detail.
    private func recordError(of side: Side, errno: CInt, on worker: Worker) {
        guard side == .channel, let channel else { return }
        let cause = EndReason.Cause(streamError: errno)
        guard cause == .tls, let problem = channelTLS?.problem else {
            return channel.errors.record(cause.rawValue, errno: errno, now: worker.now)
        }
        channel.errors.record(cause.rawValue, problem, errno: 0, now: worker.now)
    }
}
