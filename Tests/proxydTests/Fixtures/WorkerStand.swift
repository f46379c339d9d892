import CLinux
import Glibc
import Shared
import Synchronization

@testable import proxyd

/// Real workers in threads of their own, behind one listener on a loopback port; the test is their
/// supervisor, their clients and their channels.
final class WorkerStand {
    let service: Service
    let share: SharedState
    private let sockets: [ListeningSocket]
    private var threads: [Thread] = []
    private var notices: [WorkerEvent] = []
    private var question: UInt64 = 0
    private let locksTaken = LocksTaken()

    private final class LocksTaken: Sendable {
        let count = Atomic<Int>(0)
    }

    struct Settings {
        var workers = 1
        var mode = RelayMode.adaptive
        var pipeLimit = 8
        var maxSessions = 100
        var maxc: Int?
        var whenEmpty = WhenEmpty.close
        var listenerSessions: Int?
        var rate: ConnectionRate?
        var limits = ServiceLimits()
        var groupSessions: Int?
        var timeouts = Timeouts()
        var grace = Duration.seconds(60)
        var tries = ServiceSettings().tries
        var access: [AccessRule] = []
        var serviceAccess: [AccessRule] = []
        var waitForBytes = 0
        var source: ConnectionSource?
        var proxyProtocol = ProxyProtocolIn.never
        var sendsProxyProtocol: ProxyProtocolOut?
        var tls: TLSListenerConfiguration?
        var channelTLS: TLSChannelConfiguration?
        var emitsEveryEnd = true
    }

    init(_ channels: [Endpoint], _ settings: Settings = Settings()) throws {
        var configuration = Configuration()
        configuration.services = [
            ServiceConfiguration(
                name: "s",
                settings: ServiceSettings(
                    timeouts: settings.timeouts, grace: settings.grace, tries: settings.tries,
                    limits: settings.limits, access: settings.serviceAccess),
                listeners: [
                    ListenerConfiguration(
                        name: "l", endpoint: .local(0),
                        settings: ListenerSettings(
                            whenEmpty: settings.whenEmpty,
                            maxSessions: settings.listenerSessions, rate: settings.rate,
                            access: settings.access, proxyProtocol: settings.proxyProtocol,
                            waitForBytes: settings.waitForBytes, tls: settings.tls))
                ],
                groups: [
                    GroupConfiguration(
                        name: "g", settings: GroupSettings(maxSessions: settings.groupSessions),
                        channels: channels.enumerated().map { index, endpoint in
                            ChannelConfiguration(
                                name: "\(index)", endpoint: endpoint,
                                settings: ChannelSettings(maxc: settings.maxc),
                                source: settings.source,
                                proxyProtocol: settings.sendsProxyProtocol,
                                tls: settings.channelTLS)
                        })
                ])
        ]
        var startup = Startup(configuration, workerCount: settings.workers)
        guard let service = try startup.build().services.first else { throw Missing("a service") }
        self.service = service
        sockets = startup.sockets
        share = SharedState(
            admission: SessionLimit(limit: settings.maxSessions),
            workers: try (0..<settings.workers).map { _ in try WorkerHandle() },
            notices: try Mailbox(), accessLog: try AccessLog())
        _ = signal(SIGPIPE, SIG_IGN)
        for index in 0..<settings.workers {
            let plan = Worker.Plan(
                index: index, share: share, relayMode: settings.mode,
                pipeLimit: settings.pipeLimit, emitsEveryEnd: settings.emitsEveryEnd)
            threads.append(
                try Thread(name: "worker-\(index)") { [locksTaken] in
                    do { try Worker(plan).run() } catch { Log.line("no worker: \(error)") }
                    #if DEBUG
                        locksTaken.count.wrappingAdd(LockCount.ofThisThread, ordering: .relaxed)
                    #endif
                })
        }
        for worker in share.workers { worker.mailbox.post(.listen(sockets)) }
    }

    deinit { stop() }

    var isRunning: Bool { !threads.isEmpty }

    /// Ends all workers, and with them every session.
    func stop() {
        for worker in share.workers { worker.mailbox.post(.stop) }
        for thread in threads { thread.join() }
        threads = []
    }

    /// Mutexes that its workers have locked in their lives; known once they have stopped.
    var lockCount: Int { locksTaken.count.load(ordering: .relaxed) }

    var endpoint: Endpoint { service.listeners[0].endpoint }
    var channels: [Channel] { service.channels }

    func connect() throws -> TestSocket { try .connect(to: endpoint) }

    func post(_ command: WorkerCommand) {
        for worker in share.workers { worker.mailbox.post(command) }
    }

    // MARK: What workers tell

    /// The first notice that fits, of those that have come and those to come.
    func notice<Result>(_ what: String, _ fits: (WorkerEvent) -> Result?) throws -> Result {
        while true {
            for (index, notice) in notices.enumerated() {
                guard let result = fits(notice) else { continue }
                notices.remove(at: index)
                return result
            }
            guard Wait.poll(share.notices.descriptor, POLLIN) != nil else { throw Missing(what) }
            notices += share.notices.take()
        }
    }

    /// Why the next session ended, and its facts.
    func nextEnd() throws -> (record: SessionRecord, reason: EndReason) {
        try notice("the end of a session") { notice in
            if case .sessionEnded(let record, let reason) = notice { (record, reason) } else { nil }
        }
    }

    func ask(worker: Int = 0, _ command: (UInt64) -> WorkerCommand) throws -> WorkerReply {
        question += 1
        let number = question
        share.workers[worker].mailbox.post(command(number))
        return try notice("an answer") { notice in
            if case .answer(let answer, number) = notice { answer } else { nil }
        }
    }

    func report(worker: Int = 0) throws -> WorkerReport {
        guard case .report(let report) = try ask(worker: worker, { .report(question: $0) }) else {
            throw Missing("a report")
        }
        return report
    }

    func sessions(worker: Int = 0) throws -> [SessionRecord] {
        try scan(SessionScan(asOf: .now), worker: worker).records
    }

    /// What a worker finds, however many turns it takes.
    func scan(_ scan: SessionScan, worker: Int = 0) throws -> SessionTally.Found {
        var found = SessionTally.Found()
        var slot: Int? = 0
        while let start = slot {
            let answer = try ask(worker: worker) { .scan(scan, from: start, question: $0) }
            guard case .sessions(let slice) = answer else { throw Missing("sessions") }
            found.add(slice)
            slot = slice.next
        }
        return found
    }

    /// Waits until a session is in a phase.
    func await(_ phase: SessionLife.Phase) throws {
        try Wait.until("a session that is \(phase)") {
            try sessions().contains { $0.phase == phase }
        }
    }

    /// Waits until so many sessions are relaying. That their channels have accepted is the kernel's word; the
    /// worker hears of it later.
    func awaitRelaying(_ count: Int) throws {
        try Wait.until("\(count) sessions that relay") {
            try sessions().count { $0.phase == .relaying } == count
        }
    }

    /// Until so many clients stand in line.
    func awaitWaiters(_ count: Int) throws {
        try Wait.until("\(count) in line") { service.queue.count == count }
    }

    /// The same for the service's, the group's and the sources' slots, for the queue, and for sessions
    /// that channels count as running.
    private var furtherTaken: [Int] {
        let later = Instant.now.advanced(by: .seconds(1))
        let running = channels.flatMap(\.counters).count {
            $0.time(now: .now) != $0.time(now: later)
        }
        return [
            service.slots.current, service.groups[0].slots.current, service.queue.count,
            service.sources?.count ?? 0, running,
        ]
    }

    /// Everything that sessions take, which is zero when none is left.
    var taken: [Int] {
        [
            share.admission.current, service.listeners[0].current,
            share.workers.reduce(0) { $0 + $1.load },
        ] + channels.map(\.current)
    }

    /// The end of a session is told just before its slots are free.
    var isEverythingBack: Bool {
        let wait: ()? = try? Wait.until("everything to be back") {
            (taken + furtherTaken).allSatisfy { $0 == 0 }
        }
        return wait != nil
    }

    var listenerTotals: TrafficCounters.Totals {
        TrafficCounters.sum(service.listeners[0].counters)
    }

    func totals(_ channel: Int = 0) -> TrafficCounters.Totals {
        TrafficCounters.sum(channels[channel].counters)
    }
}
