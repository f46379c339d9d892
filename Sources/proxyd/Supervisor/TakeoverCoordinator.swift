internal import Shared

/// The new process's part of an upgrade: everything is opened and checked, then what the old one's workers had
/// when they stood still is put in its place.
final class TakeoverCoordinator {
    private let core: DaemonCore
    /// nil: there was no process before this one, or it has sent all that it had.
    private(set) var takeover: Takeover?

    init(_ core: DaemonCore, _ takeover: Takeover?) {
        self.core = core
        self.takeover = takeover
    }

    /// Takes everything, and the slots that its sessions hold, before a new session can take one.
    func receiveState() throws(StartError) {
        guard let takeover else { return }
        var state = try takeover.oldProcess.receiveState(
            takeover.things, workerCount: core.share.workers.count,
            relocated: takeover.relocated)
        core.share.resumeGeneration(state.generation + 1)
        core.events.ring.resume(after: state.lastEvent)
        for channel in takeover.removals.flatMap(\.channels) {
            channel.turn(.removed, by: "removed", now: .now)
        }
        state.adoptHoldings(in: core.share)
        takeover.state = state
        for group in core.topology.groups { group.startEven(now: .now) }
    }

    /// Returns when everything is this process's.
    func waitForGo() throws(StartError) { try takeover?.oldProcess.waitForGo() }

    /// Every worker gets its own sessions: a session's number names its worker.
    func adoptSessions(_ shedder: SessionShedder, _ expiring: ExpiringSessions) {
        guard let state = takeover?.state else { return }
        let workers = core.share.workers
        var batches = [[TransferredSession]](repeating: [], count: workers.count)
        for var session in state.sessions.sessions {
            let index = Int(session.id % UInt64(workers.count))
            session.holdings?.assign(to: workers[index])
            batches[index].append(session)
        }
        for (index, worker) in workers.enumerated() {
            var own = WorkerHandoverState(lastSession: state.workers.lastSession)
            if index == 0 { own = state.workers }
            worker.mailbox.post(.inherit(own))
            if !batches[index].isEmpty { worker.mailbox.post(.adopt(batches[index])) }
        }
        for (index, client) in state.clients.sessions.enumerated() {
            let worker = workers[index % workers.count]
            var holdings =
                client.holdings ?? SessionHoldings.adopt(client.listener, in: core.share)
            holdings.assign(to: worker)
            worker.mailbox.post(
                .serve(
                    AcceptedClient(
                        descriptor: client.clientSocket, address: client.client,
                        service: client.service, holdings: holdings)))
        }
        shedder.append(state.shedding)
        for entry in state.expiringSessions {
            let serials = Set(entry.serials)
            expiring.add(
                ExpiringSessions.Entry(
                    due: entry.due,
                    removal: Reconfiguration.Removal(
                        channels: state.channels(of: serials),
                        listeners: state.listeners(of: serials), policy: .keep)))
        }
    }

    /// Tells the old process that this one serves, once the workers have all sessions; `watch` is called with
    /// the descriptor that the history comes over.
    func reportRunning(then watch: @escaping (CInt) throws(SystemError) -> Void) {
        guard let takeover, let state = takeover.state else { return }
        core.workers.ask({ .report(question: $0) }) { [unowned self] _ in
            takeover.oldProcess.reportRunning(
                pause: Instant.now.elapsed(since: state.stoodStillAt))
            do throws(SystemError) {
                try watch(takeover.oldProcess.connection.number)
            } catch {
                self.takeover = nil
            }
        }
    }

    /// The file has changed meanwhile: sessions of what was removed end as its service says.
    func endRemoved(_ expiring: ExpiringSessions) {
        for removal in takeover?.removals ?? [] {
            switch removal.policy {
            case .keep: break
            case .drain(let time): expiring.add(removal, after: time)
            case .cut: expiring.cut([removal]) { _ in }
            }
        }
    }

    // MARK: History

    /// So many packets before other descriptors get their turn.
    private static let packetsAtOnce = 256

    /// - Returns: the descriptor over which no more comes; nil: more may come.
    func receiveHistory(into history: History) -> CInt? {
        guard let connection = takeover?.oldProcess.connection else { return nil }
        do throws(HandoverError) {
            for _ in 0..<Self.packetsAtOnce {
                guard let arrival = try connection.receiveIfThere() else { return nil }
                arrival.closeDescriptors()
                switch arrival.kind {
                case .events:
                    if let entry = EventRing.Entry(handed: arrival.record) {
                        core.events.ring.restore(entry)
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
            return nil
        } catch {
            return connection.number
        }
    }

    /// Lets the connection go, once the loop does not watch it any more.
    func close() { takeover = nil }
}
