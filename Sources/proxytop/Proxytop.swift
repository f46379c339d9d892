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
            """, version: Version.string)

    @Option(help: "The control socket. Without it: the only *.sock in the runtime directory.")
    var socket: String?
    @Option(help: "Seconds between two questions to the daemon, 0.25 to 60.")
    var interval = 1.0
    @OptionGroup(title: "Without a screen") var batch: BatchOptions
    @Option(
        help:
            ArgumentHelp(
                "The first view: overview, channels, conns, events or auto; in reports groups and listeners, too.",
                valueName: "view"))
    var view = "auto"
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
    var glyphs = "auto"
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
    var sync = "auto"
    @Option(help: "Colours: dark, light, or blue-orange for eyes that do not tell red from green.")
    var theme = "dark"

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
        guard (0.25...60).contains(interval) else {
            throw ValidationError("--interval: \(interval) is not between 0.25 and 60 seconds")
        }
        guard glyphs == "auto" || Glyphs(rawValue: glyphs) != nil else {
            throw ValidationError(
                "--glyphs: “\(glyphs)” is not ascii, unicode, braille, words or auto")
        }
        let isReport = batch.isAsked && BatchReport.views.contains(view)
        guard view == "auto" || Page(named: view) != nil || isReport else {
            throw ValidationError(
                "--view: “\(view)” is not overview, channels, conns, events or auto")
        }
        guard (0.1...1000).contains(speed) else {
            throw ValidationError("--speed: \(speed) is not between 0.1 and 1000")
        }
        if replay == nil, speed != 1 || at != nil {
            throw ValidationError("--speed and --at go with --replay FILE")
        }
        if let at, Self.secondOfDay(at) == nil {
            throw ValidationError("--at: “\(at)” is no time of day; write it as 02:36 or 02:36:55")
        }
        if record != nil, replay != nil || batch.isAsked {
            throw ValidationError("--record goes with the screen of a running daemon")
        }
        if replay != nil, batch.plain || batch.follow {
            throw ValidationError("--plain and --follow need a daemon, not a recording")
        }
        if redact, record == nil { throw ValidationError("--redact goes with --record FILE") }
        if replay != nil, socket != nil {
            throw ValidationError("--replay and --socket: a recording or a daemon, not both")
        }
        guard Theme(rawValue: theme) != nil, theme != "mono" else {
            throw ValidationError(
                "--theme: “\(theme)” is not dark, light or blue-orange; --mono is without colours")
        }
        guard ["auto", "on", "off"].contains(sync) else {
            throw ValidationError("--sync: “\(sync)” is not auto, on or off")
        }
    }

    func run() throws {
        let isUTF8 = TerminalLocale.adopt(
            forcing: glyphs == Glyphs.unicode.rawValue || glyphs == Glyphs.braille.rawValue)
        let capabilities = Capabilities(
            glyphs: a11y
                ? .words
                : Glyphs(rawValue: glyphs)
                    ?? .automatic(isUTF8: isUTF8, terminal: Environment.value(of: "TERM")),
            isUTF8: isUTF8)
        if let replay {
            try show(replay, capabilities)
            return
        }
        let path = try socketPath()
        let model = Model(
            now: Moment.read(), size: Size(columns: 80, rows: 24), socketPath: path,
            intervalMilliseconds: UInt64(interval * 1000),
            page: view == "auto" ? nil : Page(named: view))
        let connection: ControlSocket
        do throws(ControlSocket.Failure) {
            connection = try ControlSocket(path: path)
        } catch {
            return try refuse(
                error.kind == .notPermitted ? .notPermitted : .noConnection, error.reason)
        }
        if batch.isAsked || !StandardStream.output.isTerminal {
            try report(model, connection, capabilities)
        } else {
            try watch(model, connection, capabilities)
        }
    }

    private func socketPath() throws -> String {
        if let socket { return socket }
        switch SocketSearch.run(directory: SocketSearch.runtimeDirectory) {
        case .found(let path): return path
        case .unclear(let text):
            try Self.end(.noConnection, text)
            return ""
        }
    }

    private func report(
        _ model: Model, _ connection: consuming ControlSocket, _ capabilities: Capabilities
    ) throws {
        let once = Once(
            model: model, connection: consume connection, reconnects: batch.plain)
        try tell(of: consume once, capabilities)
    }

    /// What is known, in the form that was asked for.
    func tell(of once: consuming Once, _ capabilities: Capabilities) throws {
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
        _ model: Model, _ connection: consuming ControlSocket, _ capabilities: Capabilities
    ) throws {
        var file: RecordingFile?
        var model = model
        if let record {
            do throws(RecordingFile.Failure) {
                file = try RecordingFile(path: record, isRedacted: redact)
                model.isRecording = true
            } catch {
                try Self.end(.usage, "--record \(record): \(error.reason)")
            }
        }
        try open(
            model, connection: consume connection, playback: nil, recording: consume file,
            capabilities)
    }

    func open(
        _ model: Model, connection: consuming ControlSocket?, playback: Playback?,
        recording: consuming RecordingFile?, _ capabilities: Capabilities
    ) throws {
        guard isatty(0) == 1 else {
            try Self.end(.usage, "standard input is no terminal; --once needs none")
            return
        }
        let look: Theme =
            mono || Environment.forbidsColour ? .mono : Theme(rawValue: theme) ?? .dark
        let sync = Environment.value(of: "PROXYTOP_SYNC_FD").flatMap { CInt($0) }
        let outcome: (status: ExitStatus, message: String?)
        do throws(CursesScreen.Unusable) {
            let screen = try CursesScreen(
                theme: look,
                wishes: .init(
                    mouse: mouse, wholeFrames: self.sync == "auto" ? nil : self.sync == "on",
                    cursor: a11y), syncDescriptor: sync)
            var dashboard = Dashboard(
                model: model, connection: consume connection, playback: playback,
                recording: consume recording, screen: screen, capabilities: capabilities)
            outcome = dashboard.run()
        } catch {
            try Self.end(.usage, error.reason)
            return
        }
        if outcome.status != .good { try Self.end(outcome.status, outcome.message ?? "") }
    }

    /// A monitoring system is told where it looks, and that nobody answers is the worst.
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
