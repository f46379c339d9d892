internal import Shared

/// Looks through sessions for queries, a few at a time, so that no session's bytes wait for it.
extension Worker {
    /// Nanoseconds after which a scan lets the sessions go on.
    static let longestSlice: UInt64 = 300_000
    /// Sessions between two looks at the clock.
    private static let stride = 8

    func slice(of scan: SessionScan, from start: Int) -> SessionSlice {
        var tally = SessionTally(scan)
        let began = Instant.now
        var slot = start
        while slot < sessions.slotCount {
            if slot &- start >= Self.stride, slot % Self.stride == 0,
                Instant.now.elapsed(since: began) > Self.longestSlice
            {
                return tally.finish(next: slot)
            }
            if let box = sessions[slot: slot], box.session.started <= scan.asOf {
                look(at: &box.session, for: &tally)
            }
            slot += 1
        }
        return tally.finish()
    }

    private func look(at session: inout Session, for tally: inout SessionTally) {
        guard tally.scan.cuts || !tally.onlyCounts else { return tally.count() }
        var record = session.record(now: now, worker: index)
        rates.estimate(&record, now: now)
        if tally.scan.wantsLegs { record.legs = session.legs }
        if tally.note(record), tally.scan.cuts { session.cut(.cut, on: self) }
    }

    /// The kernel's facts of some sessions, nil for those that have ended, in the order of their places as far
    /// as time allows.
    func legs(of places: ArraySlice<SessionPlace>) -> [ConnectionInfo?] {
        let began = Instant.now
        var legs: [ConnectionInfo?] = []
        for place in places {
            if !legs.isEmpty, legs.count % Self.stride == 0,
                Instant.now.elapsed(since: began) > Self.longestSlice
            {
                break
            }
            let box = place.slot < sessions.slotCount ? sessions[slot: place.slot] : nil
            legs.append(box?.session.id == place.id ? box?.session.legs : nil)
        }
        return legs
    }

    func detail(of id: UInt64) -> SessionDetail? {
        for slot in 0..<sessions.slotCount {
            guard let box = sessions[slot: slot], box.session.id == id else { continue }
            var record = box.session.record(now: now, worker: index)
            rates.estimate(&record, now: now)
            record.legs = box.session.legs
            return box.session.detail(record, now: now)
        }
        return nil
    }
}
