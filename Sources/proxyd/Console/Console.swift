internal import Glibc
internal import Shared

/// `proxyd ctl` at a terminal: a prompt, and a command per line until Ctrl-D.
final class Console {
    private let link: ConsoleLink
    private let format: ReplyFormat
    private let history = HistoryFile.standard
    private let interrupts: SignalSource

    /// Runs until the user ends it. A daemon that is not there is an error at the start only.
    static func run(_ target: ControlTarget, format: ReplyFormat) throws(ControlFailure)
        -> ExitStatus
    {
        let interrupts: SignalSource
        do throws(SystemError) {
            interrupts = try SignalSource([SIGINT])
        } catch {
            throw .system("\(error)")
        }
        var target = target
        target.ignoresInterrupts = true
        let console = Console(ConsoleLink(to: target), format, interrupts)
        return try console.converse()
    }

    private init(
        _ link: ConsoleLink, _ format: ReplyFormat, _ interrupts: consuming SignalSource
    ) {
        self.link = link
        self.format = format
        self.interrupts = interrupts
    }

    private func converse() throws(ControlFailure) -> ExitStatus {
        _ = unsafe setlocale(LC_CTYPE, "")
        _ = try link.open()
        let editor = LineEditor(historySize: HistoryFile.mostLines) { [link] line in
            link.learnNames()
            return Completion.outcome(for: line, link.vocabulary)
        }
        guard let editor else { throw .system("this terminal cannot be used") }
        for line in history?.load() ?? [] { editor.remember(line) }
        while true {
            switch editor.readLine(prompt: link.prompt) {
            case .dropped: continue
            case .end:
                print("")
                return .good
            case .line(let text):
                guard let words = words(of: text), let first = words.first else { continue }
                editor.remember(text)
                history?.append(text)
                if ["exit", "quit"].contains(first), words.count == 1 { return .good }
                execute(words)
            }
        }
    }

    /// nil, with a message, when the line cannot be read.
    private func words(of text: String) -> [String]? {
        do throws(Request.ParseError) {
            return try Request(line: Array(text.utf8)).words
        } catch {
            printError("\(error)")
            return nil
        }
    }

    private func execute(_ words: [String]) {
        let line: ControlLine
        do throws(ControlLine.ParseError) {
            line = try ControlLine(words, default: format)
        } catch {
            return printError(error.message)
        }
        // An interrupt from before this command is not meant for it.
        while interrupts.next() != nil {}
        do throws(ControlFailure) {
            let client = try link.connection { printError($0) }
            let dialogue = ControlDialogue(
                with: client, format: line.format, interrupt: interrupts.number)
            let status = try dialogue.run(line.words, wait: line.wait)
            if status == nil {
                link.close()
                printError("broken off; what it asked for may still be done")
            }
        } catch {
            link.close()
            printError("\(error.message); the next command connects again")
        }
        if interrupts.next() != nil { print("") }
    }

    private func printError(_ message: String) { StandardError.write("proxyd: \(message)\n") }
}
