internal import Shared
internal import Synchronization

/// `dump ID|where …`: a live copy of what sessions move.
enum DumpCommand {
    private static let count = Atomic<UInt64>(0)

    static func run(_ request: ControlRequest) {
        let wish: DumpRequest
        do throws(DumpRequest.Mistake) {
            wish = try DumpRequest(words: request.words)
        } catch {
            return request.refuse(.usage, error.message)
        }
        let daemon = request.daemon
        switch wish.target {
        case .session(let id):
            let tap = newTap(1, daemon)
            let worker = Int(id % UInt64(daemon.share.workers.count))
            daemon.ask(worker: worker, { .tapSession(id: id, tap, question: $0) }) { answers in
                guard case .tapped(true) = answers.first else {
                    return request.refuse(.notFound, "no session \(id); it may have ended")
                }
                begin(wish, tap, request)
            }
        case .matching(let filter):
            let tap = newTap(wish.sessions, daemon)
            let search = TapSearch(sink: tap) { filter.matches($0) }
            begin(wish, tap, request)
            for worker in daemon.share.workers {
                worker.mailbox.post(.tapSessions(search, from: 0))
            }
        }
    }

    private static func newTap(_ sessions: Int, _ daemon: any Daemon) -> TapSink {
        TapSink(
            number: count.wrappingAdd(1, ordering: .relaxed).newValue, sessions: sessions,
            notices: daemon.share.notices)
    }

    private static func begin(_ wish: DumpRequest, _ tap: TapSink, _ request: ControlRequest) {
        let dump = Dump(wish, tap: tap, now: request.daemon.now)
        let whom =
            switch wish.target {
            case .session(let id): "session \(id)"
            case .matching: "\(wish.sessions) sessions that match"
            }
        let session: UInt64? = if case .session(let id) = wish.target { id } else { nil }
        let subject = session.map(Event.Subject.session) ?? Event.Subject(kind: .session)
        request.daemon.tell(
            Event(
                .notice, .dump, of: subject, to: wish.format.rawValue, because: whom,
                by: request.peer.actor,
                line: "dump \(tap.number) of \(whom) as \(wish.format.rawValue) begins: "
                    + "by \(request.peer.actor)"))
        request.follow(dump)
        request.answer(
            dump.opening,
            [
                Reply.Attribute("dump", String(tap.number)),
                Reply.Attribute("format", wish.format.rawValue),
            ])
    }
}
