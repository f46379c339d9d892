internal import Shared

/// `--once` and `--json`: looks twice, an interval apart, so that the rates are real, and says what it saw.
struct Once: ~Copyable {
    private(set) var model: Model
    private var connection: ControlSocket
    private var failure: (status: ExitStatus, message: String)?

    init(model: Model, connection: consuming ControlSocket) {
        self.model = model
        self.connection = consume connection
        self.model.countsAllFailures = true
    }

    /// Fills the model. nil, or why it could not be done.
    mutating func look(twice: Bool) -> (status: ExitStatus, message: String)? {
        handle(.connected)
        guard awaitPicture(after: nil) else { return failure }
        guard twice else { return nil }
        return awaitPicture(after: model.picture?.nowMilliseconds) ? nil : failure
    }

    /// Waits for a picture that is newer than the last one.
    private mutating func awaitPicture(after last: UInt64?) -> Bool {
        while failure == nil {
            if let picture = model.picture, last.map({ picture.nowMilliseconds > $0 }) ?? true {
                return true
            }
            let now = Moment.read().milliseconds
            let deadline = model.nextDeadline
            let ready = Waiting.run(
                socket: connection.descriptor, wantsToWrite: connection.wantsToWrite, keys: false,
                milliseconds: deadline > now ? deadline - now : 0)
            if ready.socket { takeReplies() }
            handle(.tick)
            if case .lost(_, let reason) = model.link.phase, failure == nil {
                failure = (.noConnection, reason)
            }
        }
        return false
    }

    private mutating func takeReplies() {
        connection.flush()
        for event in connection.receive() {
            switch event {
            case .reply(let reply): handle(.reply(reply))
            case .garbled(let line): failure = (.wrongProtocol, "not our protocol: “\(line)”")
            case .closed(let reason): handle(.disconnected(reason: reason))
            }
        }
    }

    private mutating func handle(_ message: Message) {
        for effect in model.update(message, at: Moment.read()) {
            switch effect {
            case .send(let requests): connection.send(requests)
            case .quit(let status, let text): failure = (status, text ?? "")
            default: break
            }
        }
    }
}
