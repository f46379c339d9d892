internal import Synchronization

/// One dump's records, on their way from the workers to the reader. Workers never wait for it.
final class TapSink: Sendable {
    /// The dump's.
    let number: UInt64
    private let notices: Mailbox<WorkerEvent>
    private let state = CountedMutex(State())
    /// Sessions that may still be taken.
    private let places: Atomic<Int>
    private let isClosed = Atomic<Bool>(false)

    private struct State {
        var queue = TapQueue()
        /// The reader has been notified that there is something.
        var isAnnounced = false
    }

    init(number: UInt64, sessions: Int, notices: Mailbox<WorkerEvent>) {
        self.number = number
        self.notices = notices
        places = Atomic(sessions)
    }

    var isOpen: Bool { !isClosed.load(ordering: .relaxed) }

    /// Nothing more is wanted. A session that stays idle may keep the tap for long, but no records with it.
    func close() {
        state.withLock { state in
            isClosed.store(true, ordering: .relaxed)
            state.queue = TapQueue()
        }
    }

    /// It wants further sessions.
    var isHungry: Bool { isOpen && places.load(ordering: .relaxed) > 0 }

    /// Claims a session for the dump; false when it has enough.
    func claim() -> Bool {
        guard isOpen else { return false }
        if places.wrappingSubtract(1, ordering: .relaxed).oldValue > 0 { return true }
        places.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    /// Whether so many bytes would be kept now.
    func hasRoom(for byteCount: Int) -> Bool {
        state.withLock { $0.queue.hasRoom(for: byteCount) }
    }

    func put(_ bytes: [UInt8], from side: Side, of id: UInt64, at seen: Instant) {
        change { $0.put(bytes, from: side, of: id, at: seen) }
    }

    /// Bytes went by for which there was no room.
    func recordGap(of byteCount: Int, from side: Side, of id: UInt64, at seen: Instant) {
        change { $0.recordGap(of: byteCount, from: side, of: id, at: seen) }
    }

    /// What is never lost: a few records per session, however full it is.
    func record(_ event: TapRecord.Event, of id: UInt64, at seen: Instant) {
        change { $0.record(event, of: id, at: seen) }
    }

    private func change(_ body: (inout TapQueue) -> Void) {
        let isNews = state.withLock { state in
            guard isOpen else { return false }
            body(&state.queue)
            defer { state.isAnnounced = true }
            return !state.isAnnounced
        }
        if isNews { notices.post(.tapped(number)) }
    }

    /// The next records, with so many bytes or a little more.
    func take(bytes limit: Int) -> [TapRecord] {
        state.withLock { state in
            let taken = state.queue.take(bytes: limit)
            if state.queue.isEmpty { state.isAnnounced = false }
            return taken
        }
    }
}
