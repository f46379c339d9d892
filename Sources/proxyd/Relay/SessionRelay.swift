internal import Shared

/// What events of its sockets mean to a session, and the moving of its bytes.
extension Session {
    // MARK: Events

    /// A socket is ready for something.
    func resume(_ side: Side, _ readiness: Readiness, on worker: Worker) {
        let isBroken = readiness.contains(.error)
        if !readiness.isDisjoint(with: [.readable, .readEnd, .hangUp, .error]) {
            note(readiness, from: side)
        }
        switch life.phase {
        case .closed:
            return
        case .preamble:
            resumePreamble(readiness, on: worker)
        case .holding, .connecting:
            if side == .channel {
                resumeConnecting(readiness, on: worker)
            } else if isBroken {
                perform(life.broke(.client, .reset), on: worker)
            }
        case .relaying, .halfClosed:
            if readiness.contains(.writable) || isBroken { noteWritable(side) }
            relay(side, on: worker)
            // A flow that goes on will meet the error behind the bytes that came before it.
            let goesOn = side == .client ? inFlow.canMove : outFlow.canMove
            if isBroken, !goesOn, !isClosed { breakIfBroken(side, on: worker) }
        }
    }

    /// The turn that was over goes on.
    func continueTurn(on worker: Worker) {
        switch life.phase {
        case .relaying, .halfClosed:
            pumpIfReady(from: .client, on: worker)
            pumpIfReady(from: .channel, on: worker)
        case .closed, .preamble, .holding, .connecting:
            break
        }
    }

    private func note(_ readiness: Readiness, from side: Side) {
        func note(_ flow: inout Flow) {
            flow.isReadable = true
            // A reset reads as an end, too (tcp(7)); the receive behind the last bytes tells it apart.
            if readiness.contains(.readEnd), !readiness.contains(.error) { flow.endFollows = true }
            if readiness.contains(.urgent) { flow.hasUrgent = true }
        }
        if let tls = side == .client ? clientTLS : channelTLS {
            let isUnsure = !readiness.isDisjoint(with: [.readEnd, .urgent, .hangUp, .error])
            tls.noteReadable(isUnsure: isUnsure)
        }
        if side == .client { note(&inFlow) } else { note(&outFlow) }
    }

    private func noteWritable(_ side: Side) {
        if side == .client {
            outFlow.isWritable = true
            if let clientTLS, clientTLS.needsRoomToReceive { inFlow.isReadable = true }
        } else {
            inFlow.isWritable = true
            if let channelTLS, channelTLS.needsRoomToReceive { outFlow.isReadable = true }
        }
    }

    private func resumeConnecting(_ readiness: Readiness, on worker: Worker) {
        guard let channel, channelSocket.number >= 0 else { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) {
            let number = Socket.pendingError(channelSocket)
            if number != 0 {
                perform(
                    connectFailed(.init(connectError: number), errno: number, on: worker),
                    on: worker)
                return
            }
        }
        if channelTLS != nil {
            perform(shakeHands(with: channel, on: worker), on: worker)
        } else if readiness.contains(.writable) {
            perform(reached(channel, on: worker), on: worker)
        }
    }

    /// The channel's connection stands: bytes may flow.
    func beginRelay(on worker: Worker) {
        // In TLS only trying says whether the client has anything to say.
        let isSilent = !inFlow.isReadable
        if !isSilent { pumpIfReady(from: .client, on: worker) }
        if isSilent || clientTLS != nil && inFlow.byteCount == 0 && !isClosed {
            ChannelSocket.acknowledge(channelSocket)
        }
        pumpIfReady(from: .channel, on: worker)
    }

    /// An event of `side` concerns the flow from it, and the flow into it only if that waits.
    private func relay(_ side: Side, on worker: Worker) {
        pumpIfReady(from: side, on: worker)
        let opposite = side == .client ? outFlow : inFlow
        if opposite.isWaitingForSink { pumpIfReady(from: side.other, on: worker) }
    }

    /// The kernel holds an error that no read or write has met, because neither is possible now.
    private func breakIfBroken(_ side: Side, on worker: Worker) {
        let number: CInt
        switch side {
        case .client: number = Socket.pendingError(clientSocket)
        case .channel: number = Socket.pendingError(channelSocket)
        }
        guard number != 0 else { return }
        perform(life.broke(side, .init(streamError: number)), on: worker)
    }

    // MARK: Moving bytes

    private func pumpIfReady(from side: Side, on worker: Worker) {
        guard !isClosed, side == .client ? inFlow.canMove : outFlow.canMove else { return }
        settle(pump(from: side, on: worker), from: side, on: worker)
    }

    private func pump(from side: Side, on worker: Worker) -> Flow.Pause {
        guard let onlooker else { return move(from: side, on: worker) }
        if onlooker.isWanted {
            onlooker.turn(to: side, at: worker.now)
            worker.space.onlooker = onlooker
        } else {
            self.onlooker = nil
        }
        defer { worker.space.onlooker = nil }
        return move(from: side, on: worker)
    }

    @inline(__always)
    private func move(from side: Side, on worker: Worker) -> Flow.Pause {
        let (client, channel) = (clientSocket.number, channelSocket.number)
        let before: UInt64
        let after: UInt64
        let pause: Flow.Pause
        if side == .client {
            before = inFlow.byteCount
            pause = inFlow.pump(from: client, to: channel, space: worker.space)
            after = inFlow.byteCount
        } else {
            before = outFlow.byteCount
            pause = outFlow.pump(from: channel, to: client, space: worker.space)
            after = outFlow.byteCount
        }
        if after != before {
            if before == 0 { noteFirstBytes(after, from: side, on: worker) }
            count(after &- before, from: side, on: worker)
        }
        return pause
    }

    private func noteFirstBytes(_ count: UInt64, from side: Side, on worker: Worker) {
        if isTraced { trace(.spoke(side, byteCount: count), on: worker) }
        guard side == .channel else { return }
        firstByteAt = worker.now
        channel?.timings[worker.index].firstByte.record(
            nanoseconds: worker.now.elapsed(since: connectedAt))
    }

    private func count(_ moved: UInt64, from side: Side, on worker: Worker) {
        if side == .client { inMoved = worker.now } else { outMoved = worker.now }
        lastSpeaker = side
        listener.counters[worker.index].addBytes(moved, from: side)
        channel?.counters[worker.index].addBytes(moved, from: side)
        worker.counters.addBytes(moved, from: side)
    }

    private func settle(_ pause: Flow.Pause, from side: Side, on worker: Worker) {
        switch pause {
        case .sourceEmpty:
            if side == .client, let clientTLS, clientTLS.needsRoomToReceive {
                watchClientForWrites(on: worker)
            }
        case .sinkFull:
            if side == .channel { watchClientForWrites(on: worker) }
        case .turnOver:
            worker.resumeLater(self)
        case .finished:
            onlooker?.tell(.ended(side), at: worker.now)
            if isTraced { trace(.ended(side), on: worker) }
            perform(life.ended(side), on: worker)
        case .sourceFailed(let number):
            recordError(of: side, errno: number, on: worker)
            perform(life.broke(side, .init(streamError: number)), on: worker)
        case .sinkFailed(let number):
            recordError(of: side.other, errno: number, on: worker)
            salvage(from: side.other, on: worker)
            perform(life.broke(side.other, .init(streamError: number)), on: worker)
        }
    }

    /// A channel that breaks a session off is worth a line in its detail.
    private func recordError(of side: Side, errno: CInt, on worker: Worker) {
        guard side == .channel, let channel else { return }
        let cause = EndReason.Cause(streamError: errno)
        guard cause == .tls, let problem = channelTLS?.problem else {
            return channel.mishaps.note(cause.rawValue, errno: errno, now: worker.now)
        }
        channel.mishaps.note(cause.rawValue, problem, errno: 0, now: worker.now)
    }

    /// A side that takes no more bytes may have sent some before it broke; they are delivered first.
    private func salvage(from side: Side, on worker: Worker) {
        if side == .client { inFlow.isReadable = true } else { outFlow.isReadable = true }
        guard side == .client ? inFlow.canMove : outFlow.canMove else { return }
        // However it stops, the session ends now.
        _ = pump(from: side, on: worker)
    }

    /// Clients are watched for room only once one of them had none: most never do.
    func watchClientForWrites(on worker: Worker) {
        guard !isClientWatchedForWrites else { return }
        isClientWatchedForWrites = true
        try? worker.poller.modify(
            clientSocket.number, token(.client),
            [.readable, .writable, .readEnd, .urgent, .edge])
    }
}
