internal import ArgumentParser
internal import Glibc

/// `proxyd ctl [COMMAND…]`.
struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctl",
        abstract: "Ask or tell a running daemon: proxyd ctl show channels.",
        discussion: """
            “proxyd ctl help” tells the daemon's commands. Without COMMAND they are typed at a prompt (Tab \
            completes, Ctrl-D ends), or read from standard input, one per line, when that is not a terminal.

            --json, --csv, --raw and --wait may also stand behind COMMAND. With --wait, drain, disable and shed \
            return when the sessions have ended; promote and elect are given so much time to be answered.

            Exits with 0, or as sysexits.h has it: 64 usage, 65 no such thing, 69 no daemon, \
            75 busy, changed meanwhile or still not empty, 77 no permission.
            """)

    @Option(help: ArgumentHelp("The control socket, when there are several.", valueName: "path"))
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "A command that runs “proxyd ctl” elsewhere, as in --via 'ssh db1'.",
            valueName: "command"))
    var via: String?

    @Option(
        help: ArgumentHelp(
            "How long a command may take to let channels come empty: drain mail/0 --wait 60s.",
            valueName: "time"))
    var wait: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print comma-separated values.")
    var csv = false

    @Flag(help: "Print the lines as the daemon sends them.")
    var raw = false

    @Flag(help: "Connect standard input and output with the control socket; for --via.")
    var stdio = false

    /// Everything from the first word on, so that `sort -idle_ms` is the daemon's to read.
    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("A command of the control protocol.", valueName: "command"))
    var words: [String] = []

    func validate() throws {
        let line = try line()
        guard stdio else { return }
        guard via == nil, line == ControlLine.plain else {
            throw ValidationError("--stdio goes with --socket only")
        }
    }

    private func line() throws -> ControlLine {
        do throws(ControlLine.ParseError) {
            return try ControlLine(
                words, formats: (json ? [.json] : []) + (csv ? [.csv] : []) + (raw ? [.raw] : []),
                wait: wait)
        } catch {
            throw ValidationError(error.message)
        }
    }

    func run() throws {
        // A reader of ours that goes away is an error of write(2), not the end.
        _ = signal(SIGPIPE, SIG_IGN)
        let line = try line()
        let status: ExitStatus
        do throws(ControlFailure) {
            status = try run(line)
        } catch {
            StandardError.write("proxyd: \(error.message)\n")
            return try error.status.finish()
        }
        try status.finish()
    }

    private func run(_ line: ControlLine) throws(ControlFailure) -> ExitStatus {
        let target = ControlTarget(socket: socket, via: via)
        if stdio {
            try StandardStreams.relay(to: socket)
            return .good
        }
        if line.words.isEmpty, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
            return try Console.run(target, format: line.format)
        }
        let dialogue = ControlDialogue(with: try target.connect(), format: line.format)
        guard !line.words.isEmpty else { return try dialogue.runStandardInput() }
        return try dialogue.run(line.words, wait: line.wait) ?? .temporary
    }
}
