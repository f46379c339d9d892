internal import Shared

/// One daemon that is looked at: what is known of it, and the connection to it.
final class DaemonSession {
    let target: DaemonTarget
    var model: Model
    private(set) var connection: ControlSocket?
    /// Where every answer is written.
    private var recording: RecordingFile?
    /// Whether there is anything new to paint.
    var isChanged = true

    init(
        _ model: Model, _ target: DaemonTarget, connection: consuming ControlSocket? = nil,
        recording: consuming RecordingFile? = nil
    ) {
        self.model = model
        self.target = target
        self.connection = consume connection
        self.recording = consume recording
    }

    /// What to wait for; nil while there is no connection.
    var wanted: Waiting.Socket? {
        switch connection {
        case .none: nil
        case .some(let open):
            Waiting.Socket(number: open.descriptor, wantsToWrite: open.wantsToWrite)
        }
    }

    /// Says hello, or connects first.
    func start() -> [Effect] { connection == nil ? connect() : handle(.connected) }

    /// Takes a message in and carries out what concerns the daemon; what concerns the screen is left.
    func handle(_ message: Message, changes: Bool = true) -> [Effect] {
        let before = model.actions.notice
        let effects = model.update(message, at: Moment.read())
        var left: [Effect] = []
        for effect in effects {
            // A question shows nothing; its answer does.
            if !carryOut(effect, &left) { isChanged = true }
        }
        if changes || model.actions.notice != before { isChanged = true }
        return left
    }

    /// True when the screen is as it was.
    private func carryOut(_ effect: Effect, _ left: inout [Effect]) -> Bool {
        switch effect {
        case .connect: left += connect()
        case .disconnect: connection = nil
        case .send(let requests):
            send(requests)
            return true
        case .record(let entry):
            left += record(entry)
            return true
        case .write(let path, let text): left += write(text, to: path)
        default: left.append(effect)
        }
        return false
    }

    func readReplies() -> [Effect] {
        guard var open = connection.take() else { return [] }
        open.flush()
        let events = open.receive()
        connection = consume open
        var left: [Effect] = []
        for event in events {
            switch event {
            case .reply(let reply):
                left += handle(.reply(reply), changes: model.connection.link.pending.count <= 1)
            case .garbled(let line): left += handle(.garbled(line))
            case .closed(let reason):
                connection = nil
                left += handle(.disconnected(reason: reason))
            }
            guard connection != nil else { break }
        }
        return left
    }

    private func send(_ requests: [Request]) {
        guard var open = connection.take() else { return }
        open.send(requests)
        connection = consume open
    }

    private func connect() -> [Effect] {
        do throws(ControlSocket.Failure) {
            connection = try target.connect()
            return handle(.connected)
        } catch {
            return handle(.disconnected(reason: error.reason))
        }
    }

    private func record(_ entry: ReplayBuffer.Entry) -> [Effect] {
        guard var open = recording.take() else { return [] }
        do throws(RecordingFile.Failure) {
            try open.append(entry)
            recording = consume open
            return []
        } catch {
            return handle(.recordingFailed(error.reason))
        }
    }

    private func write(_ text: String, to path: String) -> [Effect] {
        do throws(RecordingFile.Failure) {
            try RecordingFile.write(text, to: path)
            return handle(.written(path: path, fault: nil))
        } catch {
            return handle(.written(path: path, fault: error.reason))
        }
    }
}
