internal import Shared

/// What goes into the access log, and into the trace of sessions that are debugged.
extension Worker {
    /// Traces these sessions from now on, and no others; returns how many there are.
    func trace(_ filters: TraceFilters) -> Int {
        tracing = filters
        var count = 0
        for slot in 0..<sessions.slotCount {
            guard let box = sessions[slot: slot], !box.session.isClosed else { continue }
            let isMeant = filters.isMeant(box.session.id, box.session.client)
            if isMeant, !box.session.isTraced {
                box.session.trace(.joined(box.session.life.phase), on: self)
            }
            box.session.isTraced = isMeant
            count += isMeant ? 1 : 0
        }
        return count
    }

    func trace(_ record: TraceRecord) { Log.trace(record) }

    /// A channel has accepted.
    @inline(__always)
    func logStart(of session: inout Session) {
        let filter = share.accessLog.filter
        if filter.contains(.start) { log(session, .start, asksKernel: filter.contains(.kernel)) }
    }

    /// It is over, and its connections are still open.
    @inline(__always)
    func logEnd(of session: inout Session, _ reason: EndReason) {
        let filter = share.accessLog.filter
        // Denied clients could fill the log; the error log has some, and metrics count all.
        guard filter.contains(.end), reason.cause != .denied else { return }
        log(session, .end, reason, asksKernel: filter.contains(.kernel))
    }

    private func log(
        _ session: borrowing Session, _ event: AccessRecord.Event, _ reason: EndReason? = nil,
        asksKernel: Bool
    ) {
        share.accessLog.writer.queue.post(
            session.accessRecord(event, reason, asksKernel: asksKernel, now: now))
    }

    /// Looks at some sessions, and at the next ones in a later turn.
    func sweepIfDue() {
        guard let every = share.accessLog.every else { return }
        let slots = sweep.next(of: sessions.slotCount, every: every, now: now)
        guard !slots.isEmpty else { return }
        let asksKernel = share.accessLog.filter.contains(.kernel)
        for slot in slots {
            guard let box = sessions[slot: slot], !box.session.isClosed,
                sweep.isDue(box.session.started, every: every)
            else { continue }
            log(box.session, .running, asksKernel: asksKernel)
        }
    }
}
