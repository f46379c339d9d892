internal import Shared

/// The new process's part of an upgrade: everything is opened and checked, then what the old one's workers had
/// when they stood still is put in its place.
extension Supervisor {
    /// Returns at once when nobody was here before us. When it has returned, everything is ours.
    func takeOver() throws(StartError) {
        guard let heritage else { return }
        let estate = try heritage.predecessor.takeEstate(
            heritage.things, workerCount: share.workers.count, relocated: heritage.relocated)
        heritage.estate = estate
        share.resumeGeneration(estate.generation + 1)
        events.resume(after: estate.lastEvent)
        statsd?.startFrom(topology)
        for channel in heritage.removals.flatMap(\.channels) {
            channel.turn(.removed, by: "removed", now: .now)
        }
        // Before anybody else takes one.
        heritage.estate?.adoptHoldings(in: share)
        for group in topology.groups { group.startEven(now: .now) }
        try heritage.predecessor.waitForGo()
        passed.ownFiles()
        pidFile?.takeOver()
        post?.tell()
    }

    /// Every worker gets its own: where a session belongs is told by its number.
    func adoptSessions() {
        guard let heritage, let estate = heritage.estate else { return }
        let count = share.workers.count
        var batches = [[TransferredSession]](repeating: [], count: count)
        for var session in estate.sessions.sessions {
            let index = Int(session.id % UInt64(count))
            session.holdings?.assign(to: share.workers[index])
            batches[index].append(session)
        }
        for (index, worker) in share.workers.enumerated() {
            var own = WorkerHandoverState(lastSession: estate.workers.lastSession)
            if index == 0 { own = estate.workers }
            worker.mailbox.post(.inherit(own))
            if !batches[index].isEmpty { worker.mailbox.post(.adopt(batches[index])) }
        }
        for (index, client) in estate.clients.sessions.enumerated() {
            let worker = share.workers[index % count]
            var holdings =
                client.holdings ?? SessionHoldings.adopt(client.listener, in: share)
            holdings.assign(to: worker)
            worker.mailbox.post(
                .serve(
                    AcceptedClient(
                        descriptor: client.clientSocket, address: client.client,
                        service: client.service, holdings: holdings)))
        }
        shedding.append(contentsOf: estate.shedding)
        for leaver in estate.expiringSessions {
            let serials = Set(leaver.serials)
            expiringSessions.append(
                Leavers(
                    due: leaver.due,
                    removal: Reconfiguration.Removal(
                        channels: estate.channels(of: serials),
                        listeners: estate.listeners(of: serials), policy: .keep)))
        }
        // Answered when they have them all.
        ask({ .report(question: $0) }) { [unowned self] _ in
            heritage.predecessor.tellRunning(
                pause: Instant.now.elapsed(since: estate.stoodStillAt))
            do throws(SystemError) {
                try poller.add(
                    heritage.predecessor.connection.number, Token(.upgrade, slot: 1), .readable)
            } catch {
                self.heritage = nil
            }
        }
    }

    /// The file has changed meanwhile: sessions of what is gone do as its service says.
    func endDeparted() {
        guard let heritage else { return }
        for removal in heritage.removals {
            switch removal.policy {
            case .keep: break
            case .drain(let time): end(removal, after: time)
            case .cut: end([removal]) { _ in }
            }
        }
    }

    // MARK: The past

    /// So many packets before others get their turn.
    private static let pastAtOnce = 256

    func receiveHistory() {
        guard let heritage else { return }
        let connection = heritage.predecessor.connection
        do throws(HandoverError) {
            for _ in 0..<Self.pastAtOnce {
                guard let arrival = try connection.receiveIfThere() else { return }
                arrival.closeDescriptors()
                switch arrival.kind {
                case .events:
                    if let entry = EventRing.Entry(handed: arrival.record) {
                        events.restore(entry)
                    }
                case .history:
                    let moved = TransferredSeries(arrival.record)
                    history.change(moved.serial) { series in
                        series.seconds.precede(with: moved.seconds)
                        series.tenSeconds.precede(with: moved.tenSeconds)
                    }
                case .farewell: throw .closed
                default: break
                }
            }
        } catch {
            poller.remove(connection.number)
            self.heritage = nil
        }
    }
}
