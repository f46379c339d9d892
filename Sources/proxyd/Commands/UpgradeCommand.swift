internal import ArgumentParser
internal import Shared

/// `proxyd upgrade`.
struct UpgradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Let the program that is installed now take over from the one that runs.",
        discussion: """
            The running daemon starts its program again, from the same path and with the same arguments. The new \
            process takes over listeners, states, counters and every running session; if it does not get ready \
            in time, nothing has happened. SIGUSR2 does the same.

            Exits as “proxyd ctl” does; with 65 when nothing has changed.
            """)

    @Option(help: ArgumentHelp("The control socket, when there are several.", valueName: "path"))
    var socket: String?

    @Option(
        help: ArgumentHelp(
            "How long the new process may take to get ready (30s).", valueName: "time"))
    var within = "30s"

    func validate() throws {
        guard let age = Age(within), (100...600_000).contains(age.milliseconds) else {
            throw ValidationError("--within takes 100ms to 10m, as in --within 1m")
        }
    }

    func run() throws {
        let status: ExitStatus
        do throws(ControlFailure) {
            status = try ask()
        } catch {
            StandardError.write("proxyd: \(error.message)\n")
            return try error.status.finish()
        }
        try status.finish()
    }

    private func ask() throws(ControlFailure) -> ExitStatus {
        let client = try ControlTarget(socket: socket).connect()
        try client.send(Request(words: ["upgrade", within]))
        let time = (Age(within)?.duration ?? .zero) + ControlClient.patience + .seconds(5)
        switch try client.receive(within: time) {
        case .ok(let attributes, _):
            func value(_ name: String) -> String { attributes[name] ?? Table.absent }
            let pause = Int(value("pause_us")).map { "\(Double($0 / 10) / 100) ms" } ?? "a moment"
            print(
                "process \(value("pid")) (proxyd \(value("version"))) has taken over \(value("sessions")) "
                    + "sessions, which stood still for \(pause)")
            if value("left") != "0" {
                print("\(value("left")) sessions that cannot be moved go on in the old process")
            }
            return .good
        case .error(let code, let message):
            StandardError.write("proxyd: \(code.rawValue): \(message)\n")
            return code.status
        }
    }
}
