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

    @Option(help: "The control socket. Without it: the only *.sock in the runtime directory.")
    var socket: String?
    @Option(help: "Seconds between two questions to the daemon, 0.25 to 60.")
    var interval = 1.0
    @Flag(help: "Print one plain table and end.")
    var once = false
    @Flag(help: "Print one JSON object and end.")
    var json = false
    @Flag(help: "Print the channels as CSV and end.")
    var csv = false
    @Flag(help: "With --once, --json and --csv: do not wait for a second look; rates are unknown.")
    var noRates = false
    @Option(help: "The first view: overview, channels, conns, events, or auto.")
    var view = "auto"
    @Option(help: "Characters to draw with: ascii, unicode or auto.")
    var glyphs = "auto"
    @Flag(help: "No colours, as with NO_COLOR.")
    var mono = false
    @Option(help: "Colours for a dark or a light background.")
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
            throw ValidationError("--glyphs: “\(glyphs)” is not ascii, unicode or auto")
        }
        guard [once, json, csv].count(where: { $0 }) <= 1 else {
            throw ValidationError("--once, --json and --csv: only one of them")
        }
        guard view == "auto" || Page(named: view) != nil else {
            throw ValidationError(
                "--view: “\(view)” is not overview, channels, conns, events or auto")
        }
        guard theme == "dark" || theme == "light" else {
            throw ValidationError("--theme: “\(theme)” is not dark or light")
        }
    }

    func run() throws {
        let isUTF8 = TerminalLocale.adopt(forcing: glyphs == Glyphs.unicode.rawValue)
        let capabilities = Capabilities(
            glyphs: Glyphs(rawValue: glyphs)
                ?? .automatic(isUTF8: isUTF8, terminal: Environment.value(of: "TERM")),
            isUTF8: isUTF8)
        let path = try socketPath()
        let model = Model(
            now: Moment.read(), size: Size(columns: 80, rows: 24), socketPath: path,
            intervalMilliseconds: UInt64(interval * 1000),
            page: view == "auto" ? nil : Page(named: view))
        let connection: ControlSocket
        do throws(ControlSocket.Failure) {
            connection = try ControlSocket(path: path)
        } catch {
            try Self.end(error.kind == .notPermitted ? .notPermitted : .noConnection, error.reason)
            return
        }
        if once || json || csv || !StandardStream.output.isTerminal {
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
        var once = Once(model: model, connection: connection)
        if let failure = once.look(twice: !noRates) {
            try Self.end(failure.status, failure.message)
        }
        if json {
            StandardStream.output.write(JSONReport(model: once.model).text + "\n")
        } else if csv {
            StandardStream.output.write(CSVReport(model: once.model).text)
        } else {
            var screen = TextScreen()
            screen.present(once.model.report(capabilities), frame: 1)
        }
    }

    private func watch(
        _ model: Model, _ connection: consuming ControlSocket, _ capabilities: Capabilities
    ) throws {
        guard isatty(0) == 1 else {
            try Self.end(.usage, "standard input is no terminal; --once needs none")
            return
        }
        let look: Theme =
            mono || Environment.forbidsColour ? .mono : theme == "light" ? .light : .dark
        let sync = Environment.value(of: "PROXYTOP_SYNC_FD").flatMap { CInt($0) }
        let outcome: (status: ExitStatus, message: String?)
        do throws(CursesScreen.Unusable) {
            let screen = try CursesScreen(theme: look, syncDescriptor: sync)
            var dashboard = Dashboard(
                model: model, connection: connection, screen: screen, capabilities: capabilities)
            outcome = dashboard.run()
        } catch {
            try Self.end(.usage, error.reason)
            return
        }
        if outcome.status != .good { try Self.end(outcome.status, outcome.message ?? "") }
    }

    /// Ends with a message on standard error.
    private static func end(_ status: ExitStatus, _ message: String) throws {
        StandardStream.error.write("proxytop: \(message)\n")
        throw ExitCode(status.rawValue)
    }
}
