internal import ArgumentParser
internal import Glibc

/// `proxyd ctl [COMMAND…]`.
struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctl",
        abstract: "Ask or tell a running daemon: proxyd ctl show channels.",
        discussion: """
            “proxyd ctl help” tells the daemon's commands. Without COMMAND they are read from standard input, \
            one per line. Exits with 0, or as sysexits.h has it: 64 usage, 65 no such thing, 69 no daemon, \
            75 busy or changed meanwhile, 77 no permission.
            """)

    @Option(help: ArgumentHelp("The control socket, when there are several.", valueName: "path"))
    var socket: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print comma-separated values.")
    var csv = false

    @Flag(help: "Print the lines as the daemon sends them.")
    var raw = false

    /// Everything from the first word on, so that `sort -idle_ms` is the daemon's to read.
    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("A command of the control protocol.", valueName: "command"))
    var words: [String] = []

    func validate() throws {
        if try command().words.isEmpty, isatty(0) == 1 {
            throw ValidationError("no command; “proxyd ctl help” lists them")
        }
    }

    private func command() throws -> (words: [String], format: ReplyFormat) {
        try Self.split(
            words, formats: (json ? [.json] : []) + (csv ? [.csv] : []) + (raw ? [.raw] : []))
    }

    func run() throws {
        let (words, format) = try command()
        let status: ExitStatus
        do throws(ControlFailure) {
            var dialogue = try ControlDialogue(socket: socket, format: format)
            status =
                words.isEmpty ? try dialogue.runStandardInput() : try dialogue.run(words)
        } catch {
            StandardError.write("proxyd: \(error.message)\n")
            return try error.status.finish()
        }
        try status.finish()
    }

    /// People write `show channels --json` as well: formats behind the command are ours too.
    static func split(
        _ words: [String], formats: [ReplyFormat]
    ) throws -> (words: [String], format: ReplyFormat) {
        let options: [String: ReplyFormat] = ["--json": .json, "--csv": .csv, "--raw": .raw]
        var (words, formats) = (words, formats)
        // A leading “--” is left in by the parser.
        if words.first == "--" { words.removeFirst() }
        while let last = words.last, let format = options[last] {
            words.removeLast()
            formats.append(format)
        }
        guard Set(formats).count <= 1 else {
            throw ValidationError("choose one of --json, --csv and --raw")
        }
        return (words, formats.first ?? .people)
    }
}
