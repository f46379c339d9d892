internal import Shared

/// Which sessions are dumped.
extension Worker {
    func tapSession(_ id: UInt64, into sink: TapSink) -> Bool {
        for slot in 0..<sessions.slotCount {
            guard let box = sessions[slot: slot], box.session.id == id else { continue }
            guard !box.session.isClosed, sink.claim() else { return false }
            box.session.add(sink, now: now)
            return true
        }
        return false
    }

    /// Looks at some sessions now and at the next ones in a later turn, so that traffic goes on between.
    func find(_ search: TapSearch, from first: Int) {
        guard search.sink.isHungry else { return }
        if first == 0 {
            searches.removeAll { !$0.sink.isHungry }
            searches.append(search)
        }
        let end = min(first + TapSearch.slotsAtOnce, sessions.slotCount)
        for slot in first..<max(first, end) {
            guard let box = sessions[slot: slot], box.session.holdings.isPlaced else { continue }
            offer(&box.session, to: search)
        }
        if end < sessions.slotCount {
            handle.mailbox.post(.tapSessions(search, from: end))
        }
    }

    private func offer(_ session: inout Session, to search: TapSearch) {
        guard !session.isClosed, !session.isShown(to: search.sink),
            search.isMeant(session.record(now: now, worker: index)), search.sink.claim()
        else { return }
        session.add(search.sink, now: now)
    }

    /// A channel has accepted this session, and nothing was moved yet.
    @inline(__always)
    func offerToTaps(_ session: inout Session) {
        guard !searches.isEmpty else { return }
        for search in searches { offer(&session, to: search) }
        searches.removeAll { !$0.sink.isHungry }
    }
}
