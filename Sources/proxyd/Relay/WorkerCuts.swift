internal import DequeModule

/// Sessions to be ended, and how far their worker has come with it.
struct SessionCut {
    enum Kind {
        /// Of these channels, as an operator says.
        case cut
        /// Of these channels and listeners, which were removed.
        case removed
        /// Of a channel that was primary.
        case superseded
    }

    let kind: Kind
    let serials: Set<UInt64>
    /// What has begun later stays.
    let asOf: Instant
    /// The command that waits for their number; nil: none does.
    let question: UInt64?
    var slot = 0
    var count = 0

    init(_ kind: Kind, _ serials: Set<UInt64>, asOf: Instant, question: UInt64? = nil) {
        (self.kind, self.serials, self.asOf, self.question) = (kind, serials, asOf, question)
    }

    func isMeant(_ session: borrowing Session) -> Bool {
        guard session.started <= asOf else { return false }
        if let channel = session.channel, serials.contains(channel.serial) { return true }
        return kind == .removed && serials.contains(session.listener.serial)
    }
}

/// Ends many sessions a few at a time, so that the others have their turns in between.
extension Worker {
    /// Slots that are looked at in one turn when none of them holds a session that is meant.
    private static let slotsPerTurn = 4096

    /// Goes on with the oldest cut; the next one waits until it is done.
    func continueCut() {
        guard var cut = cuts.popFirst() else { return }
        let end = min(sessions.slotCount, cut.slot + Self.slotsPerTurn)
        var ended = 0
        while cut.slot < end, ended < Self.endsPerTurn {
            if let box = sessions[slot: cut.slot], cut.isMeant(box.session) {
                finish(&box.session, by: cut.kind)
                ended += 1
            }
            cut.slot += 1
        }
        cut.count += ended
        if cut.slot < sessions.slotCount { return cuts.prepend(cut) }
        if let question = cut.question { answer(.cut(cut.count), question) }
    }

    private func finish(_ session: inout Session, by kind: SessionCut.Kind) {
        switch kind {
        case .cut: session.cut(.cut, on: self)
        case .removed: session.cut(.removed, on: self)
        case .superseded: session.supersede(on: self)
        }
    }

    /// How many there were: one, or none.
    func cutSession(_ id: UInt64) -> Int {
        for slot in 0..<sessions.slotCount {
            guard let box = sessions[slot: slot], box.session.id == id else { continue }
            box.session.cut(.cut, on: self)
            return 1
        }
        return 0
    }
}
