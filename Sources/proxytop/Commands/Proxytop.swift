internal import ArgumentParser
internal import Glibc
internal import Shared

@main
struct Proxytop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxytop", abstract: "A screen for the TCP proxy daemon proxyd.",
        discussion: """
            Shows the channels of one daemon, their state, load and failures, and switches them. \
            Press ? for the keys. When standard output is not a terminal it acts like --once.

            Exit codes: 0 good, 1 usage, 2 no connection, 3 not permitted, 4 protocol mismatch.

            See proxytop(1).
            """, version: Version.string)

    @Option(
        help: ArgumentHelp(
            "The control socket; several times for several daemons. Without it: those in the runtime directory.",
            valueName: "path"))
    var socket: [String] = []
    @Option(
        help: ArgumentHelp(
            "A command that reaches another machine, as in --via 'ssh db1'; several times for several.",
            valueName: "command"))
    var via: [String] = []
    @Option(
        help: "Seconds between two questions to the daemon, 0.25 to 60; 1 unless said otherwise.")
    var interval: String?
    @OptionGroup(title: "Without a screen") var batch: BatchOptions
    @Option(
        help:
            ArgumentHelp(
                "The first view: overview, channels, conns, events or auto; in reports groups and listeners, too.",
                valueName: "view"))
    var view: String?
    @Option(help: ArgumentHelp("Write every answer of the daemon to a file.", valueName: "file"))
    var record: String?
    @Option(help: ArgumentHelp("Show a recording instead of a daemon.", valueName: "file"))
    var replay: String?
    @Option(help: "With --replay: how many times as fast as it was, 0.1 to 1000.")
    var speed = 1.0
    @Option(help: ArgumentHelp("With --replay: begin at this time of day.", valueName: "hh:mm"))
    var at: String?
    @Flag(help: "With --record: tags in the place of clients' addresses.")
    var redact = false
    @Option(help: "Characters to draw with: ascii, unicode, braille, words or auto.")
    var glyphs: String?
    @Flag(help: "No colours, as with NO_COLOR.")
    var mono = false
    @Flag(
        help:
            "For screen readers: words instead of signs, and the terminal's cursor on the chosen row."
    )
    var a11y = false
    @Flag(help: "The wheel scrolls, a click chooses or sorts; nothing is switched by it.")
    var mouse = false
    @Option(help: "Frames as one (terminal mode 2026): auto asks the terminal, on, off.")
    var sync: String?
    @Option(
        help:
            "Colours: dark, light, blue-orange for eyes that do not tell red from green, or calm: only what is wrong."
    )
    var theme: String?
    @Option(help: "The bell: off, lost (the link), or down: and once for each new problem.")
    var bell: String?
    @Flag(help: "For slow lines: no trends, and a look every 5 seconds.")
    var lean = false
    @Flag(help: "Print what holds, as a file of settings, and end.")
    var printConfig = false
    @Flag(help: "With a command: do it without asking.")
    var yes = false
    @Flag(help: "With a command: show what it would do, and do nothing.")
    var preview = false
    @Argument(
        help: ArgumentHelp(
            "One command of the daemon instead of a screen, as in proxytop drain mail/0/2.",
            valueName: "command"))
    var command: [String] = []

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let status = exitCode(for: error)
            let text = fullMessage(for: error)
            (status == .success ? StandardStream.output : .error).write(
                text.isEmpty ? "" : text + "\n")
            // Usage is 1 here, as in the manual; the parser's own code is 64.
            Self.exit(withError: status == .validationFailure ? ExitCode(1) : status)
        }
    }

    func validate() throws {
        for (name, value) in said where name != .view {
            if let problem = Settings.problem(of: name, value) {
                throw ValidationError("--\(name.rawValue): \(problem)")
            }
        }
        if let view {
            let isReport = batch.isAsked && BatchReport.views.contains(view)
            guard isReport || view == "auto" || Page(named: view) != nil else {
                throw ValidationError(
                    "--view: “\(view)” is not overview, channels, conns, events or auto")
            }
        }
        guard (0.1...1000).contains(speed) else {
            throw ValidationError("--speed: \(speed) is not between 0.1 and 1000")
        }
        if replay == nil, speed != 1 || at != nil {
            throw ValidationError("--speed and --at go with --replay FILE")
        }
        if let at, Self.secondOfDay(at) == nil {
            throw ValidationError("--at: “\(at)” is not a time of day; write 02:36 or 02:36:55")
        }
        if record != nil, replay != nil || batch.isAsked {
            throw ValidationError("--record goes with the screen of a running daemon")
        }
        if replay != nil, batch.plain || batch.follow {
            throw ValidationError("--plain and --follow need a daemon, not a recording")
        }
        if redact, record == nil { throw ValidationError("--redact goes with --record FILE") }
        if replay != nil, !socket.isEmpty || !via.isEmpty {
            throw ValidationError("--replay and --socket: a recording or a daemon, not both")
        }
        if command.isEmpty, yes || preview {
            throw ValidationError(
                "--yes and --preview go with a command, as in drain mail/0/2 --preview")
        }
        if yes, preview { throw ValidationError("--yes and --preview: only one of them") }
        if !command.isEmpty, batch.isAsked || replay != nil || record != nil {
            throw ValidationError(
                "“\(command.joined(separator: " "))” is one command; reports and recordings are without one"
            )
        }
        if !via.isEmpty, socket.count > 1 {
            throw ValidationError("with --via there is one --socket at most: the one over there")
        }
        do throws(DaemonTarget.ParseError) {
            for target in via.map({ DaemonTarget(path: socket.first, via: $0) }) {
                try target.check()
            }
        } catch {
            throw ValidationError(error.message)
        }
    }

    /// The settings that the command line makes.
    private var said: [(Settings.Name, String)] {
        let options: [(Settings.Name, String?)] = [
            (.interval, interval ?? (lean ? "5" : nil)), (.view, view), (.glyphs, glyphs),
            (.theme, theme), (.sync, sync), (.bell, bell), (.mono, mono ? "yes" : nil),
            (.mouse, mouse ? "yes" : nil), (.a11y, a11y ? "yes" : nil), (.lean, lean ? "yes" : nil),
        ]
        return options.compactMap { name, value in value.map { (name, $0) } }
    }

    /// What the operator's file says, and over it what the command line does.
    private func effectiveSettings() throws -> Settings {
        var settings = Settings()
        do {
            if let file = SettingsFile.path, let text = try SettingsFile.read(file) {
                do throws(Settings.ParseError) {
                    settings = try Settings(text)
                } catch {
                    try Self.end(.usage, "\(file): \(error)")
                }
            }
        } catch let failure as SettingsFile.Failure {
            try Self.end(.usage, failure.reason)
        }
        for (name, value) in said { settings.override(name, value) }
        return settings
    }

    func run() throws {
        let settings = try effectiveSettings()
        if printConfig {
            StandardStream.output.write(settings.text)
            return
        }
        let glyphs = settings[.glyphs]
        let isUTF8 = TerminalLocale.adopt(
            forcing: glyphs == Glyphs.unicode.rawValue || glyphs == Glyphs.braille.rawValue)
        let isWide = AmbiguousWidth.isWide(
            cells: TerminalLocale.cellsOfAmbiguous, Environment.value)
        let capabilities = Capabilities(
            glyphs: settings.isOn(.a11y)
                ? .words
                : Glyphs(rawValue: glyphs)
                    ?? .automatic(
                        isUTF8: isUTF8, isWide: isWide, terminal: Environment.value(of: "TERM")),
            isUTF8: isUTF8)
        if let replay {
            try show(replay, capabilities, settings)
            return
        }
        let targets = try targets()
        if !command.isEmpty { return try obey(targets, settings) }
        if batch.isAsked || !StandardStream.output.isTerminal {
            try report(targets, capabilities, settings)
        } else {
            try watch(targets, capabilities, settings)
        }
    }

    private func targets() throws -> [DaemonTarget] {
        if !via.isEmpty { return via.map { DaemonTarget(path: socket.first, via: $0) } }
        if !socket.isEmpty { return socket.map { DaemonTarget(path: $0) } }
        switch SocketSearch.run(directory: SocketSearch.runtimeDirectory) {
        case .found(let path): return [DaemonTarget(path: path)]
        case .several(let paths): return paths.map { DaemonTarget(path: $0) }
        case .none(let text):
            try Self.end(.noConnection, text)
            return []
        }
    }

    private func model(of target: DaemonTarget, _ settings: Settings) -> Model {
        var model = Model(
            now: Moment.read(), size: Size(columns: 80, rows: 24), socketPath: target.name,
            intervalMilliseconds: UInt64((Double(settings[.interval]) ?? 1) * 1000),
            page: Page(named: settings[.view]))
        model.connection.isElsewhere = target.via != nil
        model.adopt(settings)
        return model
    }

    private func connect(_ target: DaemonTarget) throws -> ControlSocket? {
        do throws(ControlSocket.Failure) {
            return try target.connect()
        } catch {
            try refuse(error.kind == .notPermitted ? .notPermitted : .noConnection, error.reason)
            return nil
        }
    }

    /// One command for one daemon.
    private func obey(_ targets: [DaemonTarget], _ settings: Settings) throws {
        guard let target = targets.first, targets.count == 1 else {
            return try Self.end(
                .usage,
                "a command is for one daemon; name it:\n"
                    + targets.map { "  --socket \($0.name)" }.joined(separator: "\n"))
        }
        guard let connection = try connect(target) else { return }
        let once = OneShot(
            model: model(of: target, settings), target, connection: consume connection)
        var action = ShellCommand(
            command, yes ? .given : preview ? .previewOnly : .asked, canAsk: isatty(0) == 1, once)
        do throws(BatchReport.Failure) {
            try action.run()
        } catch {
            try Self.end(error.status, error.message)
        }
    }

    /// One daemon after the other; the worst outcome is the program's.
    private func report(
        _ targets: [DaemonTarget], _ capabilities: Capabilities, _ settings: Settings
    ) throws {
        guard targets.count == 1 || !(batch.follow || batch.plain) else {
            return try Self.end(
                .usage,
                "--follow and --plain look at one daemon; name it:\n"
                    + targets.map { "  --socket \($0.name)" }.joined(separator: "\n"))
        }
        var worst: ExitCode?
        for target in targets {
            do {
                if targets.count > 1, !batch.isCheck, !batch.status, !batch.json {
                    StandardStream.output.write("# \(target.name)\n")
                }
                guard let connection = try connect(target) else { continue }
                let once = OneShot(
                    model: model(of: target, settings), target, connection: consume connection,
                    reconnects: batch.plain)
                try printReport(of: consume once, capabilities)
            } catch let code as ExitCode {
                if code.rawValue > worst?.rawValue ?? 0 { worst = code }
            }
        }
        if let worst { throw worst }
    }

    /// What is known, in the form that was asked for.
    func printReport(of once: consuming OneShot, _ capabilities: Capabilities) throws {
        var report = BatchReport(
            batch, view: view == "auto" ? nil : view, capabilities, consume once)
        let status: Int32
        do throws(BatchReport.Failure) {
            status = try report.run()
        } catch {
            return try refuse(error.status, error.message)
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func watch(
        _ targets: [DaemonTarget], _ capabilities: Capabilities, _ settings: Settings
    ) throws {
        guard let first = targets.first, targets.count == 1 else {
            guard record == nil else {
                return try Self.end(
                    .usage, "--record writes one daemon down; name it with --socket")
            }
            return try open(
                targets.map { DaemonSession(self.model(of: $0, settings), $0) }, playback: nil,
                capabilities, settings)
        }
        guard let connection = try connect(first) else { return }
        var model = self.model(of: first, settings)
        var file: RecordingFile?
        if let record {
            do throws(RecordingFile.Failure) {
                file = try RecordingFile(path: record, isRedacted: redact)
                model.time.isRecording = true
            } catch {
                try Self.end(.usage, "--record \(record): \(error.reason)")
            }
        }
        let session = DaemonSession(
            model, first, connection: consume connection, recording: consume file)
        try open([session], playback: nil, capabilities, settings)
    }

    func open(
        _ sessions: [DaemonSession], playback: Playback?, _ capabilities: Capabilities,
        _ settings: Settings
    ) throws {
        guard isatty(0) == 1 else {
            try Self.end(.usage, "standard input is not a terminal; --once works without one")
            return
        }
        let look: Theme =
            settings.isOn(.mono) || Environment.forbidsColour
            ? .mono : Theme(rawValue: settings[.theme]) ?? .dark
        let sync = Environment.value(of: "PROXYTOP_SYNC_FD").flatMap { CInt($0) }
        let outcome: (status: ExitStatus, message: String?)
        do throws(CursesScreen.Unusable) {
            let screen = try CursesScreen(
                theme: look,
                options: .init(
                    mouse: settings.isOn(.mouse),
                    wholeFrames: settings[.sync] == "auto" ? nil : settings[.sync] == "on",
                    cursor: settings.isOn(.a11y)), syncDescriptor: sync)
            var dashboard = Dashboard(
                sessions, playback: playback, screen: screen, capabilities: capabilities)
            outcome = dashboard.run()
        } catch {
            try Self.end(.usage, error.reason)
            return
        }
        if outcome.status != .good { try Self.end(outcome.status, outcome.message ?? "") }
    }

    /// A check prints its failure to standard output, where monitoring systems read; no answer is critical.
    private func refuse(_ status: ExitStatus, _ message: String) throws {
        guard batch.isCheck, status != .usage else { return try Self.end(status, message) }
        StandardStream.output.write("CRITICAL: \(message)\n")
        throw ExitCode(Summary.Verdict.critical.rawValue)
    }

    /// Ends with a message on standard error.
    static func end(_ status: ExitStatus, _ message: String) throws {
        StandardStream.error.write("proxytop: \(message)\n")
        throw ExitCode(status.rawValue)
    }
}
