internal import Shared

/// 6. Closing: the end is told and counted, and everything held is given back.
extension Session {
    /// An operator, or the daemon's end, cuts the session.
    mutating func cut(_ cause: EndReason.Cause, on worker: Worker) {
        perform(life.handle(.cut(cause)), on: worker)
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
        worker.logEnd(of: self, reason)
        closeConnections(resets, on: worker)
        if reason.isTurnedAway { listener.counters[worker.index].addFailure() }
        listener.counters[worker.index].addTime(nanoseconds: lived)
        worker.counters.addTime(nanoseconds: lived)
        worker.countEnd(of: self, reason)
        let hadServiceSlot = holdings.hasServiceSlot
        holdings.release(on: worker, since: started)
        worker.share.wakeNext(of: service)
        if hadServiceSlot, service.hasRoomAgain() {
            worker.share.notices.post(.serviceHasRoom(service))
        }
        worker.remove(slot: slot)
    }

    private mutating func closeConnections(_ resets: SessionLife.Resets, on worker: Worker) {
        if resets == .client || resets == .both { Socket.resetOnClose(clientSocket) }
        if channelSocket.number >= 0, resets == .channel || resets == .both {
            Socket.resetOnClose(channelSocket)
        }
        if let firstBytes { worker.buffers.giveBack(firstBytes) }
        (clientTLS, channelTLS, firstBytes) = (nil, nil, nil)
        flows.abandon(to: worker.buffers)
        channelSocket = .none
        clientSocket = .none
    }
}
