internal import DequeModule
internal import Shared
internal import Synchronization

/// What takes too long for the loop, such as a table of ten thousand channels: worked out on another thread, one thing
/// after the other, so that however many ask it takes no more than one processor.
final class BackgroundWork {
    private let workers: WorkerPool
    private var waiting: Deque<() -> Void> = []
    private var isBusy = false

    init(_ workers: WorkerPool) { self.workers = workers }

    /// `finish` gets what `work` has made, in a later turn of the loop.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then finish: @escaping (Value) -> Void
    ) {
        waiting.append { [unowned self] in start(work, then: finish) }
        startNext()
    }

    private func startNext() {
        guard !isBusy, let start = waiting.popFirst() else { return }
        isBusy = true
        start()
    }

    private func start<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then finish: @escaping (Value) -> Void
    ) {
        let made = Made<Value>()
        let number = workers.addQuery { [unowned self] _ in
            isBusy = false
            if let value = made.value.withLock({ $0.take() }) { finish(value) }
            startNext()
        }
        let notices = workers.share.notices
        @Sendable func make() {
            let began = Instant.now
            let value = work()
            made.value.withLock { $0 = value }
            let cost = Instant.now.elapsed(since: began)
            notices.post(.answer(.made(nanoseconds: cost), question: number))
        }
        do throws(SystemError) {
            try Thread.detached(name: "texts", make)
        } catch {
            // Without a thread it takes the loop's time.
            make()
        }
    }

    private final class Made<Value: Sendable>: Sendable {
        let value = CountedMutex<Value?>(nil)
    }
}
