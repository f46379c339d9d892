internal import Shared

/// 6. Closing: the end is reported and counted, and everything held is given back.
extension Session {
    /// An operator, or the daemon's end, cuts the session.
    mutating func cut(_ cause: EndReason.Cause, on worker: Worker) {
        perform(life.handle(.cut(cause)), on: worker)
        if cause == .shutdown { hastenFlush(on: worker) }
    }

    /// Its channel was primary and is not any more.
    mutating func supersede(on worker: Worker) { perform(life.handle(.superseded), on: worker) }

    /// The only way out.
    mutating func close(
        _ reason: EndReason, _ resets: SessionLife.Resets, on worker: Worker
    ) {
        worker.deadlines.cancel(slot: slot)
        flows.tap?.record(.closed(reason, resets), at: worker.now)
        let lived = worker.now.elapsed(since: started)
        if isTraced {
            trace(
                .closed(
                    reason, lived: lived, inBytes: flows[from: .client].byteCount,
                    outBytes: flows[from: .channel].byteCount), on: worker)
        }
        worker.logEnd(of: &self, reason)
        // Counted first: a client that sees its end, and asks, finds it counted.
        if reason.isTurnedAway { listener.counters[worker.index].addFailure() }
        listener.counters[worker.index].addTime(nanoseconds: lived)
        worker.counters.addTime(nanoseconds: lived)
        worker.countEnd(of: &self, reason)
        closeConnections(resets, on: worker)
        let hadServiceSlot = holdings.hasServiceSlot
        holdings.release(on: worker, since: started)
        worker.share.wakeNext(of: service)
        if hadServiceSlot, service.hasRoomAgain() {
            worker.share.notices.post(.serviceHasRoom(service))
        }
        worker.remove(slot: slot)
    }

    private mutating func closeConnections(_ resets: SessionLife.Resets, on worker: Worker) {
        if isReset(.client, resets) { Socket.resetOnClose(clientSocket) }
        if channelSocket.number >= 0, isReset(.channel, resets) {
            Socket.resetOnClose(channelSocket)
        }
        if let firstBytes { worker.buffers.giveBack(firstBytes) }
        (clientTLS, channelTLS, firstBytes) = (nil, nil, nil)
        flows.abandon(to: worker.buffers)
        channelSocket = .none
        clientSocket = .none
    }
}

extension Session {
    /// Whether that side's connection ends with a reset. One that got everything, and the end behind it, keeps its
    /// orderly end.
    private mutating func isReset(_ side: Side, _ resets: SessionLife.Resets) -> Bool {
        resets.includes(side) && !(flush != nil && flows[into: side].hasEndedOrderly)
    }

    // MARK: What is still on its way

    /// What is left of a session that is over: the bytes that were sent before it ended.
    struct Flush {
        /// One direction.
        struct Part {
            /// It may still bring bytes.
            var isOpen = false
            var byteCount: UInt64 = 0
            /// What it may bring at most, if its side still stands: that one may never stop.
            var mostBytes = UInt64.max
            var movedAt = Instant.zero
        }

        var inward = Part()
        var outward = Part()
        /// The session is closed then, whatever is left.
        var latest: Instant
        /// The same when nothing has moved for so long.
        var longestStall: Duration
        var stalledAt: Instant
        /// When to look again how far the kernel has come with its part, and how long to wait after that.
        var nextLook: Instant
        var interval = Duration.milliseconds(1)
        /// What it had not delivered when that was looked at last.
        private var unacknowledged = Int.max

        var deadline: Instant { min(latest, stalledAt, nextLook) }
        var isOpen: Bool { inward.isOpen || outward.isOpen }

        init(now: Instant, atShutdown: Bool) {
            let longest = atShutdown ? Self.longestAtShutdown : Self.longest
            latest = now.advanced(by: longest)
            longestStall = atShutdown ? longest : Self.longestStall
            stalledAt = now.advanced(by: longestStall)
            nextLook = now
        }

        subscript(from side: Side) -> Part {
            get { side == .client ? inward : outward }
            set { if side == .client { inward = newValue } else { outward = newValue } }
        }

        mutating func noteProgress(now: Instant) { stalledAt = now.advanced(by: longestStall) }

        /// A reader that is slow takes some of what the kernel has long before there is room for more.
        mutating func noteUnacknowledged(_ count: Int, now: Instant) {
            if count < unacknowledged { noteProgress(now: now) }
            unacknowledged = count
            guard now >= nextLook else { return }
            nextLook = now.advanced(by: interval)
            interval = min(interval * 2, Self.longestInterval)
        }

        mutating func open(from side: Side, atMost mostBytes: UInt64 = .max, now: Instant) {
            self[from: side] = Part(isOpen: true, mostBytes: mostBytes, movedAt: now)
        }

        private static let longest = Duration.seconds(60)
        private static let longestStall = Duration.seconds(10)
        static let longestAtShutdown = Duration.seconds(5)
        private static let longestInterval = Duration.milliseconds(100)
        /// A side that still stands has nothing more on its way when nothing has come for so long. A sender whose
        /// window was closed asks after 200 ms or more whether it is open again.
        static let silence = Duration.milliseconds(500)
        /// What such a side may bring beyond what its socket holds.
        static let mostOfLivingSide: UInt64 = 4 << 20
    }

    /// The session is over; what was sent before is delivered first.
    mutating func beginFlush(_ ending: SessionLife.Ending, on worker: Worker) {
        var flush = Flush(now: worker.now, atShutdown: ending.reason.cause == .shutdown)
        if let broken = ending.broken {
            flows[from: broken].isSourceBroken = true
            flows[from: broken].isReadable = true
            flush.open(from: broken, now: worker.now)
        } else {
            for side in [Side.client, .channel] {
                lookForEnd(of: side)
                guard hasBytesOnTheirWay(from: side) else { continue }
                let most = Flush.mostOfLivingSide + UInt64(unread(from: side))
                flush.open(from: side, atMost: most, now: worker.now)
            }
        }
        self.flush = flush
        continueFlush(on: worker)
    }

    /// An end may have come for which no event has come yet.
    private mutating func lookForEnd(of side: Side) {
        guard !flows[from: side].isEnded,
            side == .client ? Socket.hasReadEnd(clientSocket) : Socket.hasReadEnd(channelSocket)
        else { return }
        note([.readable, .readEnd], from: side)
    }

    private func hasBytesOnTheirWay(from side: Side) -> Bool {
        if flows[from: side].isFinished { return false }
        if flows[from: side].isWaitingForSink || flows[from: side].endFollows { return true }
        // What OpenSSL has taken from the socket the kernel does not report.
        if flows[from: side].sourceTLS != nil, flows[from: side].isReadable { return true }
        return unread(from: side) > 0
    }

    private func unread(from side: Side) -> Int {
        let count =
            side == .client ? ClientBytes.count(clientSocket) : ClientBytes.count(channelSocket)
        return count ?? 0
    }

    /// Whether a client that has broken off has left bytes, which the channel gets before the end.
    var clientLeftBytes: Bool { life.phase == .connecting && unread(from: .client) > 0 }

    mutating func resumeFlush(_ side: Side, _ readiness: Readiness, on worker: Worker) {
        if !readiness.isDisjoint(with: [.error, .writable]) { noteWritable(side) }
        continueFlush(on: worker)
    }

    /// The daemon ends, and does not wait as long as it would otherwise.
    fileprivate mutating func hastenFlush(on worker: Worker) {
        guard var flush else { return }
        flush.latest = min(flush.latest, worker.now.advanced(by: Flush.longestAtShutdown))
        self.flush = flush
    }

    mutating func continueFlush(on worker: Worker) {
        guard case .flushing(let ending) = life.phase, let begun = flush else { return }
        let isTimeUp = worker.now >= min(begun.latest, begun.stalledAt)
        if !isTimeUp {
            deliver(from: .client, ending, on: worker)
            deliver(from: .channel, ending, on: worker)
        }
        let unacknowledged = unacknowledgedBytes(ending)
        flush?.noteUnacknowledged(unacknowledged.all, now: worker.now)
        let isDelivered = flush?.isOpen == false && unacknowledged.endangered == 0
        if isTimeUp || isDelivered { return perform(life.handle(.flushed), on: worker) }
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
    }

    private mutating func deliver(
        from side: Side, _ ending: SessionLife.Ending, on worker: Worker
    ) {
        guard var part = flush?[from: side], part.isOpen else { return }
        let isBroken = ending.broken == side
        let isEnough = !isBroken && part.byteCount >= part.mostBytes
        if isEnough { flows[from: side].isReadable = false }
        var result = flows[from: side].isWaitingForSink ? PumpResult.sinkFull : .sourceEmpty
        if flows[from: side].canMove {
            let before = flows[from: side].byteCount
            result = move(from: side, on: worker)
            let moved = flows[from: side].byteCount - before
            part.byteCount += moved
            if moved > 0 {
                part.movedAt = worker.now
                flush?.noteProgress(now: worker.now)
            }
        }
        switch result {
        case .sourceEmpty:
            let isSilent = worker.now >= part.movedAt.advanced(by: Flush.silence)
            if isBroken || isEnough || isSilent { part.isOpen = false }
        case .sinkFull:
            if side == .channel { watchClientForWrites(on: worker) }
        case .turnOver:
            if !flows.isTurnPending {
                flows.isTurnPending = true
                worker.resumeLater(token(.client))
            }
        case .finished:
            part.isOpen = false
            if !isBroken { passOnEnd(of: side, on: worker) }
        case .sourceFailed, .sinkFailed:
            part.isOpen = false
        }
        flush?[from: side] = part
    }

    private func passOnEnd(of side: Side, on worker: Worker) {
        flows.tap?.record(.ended(side), at: worker.now)
        if isTraced { trace(.ended(side), on: worker) }
        switch side {
        case .client: Socket.shutDownWrites(channelSocket)
        case .channel: Socket.shutDownWrites(clientSocket)
        }
    }

    /// What the kernel has not delivered yet, and how much of it a close would destroy: a reset discards it, and so
    /// does a close with bytes unread.
    private mutating func unacknowledgedBytes(_ ending: SessionLife.Ending) -> (
        all: Int, endangered: Int
    ) {
        var (all, endangered) = (0, 0)
        for side in [Side.client, .channel] where ending.broken != side {
            let count =
                side == .client
                ? Socket.unacknowledged(clientSocket) : Socket.unacknowledged(channelSocket)
            all += count
            if isReset(side, ending.resets) || unread(from: side) > 0 { endangered += count }
        }
        return (all, endangered)
    }
}
