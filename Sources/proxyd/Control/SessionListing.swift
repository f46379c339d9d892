internal import Shared

/// Asks all workers at once for their sessions, a slice at a time, so that none of them is held up.
final class SessionListing {
    private let daemon: any DaemonState & DaemonQueries
    private var scan: SessionScan
    /// What each worker has found so far.
    private var found: [SessionTally.Found]
    private var unfinished: Int
    private var finish: (SessionTally.Found) -> Void = { _ in }

    init(of daemon: any DaemonState & DaemonQueries, _ scan: SessionScan) {
        self.daemon = daemon
        self.scan = scan
        unfinished = daemon.share.workers.count
        found = Array(repeating: .init(), count: unfinished)
    }

    /// The first of those that match in the scan's order, as many as its limit says, without the first `offset`.
    static func gather(
        _ scan: SessionScan, offset: Int = 0, of daemon: any DaemonState & DaemonQueries,
        then finish: @escaping (SessionTally.Found) -> Void
    ) {
        let listing = SessionListing(of: daemon, scan)
        listing.finish = { found in
            var found = found
            found.records.removeFirst(min(offset, found.records.count))
            if scan.wantsLegs || scan.cuts { return finish(found) }
            TCPInfoQuery.examine(found.records, of: daemon) { records in
                found.records = records
                finish(found)
            }
        }
        for worker in daemon.share.workers.indices { listing.ask(worker, from: 0) }
    }

    private func ask(_ worker: Int, from slot: Int) {
        var scan = scan
        // Unsorted, the first ones will do; sorted, any may turn out to be one of them.
        if scan.order == nil { scan.limit -= found[worker].records.count }
        daemon.ask(worker: worker, { .scan(scan, from: slot, question: $0) }) { [self] answers in
            guard case .sessions(let slice) = answers.first else { return done() }
            found[worker].add(slice)
            if let next = slice.next { ask(worker, from: next) } else { done() }
        }
    }

    private func done() {
        unfinished -= 1
        guard unfinished == 0 else { return }
        finish(SessionTally.merge(found, for: scan))
    }
}
