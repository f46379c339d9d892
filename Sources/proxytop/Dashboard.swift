internal import Shared

/// The loop: waits, turns what happened into messages, carries out effects, paints.
struct Dashboard: ~Copyable {
    private var model: Model
    private var connection: ControlSocket?
    private var screen: CursesScreen
    private let capabilities: Capabilities
    /// A recording in the place of a daemon.
    private var playback: Playback?
    /// Where every answer is written.
    private var recording: RecordingFile?
    private let lines = LineHistory()
    private var frame: UInt64 = 0
    private var isChanged = true
    private var end: (status: ExitStatus, message: String?)?
    /// Wake-ups by a terminal that had nothing to say.
    private var emptyReads = 0

    private static let mostEmptyReads = 100

    /// A daemon behind `connection`, or a recording.
    init(
        model: Model, connection: consuming ControlSocket?, playback: Playback?,
        recording: consuming RecordingFile?, screen: consuming CursesScreen,
        capabilities: Capabilities
    ) {
        self.model = model
        self.connection = consume connection
        self.playback = playback
        self.recording = consume recording
        self.screen = consume screen
        self.capabilities = capabilities
        self.model.pastLines = lines.read()
    }

    /// Runs until somebody or something ends it.
    mutating func run() -> (status: ExitStatus, message: String?) {
        model.size = screen.size
        if let substitute = screen.substitute {
            model.tell("this TERM is unknown here: shown as \(substitute)")
        }
        if playback == nil { handle(.connected) }
        paint()
        while end == nil {
            let ready = wait()
            if ready.hungUp { return (.good, nil) }
            if ready.signals { takeSignals() }
            if ready.keys { takeKeys() }
            if ready.socket { takeReplies() }
            play()
            handle(.tick, changes: false)
            if isChanged || model.movesByItself, end == nil { paint() }
        }
        return end ?? (.good, nil)
    }

    private func wait() -> Waiting.Ready {
        let now = Moment.read().milliseconds
        let deadline = model.nextDeadline
        var pause = deadline > now ? deadline - now : 0
        if let playback {
            // A screen that stands still is looked at when a key comes.
            pause = isPaused ? UInt64(Int32.max) : playback.wait ?? UInt64(Int32.max)
        }
        switch connection {
        case .none:
            return Waiting.run(socket: nil, wantsToWrite: false, keys: true, milliseconds: pause)
        case .some(let open):
            return Waiting.run(
                socket: open.descriptor, wantsToWrite: open.wantsToWrite, keys: true,
                milliseconds: pause)
        }
    }

    private var isPaused: Bool { model.isFrozen || model.past != nil }

    /// What the recording has for this moment.
    private mutating func play() {
        guard var playing = playback else { return }
        if playing.speed != model.replaySpeed { playing.speed = model.replaySpeed }
        let entries = playing.due(at: Moment.read().milliseconds, isPaused: isPaused)
        playback = playing
        guard !entries.isEmpty else { return }
        handle(.recorded(Array(entries), isLast: playing.isOver))
    }

    private mutating func takeSignals() {
        for signal in SignalPipe.take() {
            switch signal {
            case .resized:
                screen.resize()
                handle(.resized(screen.size))
            case .stop: carryOut(.suspend)
            case .end: end = (.good, nil)
            }
        }
    }

    private mutating func takeKeys() {
        var count = 0
        while end == nil, let key = screen.nextKey() {
            count += 1
            if key == .showsWholeFrames { screen.showWholeFrames() }
            handle(.key(key))
        }
        // A terminal that is ready for ever and gives nothing is gone.
        emptyReads = count == 0 ? emptyReads + 1 : 0
        if emptyReads > Self.mostEmptyReads { end = (.good, nil) }
    }

    private mutating func takeReplies() {
        guard var open = connection.take() else { return }
        open.flush()
        let events = open.receive()
        connection = consume open
        for event in events {
            switch event {
            case .reply(let reply): handle(.reply(reply), changes: model.link.pending.count <= 1)
            case .garbled(let line): handle(.garbled(line))
            case .closed(let reason):
                connection = nil
                handle(.disconnected(reason: reason))
            }
            guard connection != nil else { return }
        }
    }

    private mutating func handle(_ message: Message, changes: Bool = true) {
        let before = model.notice
        for effect in model.update(message, at: Moment.read()) { carryOut(effect) }
        if changes || model.notice != before { isChanged = true }
    }

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .connect: connect()
        case .disconnect: connection = nil
        case .send(let requests): send(requests)
        case .repaint: screen.repaint()
        case .suspend:
            screen.suspend()
            handle(.resized(screen.size))
        case .copy(let text): screen.copy(text)
        case .bell: screen.ring()
        case .record(let entry): record(entry)
        case .write(let path, let text):
            do throws(RecordingFile.Failure) {
                try RecordingFile.write(text, to: path)
                handle(.written(path: path, fault: nil))
            } catch {
                handle(.written(path: path, fault: error.reason))
            }
        case .remember(let line): lines.append(line)
        case .quit(let status, let message): end = (status, message)
        }
        // A question shows nothing; its answer does.
        switch effect {
        case .send, .record: break
        default: isChanged = true
        }
    }

    private mutating func record(_ entry: Tape.Entry) {
        guard var open = recording.take() else { return }
        do throws(RecordingFile.Failure) {
            try open.append(entry)
            recording = consume open
        } catch {
            handle(.recordingFailed(error.reason))
        }
    }

    private mutating func send(_ requests: [Request]) {
        guard var open = connection.take() else { return }
        open.send(requests)
        connection = consume open
    }

    private mutating func connect() {
        do throws(ControlSocket.Failure) {
            connection = try ControlSocket(path: model.socketPath)
            handle(.connected)
        } catch {
            handle(.disconnected(reason: error.reason))
        }
    }

    private mutating func paint() {
        frame += 1
        screen.present(model.render(capabilities), frame: frame)
        isChanged = false
        if model.confirmation?.isPainted == false {
            // What was typed before the question was on the screen was no answer to it.
            screen.dropInput()
            handle(.painted, changes: false)
        }
        screen.announce(frame)
    }
}
