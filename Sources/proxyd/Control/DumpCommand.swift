internal import Shared
internal import Synchronization

/// `dump ID|where …`: a live copy of what sessions move.
enum DumpCommand {
    private static let count = Atomic<UInt64>(0)

    static func run(_ request: ControlRequest) {
        let wanted: DumpRequest
        do throws(DumpRequest.ParseError) {
            wanted = try DumpRequest(words: request.words)
        } catch {
            return request.refuse(.usage, error.message)
        }
        let share = request.state.share
        switch wanted.target {
        case .session(let id):
            let tap = newTap(1, share)
            let worker = Int(id % UInt64(share.workers.count))
            request.queries.ask(worker: worker, { .tapSession(id: id, tap, question: $0) }) {
                answers in
                guard case .tapped(true) = answers.first else {
                    return request.refuse(.notFound, "no session \(id); it may have ended")
                }
                begin(wanted, tap, request)
            }
        case .matching(let filter):
            let tap = newTap(wanted.sessions, share)
            let search = TapSearch(sink: tap) { filter.matches($0) }
            begin(wanted, tap, request)
            for worker in share.workers {
                worker.mailbox.post(.tapSessions(search, from: 0))
            }
        }
    }

    private static func newTap(_ sessions: Int, _ share: SharedState) -> TapSink {
        TapSink(
            number: count.wrappingAdd(1, ordering: .relaxed).newValue, sessions: sessions,
            notices: share.notices)
    }

    private static func begin(_ wanted: DumpRequest, _ tap: TapSink, _ request: ControlRequest) {
        let dump = Dump(wanted, tap: tap, now: request.state.now)
        let whom =
            switch wanted.target {
            case .session(let id): "session \(id)"
            case .matching: "\(wanted.sessions) sessions that match"
            }
        let session: UInt64? = if case .session(let id) = wanted.target { id } else { nil }
        let subject = session.map(Event.Subject.session) ?? Event.Subject(kind: .session)
        request.changes.emit(
            Event(
                .notice, .dump, of: subject, to: wanted.format.rawValue, because: whom,
                by: request.peer.actor,
                line: "dump \(tap.number) of \(whom) as \(wanted.format.rawValue) begins: "
                    + "by \(request.peer.actor)"))
        request.follow(dump)
        request.answer(
            dump.opening,
            [
                Reply.Attribute("dump", String(tap.number)),
                Reply.Attribute("format", wanted.format.rawValue),
            ])
    }
}
