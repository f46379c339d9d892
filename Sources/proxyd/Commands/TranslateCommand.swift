internal import ArgumentParser
internal import Shared

/// `proxyd translate DIALECT ARGUMENTS…`: the file that another program's command line means.
struct TranslateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Print the configuration file that another program's command line means.",
        usage: "proxyd translate DIALECT [ARGUMENT …]",
        discussion: """
            DIALECT is one of \(DialectName.allCases.map(\.rawValue).joined(separator: ", ")), and what follows is \
            what that program would be given. Comments in the file say what differs. Nothing is run.

            Exits as the program would on a mistake, with 64 when nothing of it could be a file.
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The program, and its arguments.", valueName: "argument"))
    var words: [String] = []

    func run() throws {
        guard let word = words.first, word != "--help", word != "-h" else {
            print(Self.helpMessage())
            throw words.isEmpty ? ExitCode(ExitStatus.usage.rawValue) : ExitCode.success
        }
        guard let dialect = DialectName(word: word) else {
            let names = DialectName.allCases.map(\.rawValue)
            let near = NearestWord.nearest(to: word, among: names)
            StandardError.write(
                "proxyd: translate: no dialect “\(word)”; "
                    + (near.map { "did you mean “\($0)”?\n" }
                        ?? "there are: \(names.joined(separator: ", "))\n"))
            return try ExitStatus.usage.finish()
        }
        let call = DialectCall(dialect, Array(words.dropFirst()))
        do throws(DialectError) {
            guard case .run(var plan) = try call.meaning(in: .real) else {
                throw DialectError(
                    "proxyd: translate: this command line runs no daemon, so there is no file for it",
                    status: ExitStatus.usage.rawValue)
            }
            plan.configuration = try plan.validated(for: call)
            StandardOutput.write(plan.yaml(for: call))
        } catch {
            StandardError.write(error.text)
            throw ExitCode(error.status)
        }
    }
}
