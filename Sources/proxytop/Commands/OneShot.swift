internal import Shared

/// The daemon without a screen: looks as often as it is asked to, asks single questions, and says what it saw.
struct OneShot: ~Copyable {
    private(set) var model: Model
    private var connection: ControlSocket?
    private let target: DaemonTarget
    private var failure: (status: ExitStatus, message: String)?
    /// Whether a lost link is tried again instead of ending it all.
    private let reconnects: Bool
    private let isRecorded: Bool

    init(
        model: Model, _ target: DaemonTarget, connection: consuming ControlSocket,
        reconnects: Bool = false
    ) {
        self.target = target
        self.model = model
        self.connection = consume connection
        isRecorded = false
        self.reconnects = reconnects
        self.model.preferences.countsAllFailures = true
    }

    /// What a recording has come to: there is no daemon to ask.
    init(recorded model: Model) {
        self.model = model
        self.model.preferences.countsAllFailures = true
        target = DaemonTarget()
        connection = nil
        reconnects = false
        isRecorded = true
    }

    /// Fills the model. nil, or why it could not be done.
    mutating func look(twice: Bool) -> (status: ExitStatus, message: String)? {
        if isRecorded { return nil }
        handle(.connected)
        guard awaitSnapshot(after: nil) else { return failure }
        guard twice else { return nil }
        return lookAgain()
    }

    /// Waits for the next snapshot, an interval later.
    mutating func lookAgain() -> (status: ExitStatus, message: String)? {
        awaitSnapshot(after: model.snapshot?.nowMilliseconds) ? nil : failure
    }

    /// One question more, when a snapshot has just come.
    mutating func ask(_ request: Request) -> Reply? {
        if isRecorded {
            failure = (.usage, "a recording cannot be asked; --replay FILE shows what was seen")
            return nil
        }
        model.connection.answer = nil
        handle(.ask(request))
        while failure == nil, model.connection.answer == nil { turn() }
        return model.connection.answer
    }

    /// Waits until something happens, at most until the next look is due, and takes it in.
    mutating func turn() {
        let now = Moment.read().milliseconds
        let deadline = model.nextDeadline
        let pause = deadline > now ? deadline - now : 0
        let wanted: Waiting.Socket? =
            switch connection {
            case .none: nil
            case .some(let open):
                Waiting.Socket(number: open.descriptor, wantsToWrite: open.wantsToWrite)
            }
        let ready = Waiting.run(sockets: [wanted], hasKeys: false, milliseconds: pause)
        if ready.sockets.contains(0) { readReplies() }
        handle(.tick)
        if case .lost(_, let reason) = model.connection.link.phase, failure == nil, !reconnects {
            failure = (.noConnection, reason)
        }
    }

    /// Waits for a snapshot that is newer than the last one.
    private mutating func awaitSnapshot(after last: UInt64?) -> Bool {
        while failure == nil {
            if let snapshot = model.snapshot, last.map({ snapshot.nowMilliseconds > $0 }) ?? true {
                return true
            }
            turn()
        }
        return false
    }

    /// Why it ended, once it has.
    var end: (status: ExitStatus, message: String)? { failure }

    private mutating func readReplies() {
        guard var open = connection.take() else { return }
        open.flush()
        let events = open.receive()
        connection = consume open
        for event in events {
            switch event {
            case .reply(let reply): handle(.reply(reply))
            case .garbled(let line):
                if reconnects {
                    handle(.garbled(line))
                } else {
                    failure = (.wrongProtocol, "not our protocol: “\(line)”")
                }
            case .closed(let reason):
                connection = nil
                handle(.disconnected(reason: reason))
            }
        }
    }

    private mutating func handle(_ message: Message) {
        carryOut(model.update(message, at: Moment.read()))
    }

    /// Does something to the model, as a key would.
    mutating func change(_ body: (inout Model) -> [Effect]) {
        model.now = Moment.read()
        carryOut(body(&model))
    }

    private mutating func carryOut(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .send(let requests):
                guard var open = connection.take() else { continue }
                open.send(requests)
                connection = consume open
            case .disconnect: connection = nil
            case .connect: connect()
            case .quit(let status, let text): failure = (status, text ?? "")
            default: break
            }
        }
    }

    private mutating func connect() {
        do throws(ControlSocket.Failure) {
            connection = try target.connect()
            handle(.connected)
        } catch {
            handle(.disconnected(reason: error.reason))
        }
    }
}
