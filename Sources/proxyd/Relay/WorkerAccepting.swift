internal import Shared

/// How clients come to a worker: its listening sockets, and its share of what they bring.
extension Worker {
    func listen(to sockets: [ListeningSocket]) {
        var added = sockets
        for slot in 0..<acceptors.slotCount {
            guard let acceptor = acceptors[slot: slot] else { continue }
            if let place = added.firstIndex(where: { $0 === acceptor.socket }) {
                added.remove(at: place)
            } else {
                acceptor.unwatch(with: poller)
                acceptors.remove(slot: slot)
            }
        }
        for socket in added {
            let acceptor = acceptors.insert { slot, generation in
                Acceptor(socket: socket, slot: slot, generation: generation)
            }
            do throws(SystemError) {
                try acceptor.watch(with: poller)
            } catch {
                reportShortage(error)
                retrySoon()
            }
        }
    }

    /// Gives a client to the worker with the fewest sessions: to this one, unless another has clearly less to do.
    func place(_ client: consuming AcceptedClient) {
        var best = handle
        let own = handle.load
        var least = own - max(1, own / 8)
        for other in share.workers where other.load < least {
            best = other
            least = other.load
        }
        client.holdings.assign(to: best)
        if best === handle { serve(client) } else { best.mailbox.post(.serve(client)) }
    }

    func serve(_ client: consuming AcceptedClient) {
        sessionNumber += 1
        let id = sessionNumber * UInt64(share.workers.count) + UInt64(index)
        counters.addSession()
        // Not by `insert`: a client that a closure captures is copied, with all that it holds.
        let (slot, generation) = sessions.reserve()
        let box = SessionBox(
            Session(
                id: id, slot: slot, generation: generation, accepted: client,
                topologyGeneration: share.generation, worker: index, now: now))
        sessions.fill(slot: slot, with: box)
        if !tracing.isEmpty { box.session.isTraced = tracing.isMeant(id, box.session.client) }
        box.session.start(on: self)
    }

    /// No client can be accepted now: until a session ends, the listener is not watched, so that
    /// its waiting clients do not keep the loop spinning.
    func rest(_ acceptor: Acceptor) {
        acceptor.unwatch(with: poller)
        retrySoon()
    }

    /// How often a resting listener looks again if nothing wakes it.
    private static let retryInterval = Duration.milliseconds(100)

    private func retrySoon() {
        if retryAt == nil { retryAt = now.advanced(by: Self.retryInterval) }
    }

    func retryIfDue() {
        guard let retryAt, retryAt <= now else { return }
        self.retryAt = nil
        for slot in 0..<acceptors.slotCount {
            guard let acceptor = acceptors[slot: slot], acceptor.isResting else { continue }
            do { try acceptor.watch(with: poller) } catch { retrySoon() }
        }
    }

    var isResting: Bool {
        (0..<acceptors.slotCount).contains { acceptors[slot: $0]?.isResting ?? false }
    }

    func stopListening() {
        for slot in 0..<acceptors.slotCount { acceptors[slot: slot]?.unwatch(with: poller) }
        acceptors = SlotTable()
    }
}
