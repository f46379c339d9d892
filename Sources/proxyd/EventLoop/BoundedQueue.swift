internal import Glibc
internal import Synchronization

/// Values on their way to a thread that must never hold up the sender: so many wait, and what comes
/// beyond that is counted and gone.
///
/// The reader is woken only when it has said that it sleeps, so that a stream of values costs no system calls.
final class BoundedQueue<Value: Sendable>: Sendable {
    let limit: Int
    private let state = CountedMutex(State())
    private let event: WakeupEvent

    private struct State {
        var values: [Value] = []
        var accepted: UInt64 = 0
        var dropped: UInt64 = 0
        var isReaderAsleep = false
    }

    /// What has been posted since the start.
    struct Tally: Equatable, Sendable {
        var accepted: UInt64 = 0
        var dropped: UInt64 = 0
    }

    init(limit: Int) throws(SystemError) {
        self.limit = limit
        event = try WakeupEvent()
    }

    /// Readable when the reader should look.
    var descriptor: CInt { event.descriptor }

    /// Waits until the reader should look, and no longer than so long.
    func isReadable(within duration: Duration) -> Bool {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&event, 1, CInt(clamping: duration.wholeNanoseconds / 1_000_000)) > 0
    }

    var tally: Tally {
        state.withLock { Tally(accepted: $0.accepted, dropped: $0.dropped) }
    }

    /// False when there was no room, of which `spare` places are left to others.
    @discardableResult
    func post(_ value: Value, leaving spare: Int = 0) -> Bool {
        var wakes = false
        let isTaken = state.withLock { state in
            guard state.values.count < limit - spare else {
                state.dropped += 1
                return false
            }
            state.values.append(value)
            state.accepted += 1
            wakes = state.isReaderAsleep
            state.isReaderAsleep = false
            return true
        }
        if wakes { wake() }
        return isTaken
    }

    func wake() { event.signal() }

    /// Takes everything, in order, into an array whose space is used again; false when there was nothing:
    /// then the reader may sleep, and the next value wakes it.
    func take(into values: inout [Value]) -> Bool {
        values.removeAll(keepingCapacity: true)
        return state.withLock { state in
            guard !state.values.isEmpty else {
                state.isReaderAsleep = true
                return false
            }
            swap(&state.values, &values)
            return true
        }
    }

    /// The reader is awake, whatever woke it.
    func clear() {
        event.clear()
        state.withLock { $0.isReaderAsleep = false }
    }
}
