internal import Shared
internal import Synchronization

/// What the workers and the supervisor have in common.
final class SharedState: Sendable {
    let admission: SessionLimit
    let workers: [WorkerHandle]
    /// To the supervisor.
    let notices: Mailbox<WorkerEvent>
    let accessLog: AccessLog
    /// So that no session leads back to where it came from.
    let ownListeners: Published<OwnListeners>
    /// Raised by every change of topology or state.
    private let generationCount = Atomic<UInt64>(1)

    init(
        admission: SessionLimit, workers: [WorkerHandle], notices: Mailbox<WorkerEvent>,
        accessLog: AccessLog
    ) {
        self.accessLog = accessLog
        self.admission = admission
        self.workers = workers
        ownListeners = Published(OwnListeners(), readerCount: workers.count)
        self.notices = notices
    }

    var generation: UInt64 { generationCount.load(ordering: .relaxed) }

    /// Tells the first of each lane of a service's queue to look again.
    func wakeNext(of service: Service) {
        for waiter in service.queue.firsts {
            workers[waiter.worker].mailbox.post(.wake(waiter.token))
        }
    }

    /// Another process has counted so far.
    func resumeGeneration(_ generation: UInt64) {
        generationCount.store(max(generation, self.generation), ordering: .relaxed)
    }

    func raiseGeneration() { generationCount.wrappingAdd(1, ordering: .relaxed) }
}

/// How others reach a worker, and how busy it is.
final class WorkerHandle: Sendable {
    let mailbox: Mailbox<WorkerCommand>
    let counters = TrafficCounters()
    private let sessions = Atomic<Int>(0)

    init() throws(SystemError) { mailbox = try Mailbox() }

    /// Sessions that it has or is about to get.
    var load: Int { sessions.load(ordering: .relaxed) }

    func addSession() { sessions.wrappingAdd(1, ordering: .relaxed) }
    func removeSession() { sessions.wrappingSubtract(1, ordering: .relaxed) }
}
