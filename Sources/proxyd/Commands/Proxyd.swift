internal import ArgumentParser
internal import Glibc
internal import Shared

@main
struct Proxyd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxyd",
        abstract: "A TCP proxy that balances, fails over and shows what happens.",
        discussion: """
            Other programs' command lines are understood behind their name, and by a link of that name: \
            \(DialectName.allCases.filter(\.runs).map(\.rawValue).joined(separator: ", ")).

            See proxyd(8), proxyd.conf(5) and proxyd-control(7).
            """,
        version: Version.string,
        subcommands: [
            RunCommand.self, CheckCommand.self, ControlCommand.self, UpgradeCommand.self,
            DemoCommand.self, TranslateCommand.self, SimulateCommand.self,
            MeasurePoliciesCommand.self, MeasureLogCommand.self,
        ])

    /// Parses, runs, and ends with a code of sysexits.h.
    static func main() {
        if let call = DialectCall(commandLine: CommandLine.arguments) {
            Glibc.exit(DialectCommand.run(call))
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code.isSuccess {
                print(message)
            } else if !message.isEmpty {
                StandardError.write(Self.told(message))
            }
            exit(withError: code)
        }
    }

    /// The parser begins its messages with “Error: ”; ours begin with the program's name.
    static func told(_ message: String) -> String {
        let prefix = "Error: "
        let text = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
        return "proxyd: \(text)\n"
    }
}
