internal import DequeModule
internal import Shared

/// What takes too long for the loop, such as a table of ten thousand channels: worked out on another thread, one thing
/// after the other, so that however many ask it takes no more than one processor.
final class BackgroundWork {
    private let workers: WorkerPool
    private var waiting: Deque<() -> Void> = []
    private var isBusy = false

    init(_ workers: WorkerPool) { self.workers = workers }

    /// `finish` gets what `work` has made, in a later turn of the loop unless no thread can be had.
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
        let end = { [unowned self] (value: Value) in
            isBusy = false
            finish(value)
            startNext()
        }
        do throws(SystemError) {
            try workers.detach("texts", charged: true, work, then: end)
        } catch {
            // Without a thread it takes the loop's time.
            end(work())
        }
    }
}
