import Shared

@testable import proxyd

/// A daemon without workers: the test decides when they answer, and what.
final class FakeDaemon: Daemon {
    var configuration = Configuration()
    var topology: Topology
    let share: WorkerShare
    let identity = Identity(environment: "TEST")
    let elections: Elections
    let events = EventRing()
    let limits = DaemonLimits(descriptors: 1024, wanted: nil)
    var now = Instant.now
    private(set) var changes = 0

    /// Answers are kept back until `answerAll`.
    var isSlow = false
    var reports: [WorkerReport] = []
    var sessions: [SessionRecord] = []
    /// What workers were told.
    private(set) var commands: [Command] = []
    private(set) var pending: [() -> Void] = []

    init(_ topology: Topology, workers: Int = 2) throws {
        self.topology = topology
        elections = try Elections(topology)
        share = WorkerShare(
            admission: Admission(limit: 100),
            workers: try (0..<workers).map { _ in try WorkerEntrance() },
            notices: try Mailbox())
        reports = (0..<workers).map { index in
            WorkerReport(
                index: index, sessions: 0, totals: .init(), turns: 0, events: 0, pipes: 0,
                isResting: false, ends: [:], connectTimes: [:])
        }
    }

    static func make() throws -> FakeDaemon {
        try FakeDaemon(
            Blueprint.topology([("mail", [("main", ["a", "b", "c"]), ("spare", ["d"])])]))
    }

    func ask(_ command: (UInt64) -> Command, then finish: @escaping ([Answer]) -> Void) {
        let answers = share.workers.indices.map { answer(to: command(1), worker: $0) }
        deliver { finish(answers) }
    }

    func ask(
        worker: Int, _ command: (UInt64) -> Command, then finish: @escaping ([Answer]) -> Void
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

    /// What was to be cut, by `shed`.
    private(set) var shed: [UInt64] = []

    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor) { shed += sessions }

    func tell(_ event: Event) { events.append(event, wallMilliseconds: 1, now: now) }

    func channelsChanged() { changes += 1 }

    /// The workers answer what they were asked, and nothing that they are asked by then.
    func answerAll() {
        let due = pending
        pending = []
        for finish in due { finish() }
    }

    private func deliver(_ finish: @escaping () -> Void) {
        if isSlow { pending.append(finish) } else { finish() }
    }

    private func answer(to command: Command, worker: Int) -> Answer {
        commands.append(command)
        switch command {
        case .report: return .report(reports[worker])
        case .listSessions(let slots, _):
            let own = sessions.filter { $0.worker == worker }
            return .sessions(Array(own[slots.clamped(to: own.indices)]), slotCount: own.count)
        case .cutSession(let id, _):
            return .cut(sessions.count { $0.worker == worker && $0.id == id })
        case .cutChannels(let serials, _):
            return .cut(
                sessions.count { session in
                    session.worker == worker
                        && session.channel.map { serials.contains($0.serial) } ?? false
                })
        case .tapSession(let id, _, _):
            return .tapped(sessions.contains { $0.worker == worker && $0.id == id })
        case .serve, .listen, .wake, .supersede, .tapSessions, .stop: return .cut(0)
        }
    }

    /// Runs a command as a connection would, and says what it answered, in order.
    func replies(
        to line: String, peer: proxyd.Peer = .init(uid: 0, pid: 1, program: "test")
    ) throws -> [Reply] {
        let words = try Request(line: Array(line.utf8)).words
        let box = Box()
        CommandTable.run(
            ControlRequest(words: words, peer: peer, daemon: self) { box.replies.append($0) })
        return box.replies
    }

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
