internal import Shared

/// How a session ends, and what it gives back.
extension Session {
    /// Its channel was primary and is not any more.
    func supersede(on worker: Worker) { perform(life.supersede(), on: worker) }

    /// A person, or the daemon's end, cuts the session.
    func cut(_ cause: EndReason.Cause, on worker: Worker) {
        perform(life.cut(cause), on: worker)
    }

    /// The only way out.
    func close(
        _ reason: EndReason, _ resets: SessionLife.Resets, on worker: Worker
    ) {
        worker.deadlines.cancel(slot: slot)
        onlooker?.tell(.closed(reason, resets), at: worker.now)
        onlooker = nil
        if isTraced { traceEnd(reason, on: worker) }
        if preamble?.stage == .barred { worker.leaveTarpit() }
        worker.noteEnd(of: self, reason)
        if resets == .client || resets == .both { Socket.resetOnClose(clientSocket) }
        if channelSocket.number >= 0, resets == .channel || resets == .both {
            Socket.resetOnClose(channelSocket)
        }
        if let firstBytes { worker.space.giveBack(firstBytes) }
        (clientTLS, channelTLS, firstBytes) = (nil, nil, nil)
        inFlow.abandon(to: worker.space)
        outFlow.abandon(to: worker.space)
        let lived = worker.now.elapsed(since: started)
        if let channel {
            let counters = channel.counters[worker.index]
            if isPlaced {
                counters.ended(began: started, at: worker.now)
                channel.timings[worker.index].session.record(nanoseconds: lived)
            } else {
                counters.addTime(nanoseconds: lived)
            }
            channel.release()
        }
        if reason.isTurnedAway {
            listener.counters[worker.index].addFailure()
        }
        listener.counters[worker.index].addTime(nanoseconds: lived)
        worker.counters.addTime(nanoseconds: lived)
        leaveLimits(on: worker)
        channelSocket = FileDescriptor.none
        clientSocket = FileDescriptor.none
        worker.ended(self, reason)
    }

    private func traceEnd(_ reason: EndReason, on worker: Worker) {
        trace(
            .closed(
                reason, lived: worker.now.elapsed(since: started), inBytes: inFlow.byteCount,
                outBytes: outFlow.byteCount), on: worker)
    }

    /// Gives back every place that it has taken, and calls whoever waits for one.
    private func leaveLimits(on worker: Worker) {
        listener.leave()
        if hasPlace { service.places.leave() }
        if let source { source.ledger.leave(source.source) }
        leaveLine(on: worker)
        worker.share.wakeNext(of: service)
        if hasPlace, service.hasRoomAgain() { worker.share.notices.post(.serviceHasRoom(service)) }
    }
}
