internal import Shared

/// The loop: waits, turns what happened into messages, carries out effects, paints.
struct Dashboard: ~Copyable {
    private let sessions: [DaemonSession]
    /// nil: there is only one daemon.
    private var fleet: Fleet?
    private var screen: CursesScreen
    private let capabilities: Capabilities
    /// A recording in the place of a daemon.
    private var playback: Playback?
    private let lines = LineHistory()
    private let memory = ViewMemory()
    private var pace = LayoutPace()
    private var frame: UInt64 = 0
    private var isChanged = true
    private var end: (status: ExitStatus, message: String?)?
    /// Wake-ups by a terminal that had nothing to say.
    private var emptyReads = 0

    private static let mostEmptyReads = 100

    /// One daemon or several, or with `playback` a recording.
    init(
        _ sessions: [DaemonSession], playback: Playback?, screen: consuming CursesScreen,
        capabilities: Capabilities
    ) {
        self.sessions = sessions
        fleet = sessions.count > 1 ? Fleet(count: sessions.count) : nil
        self.playback = playback
        self.screen = consume screen
        self.capabilities = capabilities
        let past = lines.read()
        let views = memory.kept()
        let last = playback == nil ? memory.lastLook() : nil
        for session in sessions {
            session.model.actions.pastLines = past
            session.model.preferences.savedViews = views
            if let last {
                session.model.adopt(lastLook: last)
                session.model.navigation.lastPage = last.page
            }
            session.model.connection.isMember = sessions.count > 1
        }
    }

    /// The daemon that has the screen; nil: all of them have.
    private var shown: DaemonSession? {
        guard let fleet else { return sessions.first }
        return fleet.open.map { sessions[$0] }
    }

    /// Runs until a key, a signal or an error ends it.
    mutating func run() -> (status: ExitStatus, message: String?) {
        let outcome = loop()
        if playback == nil, outcome.status == .good, let session = shown ?? sessions.first {
            memory.remember(session.model)
        }
        return outcome
    }

    private mutating func loop() -> (status: ExitStatus, message: String?) {
        if let substitute = screen.substitute {
            for session in sessions {
                session.model.notify("this TERM is unknown here: shown as \(substitute)")
            }
        }
        for session in sessions {
            session.model.size = screen.size
            if playback == nil { carryOut(session.start(), of: session) }
        }
        paint()
        while end == nil {
            let ready = wait()
            if ready.hungUp { return (.good, nil) }
            if ready.signals { handleSignals() }
            if pace.takeDue(at: Moment.read().milliseconds) { resize() }
            if ready.keys {
                handleKeys()
                // What a key shows does not wait for answers that have come meanwhile: a long one takes a while.
                if needsPaint, end == nil, !ready.sockets.isEmpty { paint() }
            }
            for (place, session) in sessions.enumerated() where ready.sockets.contains(place) {
                carryOut(session.readReplies(), of: session)
            }
            play()
            for session in sessions { carryOut(session.handle(.tick, changes: false), of: session) }
            if needsPaint, end == nil { paint() }
        }
        return end ?? (.good, nil)
    }

    private var needsPaint: Bool {
        if isChanged { return true }
        if let shown { return shown.isChanged || shown.model.movesByItself }
        return sessions.contains { $0.isChanged || $0.model.movesByItself }
    }

    private func wait() -> Waiting.Ready {
        let now = Moment.read().milliseconds
        let deadline = sessions.map(\.model.nextDeadline).min() ?? now
        var pause = deadline > now ? deadline - now : 0
        if let playback {
            // A screen that stands still is looked at when a key comes.
            pause = isPaused ? UInt64(Int32.max) : playback.wait ?? UInt64(Int32.max)
        }
        if let due = pace.dueAt { pause = min(pause, due > now ? due - now : 0) }
        return Waiting.run(
            sockets: sessions.map(\.wanted), hasKeys: true, milliseconds: pause)
    }

    private var isPaused: Bool {
        sessions.contains { $0.model.time.isFrozen || $0.model.time.past != nil }
    }

    /// What the recording has for this moment.
    private mutating func play() {
        guard var playing = playback, let session = sessions.first else { return }
        if playing.speed != session.model.time.replaySpeed {
            playing.speed = session.model.time.replaySpeed
        }
        let entries = playing.due(at: Moment.read().milliseconds, isPaused: isPaused)
        playback = playing
        guard !entries.isEmpty else { return }
        carryOut(
            session.handle(.recorded(Array(entries), isLast: playing.isOver)), of: session)
    }

    private mutating func handleSignals() {
        for signal in SignalPipe.take() {
            switch signal {
            case .resized: if pace.change(at: Moment.read().milliseconds) { resize() }
            case .stop: suspend()
            case .end: end = (.good, nil)
            }
        }
    }

    private mutating func resize() {
        screen.resize()
        resized()
    }

    private mutating func resized() {
        isChanged = true
        for session in sessions { carryOut(session.handle(.resized(screen.size)), of: session) }
    }

    private mutating func suspend() {
        screen.suspend()
        resized()
    }

    private mutating func handleKeys() {
        var count = 0
        while end == nil, let key = screen.nextKey() {
            count += 1
            if key == .showsWholeFrames {
                screen.showWholeFrames()
            } else if let shown {
                shown.model.actions.scheduledElsewhere = Fleet.promises(
                    sessions.filter { $0 !== shown }.map(\.model))
                carryOut(shown.handle(.key(key)), of: shown)
            } else {
                pressInFleet(key)
            }
        }
        // A terminal that is ready for ever and gives nothing is gone.
        emptyReads = count == 0 ? emptyReads + 1 : 0
        if emptyReads > Self.mostEmptyReads { end = (.good, nil) }
    }

    private mutating func pressInFleet(_ key: Key) {
        isChanged = true
        let promises = Fleet.promises(sessions.map(\.model))
        switch fleet?.press(key, at: Moment.read().milliseconds, promises: promises) {
        case .quit: end = (.good, nil)
        case .redraw: screen.repaint()
        case .suspend: suspend()
        case .refresh:
            for session in sessions {
                carryOut(session.handle(.key(.character("r"))), of: session)
            }
        case .open, .none?, nil: break
        }
    }

    /// What concerns the screen.
    private mutating func carryOut(_ effects: [Effect], of session: DaemonSession) {
        for effect in effects {
            switch effect {
            case .repaint:
                screen.repaint()
                isChanged = true
            case .suspend: suspend()
            case .copy(let text): screen.copy(text)
            case .bell: screen.ring()
            case .remember(let line): lines.append(line)
            case .keepView(let view): memory.keep(view)
            case .forgetView(let name): memory.forget(name)
            case .leave:
                fleet?.open = nil
                isChanged = true
            case .quit(let status, let message):
                // One daemon of several that speaks another protocol does not end the others.
                if fleet != nil, status != .good {
                    carryOut(
                        session.handle(.disconnected(reason: message ?? "refused")), of: session)
                } else {
                    end = (status, message)
                }
            case .connect, .disconnect, .send, .record, .write: break
            }
        }
    }

    private mutating func paint() {
        frame += 1
        if let shown {
            screen.present(shown.model.render(capabilities), frame: frame)
        } else if let fleet {
            let page = FleetPage(
                models: sessions.map(\.model), names: sessions.map(\.target.name), fleet: fleet,
                glyphs: capabilities.glyphs)
            screen.present(
                page.draw(screen.size, isASCII: !capabilities.isUTF8), frame: frame)
        }
        isChanged = false
        for session in sessions { session.isChanged = false }
        if let shown, shown.model.awaitsPainting {
            // What was typed before the question was on the screen was no answer to it.
            screen.dropInput()
            carryOut(shown.handle(.painted, changes: false), of: shown)
        }
        screen.announce(frame)
    }
}
