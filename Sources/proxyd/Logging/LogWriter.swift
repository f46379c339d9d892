internal import Shared
internal import Synchronization

/// A log: a queue that never makes the sender wait, and a thread that writes what is in it.
///
/// While a disk is full or a reader reads nothing, lines are lost and counted; traffic never waits.
final class LogWriter<Lines: LogLines>: Sendable {
    /// `access log`, for messages.
    let name: String
    let queue: BoundedQueue<Lines.Record>
    private let orders = CountedMutex<[Order]>([])
    private let state = CountedMutex(LogState())
    private let hasEnded: BoundedQueue<Void>

    enum Order: Sendable {
        /// From now on lines go there, or where they went, and look so.
        case use(LogSink?, Lines)
        /// Lines are thrown away.
        case useNothing
        /// Opens the file again after it was moved; says what went wrong, or nil.
        case reopen(@Sendable (LogSink.Failure?) -> Void)
        /// Writes what there is, as far as it is taken at once, and says so.
        case flush(@Sendable () -> Void)
        /// Writes what there is, and ends.
        case finish
    }

    init(name: String, limit: Int) throws(SystemError) {
        self.name = name
        queue = try BoundedQueue(limit: limit)
        hasEnded = try BoundedQueue(limit: 1)
    }

    /// Starts the thread.
    func start(_ outlet: LogSink?, _ lines: Lines) throws(SystemError) {
        // By an order: what the thread's own closure held would stay open for as long as the thread runs.
        if outlet != nil { order(.use(outlet, lines)) }
        try Thread.detached(name: name) { [self] in
            var loop = LogLoop(writer: self, lines: lines)
            loop.run()
            hasEnded.post(())
            hasEnded.wake()
        }
    }

    func order(_ order: Order) {
        orders.withLock { $0.append(order) }
        queue.wake()
    }

    /// Waits until what there is was written; true when that was in time.
    @discardableResult
    func flush(within duration: Duration) -> Bool {
        guard let isSettled = try? BoundedQueue<Void>(limit: 1) else { return false }
        order(
            .flush {
                isSettled.post(())
                isSettled.wake()
            })
        return isSettled.isReadable(within: duration)
    }

    /// Writes what there is and ends; true when all was written in time. What a stuck reader does not take by
    /// then is lost.
    func finish(within duration: Duration) -> Bool {
        order(.finish)
        return hasEnded.isReadable(within: duration)
    }

    // MARK: For the loop

    func takeOrders() -> [Order] {
        orders.withLock { orders in
            defer { orders.removeAll() }
            return orders
        }
    }

    func change(_ body: (inout LogState) -> Void) { state.withLock { body(&$0) } }

    // MARK: For those who ask

    var usage: LogUsage {
        let (state, tally) = (state.withLock { $0 }, queue.tally)
        return LogUsage(
            waiting: Int(tally.accepted - min(state.taken, tally.accepted)), limit: queue.limit,
            written: state.written, lost: tally.dropped + state.lost, trouble: state.trouble)
    }
}

/// What the thread of a log reports to the others.
struct LogState: Sendable {
    /// Records that were taken and dealt with.
    var taken: UInt64 = 0
    /// Lines.
    var written: UInt64 = 0
    var lost: UInt64 = 0
    /// Why lines cannot be written; nil: they can.
    var trouble: String?
}

/// How a log does, at one instant.
struct LogUsage: Equatable, Sendable {
    /// Records that wait to be written, and how many may.
    var waiting = 0
    var limit = 0
    /// Lines, since the start.
    var written: UInt64 = 0
    var lost: UInt64 = 0
    var trouble: String?
}
