import Shared

@testable import proxyd

/// A daemon without workers: the test decides when they answer, and what.
final class FakeDaemon: Daemon, ScrapeSource {
    let live: LiveTopology
    var configuration: Configuration { live.state.configuration }
    var topology: Topology { live.state.topology }
    /// What the file says, and what was written to it.
    var file: String?
    var fileContents = ""
    /// What names resolve to; those that are not here lead nowhere.
    var names: [Endpoint: [Endpoint]] = [:]
    private(set) var ends: [String] = []
    let share: SharedState
    let identity = Identity(environment: "TEST")
    let elections: Elections
    let events = EventRing()
    let controlUsage = ControlUsage()
    let history = History()
    let limits = DaemonLimits(descriptors: 1024, wanted: nil)
    var now = Instant.now
    private(set) var changes = 0

    /// Answers are kept back until `answerAll`.
    var isSlow = false
    var reports: [WorkerReport] = []
    var sessions: [SessionRecord] = []
    /// What was removed, and how long its sessions may go on.
    private(set) var drained: [(removal: Reconfiguration.Removal, time: Duration)] = []
    /// What workers were told.
    private(set) var commands: [WorkerCommand] = []
    private(set) var pending: [() -> Void] = []

    convenience init(_ topology: Topology, workers: Int = 2) throws {
        var state = Reconfiguration.State()
        state.topology = topology
        try self.init(state, workers: workers)
    }

    /// A daemon that runs what a file says.
    static func running(_ text: String) throws -> FakeDaemon {
        let serials = Serials()
        var startup = Startup(
            try ConfigurationFile.parse(text, name: "test.yaml"), workerCount: 2, serials: serials)
        _ = try startup.build()
        let daemon = try FakeDaemon(startup.state, serials: serials)
        daemon.file = "test.yaml"
        daemon.fileContents = text
        return daemon
    }

    private init(
        _ state: Reconfiguration.State, workers: Int = 2, serials: Serials = Serials()
    ) throws {
        live = LiveTopology(state, serials: serials, workerCount: workers)
        elections = try Elections(state.topology)
        share = SharedState(
            admission: SessionLimit(limit: 100),
            workers: try (0..<workers).map { _ in try WorkerHandle() },
            notices: try Mailbox(), accessLog: try AccessLog())
        reports = (0..<workers).map { index in
            WorkerReport(
                index: index, sessions: 0, totals: .init(), turns: 0, events: 0, pipes: 0,
                isResting: false, ends: [:], connectTimes: [:])
        }
        live.start(for: self)
    }

    static func make() throws -> FakeDaemon {
        try FakeDaemon(
            Blueprint.topology([("mail", [("main", ["a", "b", "c"]), ("spare", ["d"])])]))
    }

    func ask(_ command: (UInt64) -> WorkerCommand, then finish: @escaping ([WorkerReply]) -> Void) {
        let answers = share.workers.indices.map { answer(to: command(1), worker: $0) }
        deliver { finish(answers) }
    }

    func ask(
        worker: Int, _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void
    ) {
        let answer = answer(to: command(1), worker: worker)
        deliver { finish([answer]) }
    }

    /// What probes come to, by their names.
    var probeResults: [String: ProbeResult] = [:]

    func probe(
        _ channel: Channel, with probe: ProbeConfiguration,
        then finish: @escaping (ProbeResult) -> Void
    ) {
        let result = probeResults[probe.name] ?? .good()
        deliver { finish(result) }
    }

    func make<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then finish: @escaping (Value) -> Void
    ) {
        madeCount += 1
        finish(work())
    }

    /// What was made beside the loop.
    private(set) var madeCount = 0

    /// What was to be cut, by `shed`.
    private(set) var shed: [UInt64] = []
    /// What scans have cut.
    private(set) var cutSessions: [UInt64] = []
    /// What the kernel would say of sessions, by their ids.
    var legs: [UInt64: ConnectionInfo] = [:]
    /// Sessions that a worker looks at before it lets others have their turn.
    private static let slice = 256

    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor) { shed += sessions }

    func emit(_ event: Event) { events.append(event, wallMilliseconds: 1, now: now) }

    func channelsChanged() { changes += 1 }

    var configurationReader: @Sendable () -> Result<Configuration?, ConfigurationErrors> {
        let (file, text) = (file, fileContents)
        return {
            Result { () throws(ConfigurationErrors) in
                try file.map { file throws(ConfigurationErrors) in
                    try ConfigurationFile.parse(text, name: file)
                }
            }
        }
    }

    /// Why no file can be read; nil: they can.
    var fileFailure: ConfigurationEdit.Failure?

    func readFiles<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value,
        then finish: @escaping (Result<Value, ConfigurationEdit.Failure>) -> Void
    ) {
        let result = fileFailure.map { Result.failure($0) } ?? .success(work())
        deliver { finish(result) }
    }

    func write(_ text: String, to path: String, then finish: @escaping (SystemError?) -> Void) {
        fileContents = text
        deliver { finish(nil) }
    }

    func drain(within time: Duration?, by actor: Actor) { ends.append("drain") }

    var fileAsTaken: Configuration?

    func upgrade(
        within time: Duration, by actor: Actor,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        ends.append("upgrade within \(time)")
        finish(
            .success(
                UpgradeAttempt.Outcome(
                    process: 4711, version: "9.9", sessions: 3, left: 1, pause: 1_500_000)))
    }

    func shutDown(by actor: Actor) { ends.append("shutdown") }

    /// What opening log files again comes to.
    var reopened: (Int, String?) = (0, nil)
    var logUsage: [(name: String, usage: LogUsage)] = [
        ("access", LogUsage()), ("error", LogUsage()),
    ]
    private(set) var debugged = DebugFilters()

    func reopenLogs(then finish: @escaping (Int, String?) -> Void) {
        let result = reopened
        deliver { finish(result.0, result.1) }
    }

    func debug(_ filters: DebugFilters, then finish: @escaping (Int) -> Void) {
        debugged = filters
        let count = sessions.count { filters.traced.isMeant($0.id, $0.client) }
        deliver { finish(count) }
    }

    /// The workers answer what they were asked, and nothing that they are asked by then.
    func answerAll() {
        let due = pending
        pending = []
        for finish in due { finish() }
    }

    private func deliver(_ finish: @escaping () -> Void) {
        if isSlow { pending.append(finish) } else { finish() }
    }

    private func answer(to command: WorkerCommand, worker: Int) -> WorkerReply {
        commands.append(command)
        switch command {
        case .report: return .report(reports[worker])
        case .scan(let scan, let start, _):
            // As real workers do, by the place among its sessions instead of a slot.
            let own = sessions.filter { $0.worker == worker }
            let end = min(start + Self.slice, own.count)
            var tally = SessionTally(scan)
            for record in own[start..<end] where tally.note(record) && scan.cuts {
                cutSessions.append(record.id)
            }
            return .sessions(tally.finish(next: end < own.count ? end : nil))
        case .examine(let places, _):
            return .legs(places.prefix(Self.slice).map { legs[$0.id] })
        case .showSession(let id, _):
            return .session(
                sessions.first { $0.id == id && $0.worker == worker }
                    .map { SessionDetail(record: $0) })
        case .cutSession(let id, _):
            return .cut(sessions.count { $0.worker == worker && $0.id == id })
        case .cutRemoved(let serials, _):
            return .cut(
                sessions.count { session in
                    session.worker == worker
                        && (serials.contains(session.listener.serial)
                            || session.channel.map { serials.contains($0.serial) } ?? false)
                })
        case .cutChannels(let serials, _):
            return .cut(
                sessions.count { session in
                    session.worker == worker
                        && session.channel.map { serials.contains($0.serial) } ?? false
                })
        case .tapSession(let id, _, _):
            return .tapped(sessions.contains { $0.worker == worker && $0.id == id })
        case .trace: return .traced(0)
        case .quiesce: return .standsStill
        case .handOver: return .handedOver(WorkerHandoverState())
        case .serve, .listen, .wake, .dropHandshake, .forget, .supersede, .tapSessions, .stop,
            .resume, .releaseAll,
            .adopt, .inherit:
            return .cut(0)
        }
    }

    /// Runs a command as a connection would, and says what it answered, in order.
    func replies(
        to line: String, peer: proxyd.Peer = .test
    ) throws -> [Reply] {
        let words = try Request(line: Array(line.utf8)).words
        let box = Box()
        CommandTable.run(
            ControlRequest(
                words: words, peer: peer, daemon: self, conversation: conversation,
                sendBytes: { bytes in
                    var reader = ReplyReader()
                    reader.append(bytes)
                    if let reply = try? reader.next() { box.replies.append(reply) }
                },
                send: { box.replies.append($0) }))
        return box.replies
    }

    /// All lines are of one connection.
    let conversation = Conversation()

    private final class Box { var replies: [Reply] = [] }

    func reply(to line: String) throws -> Reply {
        let replies = try replies(to: line)
        guard let reply = replies.first, replies.count == 1 else {
            throw Missing("one reply to “\(line)”, got \(replies.count)")
        }
        return reply
    }

    /// The table and the attributes of an `OK`.
    func table(_ line: String) throws -> (table: Table, attributes: [Reply.Attribute]) {
        let reply = try reply(to: line)
        guard case .ok(let attributes, let lines) = reply, let table = Table(lines: lines) else {
            throw Missing("a table, got \(reply)")
        }
        return (table, attributes)
    }

    /// The code and the message of an `ERR`.
    func refusal(_ line: String) throws -> (code: Reply.ErrorCode, message: String) {
        let reply = try reply(to: line)
        guard case .error(let code, let message) = reply else { throw Missing("ERR, got \(reply)") }
        return (code, message)
    }
}

extension FakeDaemon: TopologyAudience {
    func prepare(_ configuration: Configuration) {}

    func lookUp(_ names: [Endpoint], then finish: @escaping (WorkerReply) -> Void) {
        deliver { [self] in
            guard let missing = names.first(where: { self.names[$0] == nil }) else {
                return finish(.addresses(self.names))
            }
            finish(.noAddress(missing, Resolver.Failure(words: "no such name")))
        }
    }

    func topologyChanged(
        _ difference: ConfigurationDifference, by actor: Actor?, removed: [Channel]
    ) {
        share.raiseGeneration()
        elections.follow(topology)
        channelsChanged()
    }

    func end(
        _ removals: [Reconfiguration.Removal], then finish: @escaping (Int) -> Void
    ) {
        let serials = Set(
            removals.flatMap { $0.channels.map(\.serial) + $0.listeners.map(\.serial) })
        ask({ .cutRemoved(serials: serials, question: $0) }) { finish($0.cutCount) }
    }

    func end(_ removal: Reconfiguration.Removal, after time: Duration) {
        drained.append((removal, time))
    }

    func cut(_ channels: [Channel], then finish: @escaping (Int) -> Void) {
        let serials = Set(channels.map(\.serial))
        ask({ .cutChannels(serials: serials, question: $0) }) { finish($0.cutCount) }
    }
}

extension proxyd.Peer {
    /// One that may do everything.
    static let test = proxyd.Peer(uid: 0, pid: 1, program: "test", role: .admin)
}
