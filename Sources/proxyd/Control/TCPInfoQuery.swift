internal import Shared

/// Asks the workers what the kernel knows of sessions that have been chosen to be shown.
final class TCPInfoQuery {
    private let daemon: any DaemonState & DaemonQueries
    private var records: [SessionRecord]
    /// By worker: places of its sessions among the records.
    private var indices: [[Int]]
    private var unfinished = 0
    private let finish: ([SessionRecord]) -> Void

    private init(
        _ records: [SessionRecord], of daemon: any DaemonState & DaemonQueries,
        then finish: @escaping ([SessionRecord]) -> Void
    ) {
        self.daemon = daemon
        self.records = records
        self.finish = finish
        indices = Array(repeating: [], count: daemon.share.workers.count)
        for (index, record) in records.enumerated() { indices[record.worker].append(index) }
    }

    static func examine(
        _ records: [SessionRecord], of daemon: any DaemonState & DaemonQueries,
        then finish: @escaping ([SessionRecord]) -> Void
    ) {
        let examination = TCPInfoQuery(records, of: daemon, then: finish)
        let busy = examination.indices.indices.filter { !examination.indices[$0].isEmpty }
        guard !busy.isEmpty else { return finish(records) }
        examination.unfinished = busy.count
        for worker in busy { examination.ask(worker, from: 0) }
    }

    private func ask(_ worker: Int, from start: Int) {
        let rest = indices[worker][start...]
        let places = rest.map { SessionPlace(id: records[$0].id, slot: records[$0].slot) }
        daemon.ask(worker: worker, { .examine(places[...], question: $0) }) { [self] answers in
            // At least one is answered for each time; a worker that has gone answers for none.
            guard case .legs(let legs) = answers.first, !legs.isEmpty else { return done() }
            for (index, legs) in zip(rest, legs) { records[index].legs = legs }
            if legs.count < rest.count { ask(worker, from: start + legs.count) } else { done() }
        }
    }

    private func done() {
        unfinished -= 1
        if unfinished == 0 { finish(records) }
    }
}
